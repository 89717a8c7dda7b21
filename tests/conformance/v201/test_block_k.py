"""K: charging profiles, and limits that others set."""

from tests.conformance.case import Case, case
from tests.conformance.v201.states import arrived, has_charging


@case("TC_K_48_CSMS")
async def test_somebody_else_limits_the_station(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        limit = {"chargingLimitSource": "EMS"}
        assert await station.call("NotifyChargingLimit", chargingLimit=limit) == {}
        assert len(await case.events("charging_limit")) == 1


@case("TC_K_50_CSMS")
async def test_the_limit_is_lifted(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        assert await station.call("ClearedChargingLimit", chargingLimitSource="EMS") == {}
        assert await case.events("charging_limit_cleared") == ["EMS"]


@case("TC_K_51_CSMS")
async def test_the_limit_is_lifted_while_charging(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        lifted = {"chargingLimitSource": "EMS"}
        assert await transaction.station.call("ClearedChargingLimit", **lifted) == {}
        assert await transaction.tells("ChargingRateChanged", "Charging") == {}
        assert await case.events("charging_limit_cleared") == ["EMS"]
