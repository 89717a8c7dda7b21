"""Local Auth List Management."""

from typing import Any

from cpms.control.models import LocalList, Token
from tests.conformance.case import Case, case
from tests.conformance.v16.states import arrived, copes


async def asks(
    case: Case, station: Any, operation: str, answer: dict[str, Any], state: str, **request: Any
) -> dict[str, Any]:
    """Have an operation asked, answer it, see how it ends; return the CALL's payload."""
    command = await case.asks(operation, **request)
    action = "SendLocalList" if operation == "send_local_list" else "GetLocalListVersion"
    call = await station.asked(action)
    await call.answer(**answer)
    default = "NotSupported" if state == "not_supported" else ""
    await command.ends(state, str(answer.get("status", default)))
    payload: dict[str, Any] = call.payload
    return payload


async def kept(case: Case) -> LocalList:
    """Return what is known of the station's list."""
    return await LocalList.objects.aget(charger__identity=case.identity)


async def version_asked(case: Case, version: int, state: str, trouble: str) -> None:
    """Have the version of the list asked, entry 0."""
    station = await arrived(case)
    with case.proves(0):
        answer = {"listVersion": version}
        assert await asks(case, station, "ask_local_list_version", answer, state) == {}
        await copes(station)
        found = await kept(case)
        assert (found.reported, found.trouble) == (version, trouble)


@case("TC_042_1_CSMS")
async def test_there_can_be_no_list(case: Case) -> None:
    await version_asked(case, -1, "not_supported", "not_supported")


@case("TC_042_2_CSMS")
async def test_the_list_is_empty(case: Case) -> None:
    await version_asked(case, 0, "accepted", "")


async def full_sent(case: Case, status: str, state: str) -> dict[str, Any]:
    """Have the full list sent, entry 0; the station answers with `status`."""
    station = await arrived(case)
    with case.proves(0):
        answer = {"status": status}
        sent = await asks(case, station, "send_local_list", answer, state, update="full")
        assert sent["updateType"] == "Full"
        await copes(station)
    return sent


@case("TC_043_1_CSMS")
async def test_a_list_is_not_supported(case: Case) -> None:
    await full_sent(case, "NotSupported", "not_supported")
    assert (await kept(case)).trouble == "not_supported"


@case("TC_043_3_CSMS")
async def test_a_list_fails(case: Case) -> None:
    await full_sent(case, "Failed", "failed")
    found = await kept(case)
    assert (found.trouble, found.version, found.entries) == ("failed", 0, {})


@case("TC_043_4_CSMS")
async def test_a_full_list_is_sent(case: Case) -> None:
    sent = await full_sent(case, "Accepted", "accepted")
    with case.proves(1):
        entries = {entry["idTag"]: entry["idTagInfo"] for entry in sent["localAuthorizationList"]}
        assert entries["VALID"] == {"status": "Accepted"}
        assert not {"BLOCKED", "EXPIRED"} & set(entries)
        found = await kept(case)
        assert (found.version, set(found.entries)) == (sent["listVersion"], set(entries))


@case("TC_043_5_CSMS")
async def test_a_difference_is_sent(case: Case) -> None:
    station = await arrived(case)
    yes = {"status": "Accepted"}
    full = await asks(case, station, "send_local_list", yes, "accepted", update="full")
    version = {"listVersion": full["listVersion"]}
    await asks(case, station, "ask_local_list_version", version, "accepted")
    organisation = case.stage.world.site.organisation
    await Token.objects.acreate(organisation=organisation, id_token="NEW-ON-LIST")
    change = await asks(case, station, "send_local_list", yes, "accepted")
    with case.proves(0, 1, 2):
        assert change == {
            "updateType": "Differential",
            "listVersion": full["listVersion"] + 1,
            "localAuthorizationList": [
                {"idTag": "NEW-ON-LIST", "idTagInfo": {"status": "Accepted"}}
            ],
        }
