"""Core: configuration keys, read and changed."""

from typing import Any

from monitoring.models import ReportedVariable
from tests.conformance.case import Case, case
from tests.conformance.v16.states import arrived, copes

READ_ONLY = ("GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles")
WRITABLE = ("ConnectionTimeOut", "HeartbeatInterval", "LocalPreAuthorize", "ResetRetries")


async def reads(case: Case, request: dict[str, Any], keys: list[str], answer: list[Any]) -> None:
    """Have keys read, entry 0; what the station answers is kept."""
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("read_settings", **request)
        call = await station.asked("GetConfiguration")
        assert call.payload == ({"key": keys} if keys else {})
        await call.answer(configurationKey=answer)
        await command.ends("accepted")
        rows = ReportedVariable.objects.filter(charger__identity=case.identity)
        assert {row.variable async for row in rows} == {entry["key"] for entry in answer}


@case("TC_019_1_CSMS")
async def test_all_keys_are_read(case: Case) -> None:
    keys = [{"key": key, "readonly": True, "value": "1"} for key in READ_ONLY]
    keys += [{"key": key, "readonly": False, "value": "1"} for key in WRITABLE]
    await reads(case, {}, [], keys)


@case("TC_019_2_CSMS")
async def test_one_key_is_read(case: Case) -> None:
    key = "SupportedFeatureProfiles"
    value = {"key": key, "readonly": True, "value": "Core"}
    await reads(case, {"settings": [{"name": key}]}, [key], [value])


async def changes(case: Case, key: str, value: str, status: str, state: str) -> None:
    """Have a key changed, entry 0; the station answers with `status`."""
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("change_settings", settings=[{"name": key, "value": value}])
        call = await station.asked("ChangeConfiguration")
        assert call.payload == {"key": key, "value": value}
        await call.answer(status=status)
        await command.ends(state, status)
        await copes(station)


@case("TC_021_CSMS")
async def test_a_key_is_changed(case: Case) -> None:
    await changes(case, "MeterValueSampleInterval", "60", "Accepted", "accepted")


@case("TC_040_1_CSMS")
async def test_a_key_that_is_not_supported(case: Case) -> None:
    await changes(case, "NobodysKey", "1", "NotSupported", "not_supported")


@case("TC_040_2_CSMS")
async def test_a_value_that_is_invalid(case: Case) -> None:
    await changes(case, "MeterValueSampleInterval", "-1", "Rejected", "rejected")
