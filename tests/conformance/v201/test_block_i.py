"""I: what charging costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from asgiref.sync import sync_to_async

from cpms.control.models import Tariff
from tests.conformance.case import Case, case
from tests.conformance.v201.states import VALID, Transaction, arrived, sample

#: 45 ct a kWh and nothing else: 5 kWh cost 2.25.
PRICE = Decimal("0.45")


async def priced(case: Case) -> Transaction:
    """Connect and boot at a site with a tariff; return the transaction to come."""
    site = case.stage.world.site
    about = {"currency": "EUR", "energy": PRICE}
    hours_ago = datetime.now(UTC) - timedelta(hours=1)
    await Tariff.objects.aget_or_create(site=site, defaults={"valid_from": hours_ago, **about})
    await sync_to_async(case.stage.gateway.hub.rulebook.look)()
    return Transaction(case, await arrived(case))


@case("TC_I_01_CSMS")
async def test_the_running_cost_is_told(case: Case) -> None:
    transaction = await priced(case)
    station = transaction.station
    with case.proves(0):
        answer = await station.call("Authorize", idToken=VALID)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert answer["idTokenInfo"]["personalMessage"]["content"] == "0.45 EUR/kWh"
        assert (await transaction.presents("Authorized", VALID))["status"] == "Accepted"
        transaction.authorized = True
    await transaction.plugs_in()
    await transaction.charges()
    with case.proves(1):
        for register, cost in ((1000, 0.0), (6000, 2.25)):
            values = [sample("Sample.Periodic", register)]
            assert await transaction.tells("MeterValuePeriodic", meterValue=values) == {}
            call = await station.asked("CostUpdated")
            assert call.payload == {"transactionId": transaction.id, "totalCost": cost}
            await call.answer()
    await transaction.unplugs()


@case("TC_I_02_CSMS")
async def test_the_final_cost_is_told(case: Case) -> None:
    transaction = await priced(case)
    begun = [sample("Transaction.Begin", 1000)]
    await transaction.plugs_in(meterValue=begun)
    running = await transaction.station.asked("CostUpdated")
    await running.answer()
    await transaction.charges()
    await transaction.stop_authorized()
    await transaction.stops_charging()
    with case.proves(0):
        answer = await transaction.unplugs(meterValue=[sample("Transaction.End", 6000)])
        assert answer["totalCost"] == 2.25
