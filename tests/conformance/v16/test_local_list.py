"""Local Auth List Management."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.v16.states import arrived, copes, sent


async def version_asked(case: Case, version: int, state: str) -> None:
    """Have the version of the list asked, entry 0."""
    station = await arrived(case)
    with case.proves(0):
        await sent(case, station, "GetLocalListVersion", {}, {"listVersion": version}, state)
        await copes(station)


@case("TC_042_1_CSMS")
async def test_there_can_be_no_list(case: Case) -> None:
    await version_asked(case, -1, "not_supported")


@case("TC_042_2_CSMS")
async def test_the_list_is_empty(case: Case) -> None:
    await version_asked(case, 0, "accepted")


def entry(id_tag: str) -> dict[str, Any]:
    """Return an entry of the list."""
    return {"idTag": id_tag, "idTagInfo": {"status": "Accepted"}}


FULL = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry("VALID")]}


async def full_sent(case: Case, status: str, state: str) -> None:
    """Have the full list sent, entry 0; the station answers with `status`."""
    station = await arrived(case)
    with case.proves(0):
        await sent(case, station, "SendLocalList", FULL, {"status": status}, state)
        await copes(station)


@case("TC_043_1_CSMS")
async def test_a_list_is_not_supported(case: Case) -> None:
    await full_sent(case, "NotSupported", "not_supported")


@case("TC_043_3_CSMS")
async def test_a_list_fails(case: Case) -> None:
    await full_sent(case, "Failed", "failed")


@case("TC_043_4_CSMS")
async def test_a_full_list_is_sent(case: Case) -> None:
    with case.proves(1):
        await full_sent(case, "Accepted", "accepted")


@case("TC_043_5_CSMS")
async def test_a_difference_is_sent(case: Case) -> None:
    station = await arrived(case)
    await sent(case, station, "SendLocalList", FULL, {"status": "Accepted"})
    await sent(case, station, "GetLocalListVersion", {}, {"listVersion": 1})
    added = [entry("VALID-A")]
    change = {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": added}
    with case.proves(0, 1, 2):
        await sent(case, station, "SendLocalList", change, {"status": "Accepted"})
