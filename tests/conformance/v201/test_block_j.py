"""J: meter values, by the clock and by the session."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.v201.states import (
    EVSE,
    SIGNED,
    Transaction,
    arrived,
    has_charging,
    sample,
)


@case("TC_J_01_CSMS")
async def test_by_the_clock_without_a_transaction(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        for turn in range(3):
            for evse in (0, 1, 2):
                values = [sample("Sample.Clock", 1000 + turn)]
                assert await station.call("MeterValues", evseId=evse, meterValue=values) == {}
        for evse in (1, 2):
            assert await case.registers(evse) == [1000, 1001, 1002]


@case("TC_J_02_CSMS")
async def test_by_the_clock_with_a_transaction(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        for turn in range(3):
            values = [sample("Sample.Clock", 1000 + turn)]
            for evse in (0, 2):
                told = {"evseId": evse, "meterValue": values}
                assert await transaction.station.call("MeterValues", **told) == {}
            assert await transaction.tells("MeterValueClock", meterValue=values) == {}
        assert await case.registers(EVSE) == await case.registers(2) == [1000, 1001, 1002]


async def ends(case: Case, context: str, **signed: Any) -> None:
    """End a transaction with samples of a context, the last one Transaction.End."""
    transaction = await has_charging(case)
    values = [sample(context, 1000 + turn) for turn in range(3)]
    values.append(sample("Transaction.End", 3000, **signed))
    with case.proves(0):
        assert await transaction.unplugs(meterValue=values) == {}
        assert (await transaction.row()).meter_stop == 3000
        assert await case.registers(EVSE) == [1000, 1001, 1002, 3000]


@case("TC_J_03_CSMS")
async def test_by_the_clock_at_the_end(case: Case) -> None:
    await ends(case, "Sample.Clock")


@case("TC_J_04_CSMS")
async def test_by_the_clock_signed(case: Case) -> None:
    await ends(case, "Sample.Clock", **SIGNED)


@case("TC_J_10_CSMS")
async def test_sampled_at_the_end(case: Case) -> None:
    await ends(case, "Sample.Periodic")


@case("TC_J_11_CSMS")
async def test_sampled_and_signed(case: Case) -> None:
    await ends(case, "Sample.Periodic", **SIGNED)


@case("TC_J_07_CSMS")
async def test_sampled_at_the_start(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    with case.proves(0):
        await transaction.plugs_in(meterValue=[sample("Transaction.Begin", 1234)])
        assert (await transaction.row()).meter_start == 1234


@case("TC_J_08_CSMS")
async def test_sampled_once_the_evse_is_known(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await transaction.authorizes()
    with case.proves(0):
        await transaction.plugs_in(meterValue=[sample("Transaction.Begin", 1234)])
        assert (await transaction.row()).meter_start == 1234
    await transaction.charges()


@case("TC_J_09_CSMS")
async def test_sampled_while_charging(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        for turn in range(3):
            values = [sample("Sample.Periodic", 1000 + turn)]
            assert await transaction.tells("MeterValuePeriodic", meterValue=values) == {}
        assert await case.registers(EVSE) == [1000, 1001, 1002]
