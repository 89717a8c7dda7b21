"""Core: configuration keys, read and changed."""

from tests.conformance.case import Case, case
from tests.conformance.v16.states import arrived, copes, sent

READ_ONLY = ("GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles")
WRITABLE = ("ConnectionTimeOut", "HeartbeatInterval", "LocalPreAuthorize", "ResetRetries")


@case("TC_019_1_CSMS")
async def test_all_keys_are_read(case: Case) -> None:
    station = await arrived(case)
    keys = [{"key": key, "readonly": True, "value": "1"} for key in READ_ONLY]
    keys += [{"key": key, "readonly": False, "value": "1"} for key in WRITABLE]
    with case.proves(0):
        await sent(case, station, "GetConfiguration", {}, {"configurationKey": keys})


@case("TC_019_2_CSMS")
async def test_one_key_is_read(case: Case) -> None:
    station = await arrived(case)
    value = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core"}
    with case.proves(0):
        asked = {"key": ["SupportedFeatureProfiles"]}
        await sent(case, station, "GetConfiguration", asked, {"configurationKey": [value]})


async def changes(case: Case, key: str, value: str, status: str, state: str) -> None:
    """Have a key changed, entry 0; the station answers with `status`."""
    station = await arrived(case)
    with case.proves(0):
        change = {"key": key, "value": value}
        await sent(case, station, "ChangeConfiguration", change, {"status": status}, state)
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
