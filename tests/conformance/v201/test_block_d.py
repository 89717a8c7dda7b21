"""D: local lists."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.v201.states import ACCEPTED, VALID, arrived, sent, token

ENTRY = {"idToken": VALID, "idTokenInfo": {"status": "Accepted"}}


async def sends(case: Case, kind: str, version: int, *entries: dict[str, Any]) -> None:
    """Have a list sent: entry 0."""
    station = await arrived(case)
    if kind == "Differential":
        await sent(case, station, "GetLocalListVersion", {}, {"versionNumber": version - 1})
    asked: dict[str, Any] = {"updateType": kind, "versionNumber": version}
    if entries:
        asked["localAuthorizationList"] = list(entries)
    with case.proves(0):
        await sent(case, station, "SendLocalList", asked, ACCEPTED)


@case("TC_D_01_CSMS")
async def test_a_full_list(case: Case) -> None:
    await sends(case, "Full", 1, ENTRY)


@case("TC_D_02_CSMS")
async def test_a_difference(case: Case) -> None:
    await sends(case, "Differential", 2, ENTRY)


@case("TC_D_03_CSMS")
async def test_a_token_is_removed(case: Case) -> None:
    await sends(case, "Differential", 3, {"idToken": token("VALID-A")})


@case("TC_D_04_CSMS")
async def test_an_empty_list(case: Case) -> None:
    await sends(case, "Full", 4)


async def version_asked(case: Case, version: int) -> None:
    """Have the version of the list asked: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        await sent(case, station, "GetLocalListVersion", {}, {"versionNumber": version})


@case("TC_D_08_CSMS")
async def test_the_version_is_asked(case: Case) -> None:
    await version_asked(case, 5)


@case("TC_D_09_CSMS")
async def test_there_is_no_list(case: Case) -> None:
    await version_asked(case, 0)
