"""D: local lists."""

from typing import Any

from cpms.control.models import LocalList, Token
from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v201.states import ACCEPTED, arrived, asked, copes


async def sent(case: Case, station: Station, **request: Any) -> dict[str, Any]:
    """Have a list sent, which the station accepts; return the CALL's payload."""
    call, command = await asked(case, station, "SendLocalList", "send_local_list", **request)
    await call.answer(**ACCEPTED)
    await command.ends("accepted", "Accepted")
    await copes(station)
    payload: dict[str, Any] = call.payload
    return payload


async def version_asked(case: Case, station: Station, version: int) -> None:
    """Have the version asked; see that it is shown."""
    call, command = await asked(case, station, "GetLocalListVersion", "ask_local_list_version")
    assert call.payload == {}
    await call.answer(versionNumber=version)
    await command.ends("accepted")
    assert (await kept(case)).reported == version


async def kept(case: Case) -> LocalList:
    """Return what is known of the station's list."""
    return await LocalList.objects.aget(charger__identity=case.identity)


@case("TC_D_01_CSMS")
async def test_a_full_list(case: Case) -> None:
    with case.proves(0):
        payload = await sent(case, await arrived(case), update="full")
        assert (payload["updateType"], payload["versionNumber"]) == ("Full", 1)
        entries = {row["idToken"]["idToken"]: row for row in payload["localAuthorizationList"]}
        assert entries["VALID"]["idToken"]["type"] == "ISO14443"
        assert all(row["idTokenInfo"]["status"] == "Accepted" for row in entries.values())
        assert set((await kept(case)).entries) == set(entries)


@case("TC_D_02_CSMS")
async def test_a_difference(case: Case) -> None:
    station = await arrived(case)
    full = await sent(case, station, update="full")
    await version_asked(case, station, full["versionNumber"])
    organisation = case.stage.world.site.organisation
    await Token.objects.acreate(organisation=organisation, id_token="ADDED")
    with case.proves(0):
        payload = await sent(case, station)
        assert payload == {
            "updateType": "Differential",
            "versionNumber": full["versionNumber"] + 1,
            "localAuthorizationList": [
                {
                    "idToken": {"idToken": "ADDED", "type": "ISO14443"},
                    "idTokenInfo": {"status": "Accepted"},
                }
            ],
        }


@case("TC_D_03_CSMS")
async def test_a_token_is_removed(case: Case) -> None:
    station = await arrived(case)
    full = await sent(case, station, update="full")
    with case.proves(0):
        payload = await sent(case, station, remove=["VALID-A"])
        assert payload == {
            "updateType": "Differential",
            "versionNumber": full["versionNumber"] + 1,
            "localAuthorizationList": [{"idToken": {"idToken": "VALID-A", "type": "ISO14443"}}],
        }
        assert "VALID-A" not in (await kept(case)).entries


@case("TC_D_04_CSMS")
async def test_an_empty_list(case: Case) -> None:
    station = await arrived(case)
    await sent(case, station, update="full")
    with case.proves(0):
        payload = await sent(case, station, update="empty")
        assert payload == {"updateType": "Full", "versionNumber": 2}
        assert (await kept(case)).entries == {}


@case("TC_D_08_CSMS")
async def test_the_version_is_asked(case: Case) -> None:
    with case.proves(0):
        await version_asked(case, await arrived(case), 5)
        assert (await kept(case)).drifted


@case("TC_D_09_CSMS")
async def test_there_is_no_list(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await version_asked(case, station, 0)
        await copes(station)
