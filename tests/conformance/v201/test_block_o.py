"""O: display messages."""

from typing import Any

from cpms.control.models import DisplayMessage
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import Transaction, arrived, asked, copes, has_charging

State = DisplayMessage.State
MESSAGE = 5
TEXT = {"format": "UTF8", "content": "Welcome"}
#: An operation's fields -> what the station is to hear.
NAMES = {
    "state": "state",
    "transaction_id": "transactionId",
    "starts_at": "startDateTime",
    "ends_at": "endDateTime",
    "priority": "priority",
    "number": "id",
}


async def sets(
    case: Case,
    station: Station,
    answer: str = "Accepted",
    end: str = "accepted",
    **request: Any,
) -> int:
    """Have a message set: entry 0; return its number."""
    with case.proves(0):
        about = {"content": "Welcome", **request}
        call, command = await asked(case, station, "SetDisplayMessage", "set_display", **about)
        said = call.payload["message"]
        assert 0 < said["id"] < 2**31
        wanted = {NAMES[name]: value for name, value in request.items() if name in NAMES}
        text = {**TEXT, "content": about["content"]}
        plain = {"id": said["id"], "priority": "NormalCycle", "message": text}
        assert said == {**plain, **wanted}
        await call.answer(status=answer)
        await command.ends(end, answer)
        await copes(station)
    row = await kept(case, said["id"])
    assert row.state == (State.SET if end == "accepted" else State.REFUSED)
    assert row.text == text["content"]
    return int(said["id"])


async def kept(case: Case, number: int) -> DisplayMessage:
    """Return what is kept of a message."""
    return await DisplayMessage.objects.aget(charger__identity=case.identity, number=number)


async def clears(case: Case, answer: str, state: str) -> None:
    """Have the message cleared: entry 0."""
    with case.proves(0):
        station = await arrived(case)
        call, command = await asked(
            case, station, "ClearDisplayMessage", "clear_display", number=MESSAGE
        )
        assert call.payload == {"id": MESSAGE}
        await call.answer(status=answer)
        await command.ends(state, answer)
        await copes(station)


async def asks(case: Case, known: bool = True, **which: Any) -> None:
    """Have messages asked for: entry 0; the station sends what it has."""
    station = await arrived(case)
    answer, state = ("Accepted", "accepted") if known else ("Unknown", "rejected")
    with case.proves(0):
        call, command = await asked(case, station, "GetDisplayMessages", "get_displays", **which)
        request = call.payload["requestId"]
        names = {"id" if name == "numbers" else name: value for name, value in which.items()}
        assert call.payload == {"requestId": request, **names}
        await call.answer(status=answer)
        await command.ends(state, answer)
        await copes(station)
    if known:
        shown = {"id": MESSAGE, "priority": "NormalCycle", "message": TEXT}
        told = {"requestId": request, "messageInfo": [shown]}
        assert await station.call("NotifyDisplayMessages", **told) == {}
        assert len(await case.events("display_messages")) == 1
        rows = DisplayMessage.objects.filter(charger__identity=case.identity, state=State.SET)
        while not await rows.aexists():  # It follows soon, not at once.
            pass
        assert (await kept(case, MESSAGE)).contents == [{**TEXT, "language": ""}]


@case("TC_O_01_CSMS")
async def test_a_message_is_set(case: Case) -> None:
    await sets(case, await arrived(case), state="Idle")


@case("TC_O_02_CSMS")
async def test_all_messages_are_asked_for(case: Case) -> None:
    await asks(case)


@case("TC_O_03_CSMS")
async def test_there_are_no_messages(case: Case) -> None:
    await asks(case, known=False)


@case("TC_O_04_CSMS")
async def test_a_message_is_cleared(case: Case) -> None:
    await clears(case, "Accepted", "accepted")


@case("TC_O_05_CSMS")
async def test_an_unknown_message_is_cleared(case: Case) -> None:
    await clears(case, "Unknown", "rejected")


@case("TC_O_06_CSMS")
async def test_a_message_of_the_session(case: Case) -> None:
    transaction = await has_charging(case)
    await sets(case, transaction.station, transaction_id=transaction.id)
    await transaction.unplugs()


@case("TC_O_07_CSMS")
async def test_a_message_is_asked_for_by_its_number(case: Case) -> None:
    await asks(case, numbers=[MESSAGE])


@case("TC_O_08_CSMS")
async def test_messages_of_a_priority_are_asked_for(case: Case) -> None:
    await asks(case, priority="NormalCycle")


@case("TC_O_09_CSMS")
async def test_messages_of_a_state_are_asked_for(case: Case) -> None:
    await asks(case, state="Charging")


@case("TC_O_10_CSMS")
async def test_a_message_of_an_unknown_transaction(case: Case) -> None:
    transaction: Transaction = await has_charging(case)
    unknown = {"transaction_id": "nobodys"}
    await sets(case, transaction.station, "UnknownTransaction", "rejected", **unknown)


@case("TC_O_11_CSMS")
async def test_an_unknown_message_is_asked_for(case: Case) -> None:
    await asks(case, known=False, numbers=[MESSAGE + 1])


@case("TC_O_12_CSMS")
async def test_a_message_is_replaced(case: Case) -> None:
    station = await arrived(case)
    number = await sets(case, station)
    await sets(case, station, number=number, content="Goodbye")
    assert (await kept(case, number)).text == "Goodbye"


@case("TC_O_13_CSMS")
async def test_a_message_from_a_time_on(case: Case) -> None:
    await sets(case, await arrived(case), starts_at=now(60))


@case("TC_O_14_CSMS")
async def test_a_message_up_to_a_time(case: Case) -> None:
    await sets(case, await arrived(case), ends_at=now(60))


@case("TC_O_17_CSMS")
async def test_the_priority_is_not_supported(case: Case) -> None:
    station = await arrived(case)
    await sets(case, station, "NotSupportedPriority", "not_supported", priority="AlwaysFront")


@case("TC_O_18_CSMS")
async def test_the_state_is_not_supported(case: Case) -> None:
    station = await arrived(case)
    await sets(case, station, "NotSupportedState", "not_supported", state="Charging")


@case("TC_O_19_CSMS")
async def test_the_format_is_not_supported(case: Case) -> None:
    await sets(case, await arrived(case), "NotSupportedMessageFormat", "not_supported")


@case("TC_O_25_CSMS")
async def test_a_message_while_charging(case: Case) -> None:
    await sets(case, await arrived(case), state="Charging")


@case("TC_O_26_CSMS")
async def test_a_message_is_rejected(case: Case) -> None:
    await sets(case, await arrived(case), "Rejected", "rejected")


@case("TC_O_27_CSMS")
async def test_a_message_of_the_session_from_a_time_on(case: Case) -> None:
    transaction = await has_charging(case)
    about = {"transaction_id": transaction.id, "starts_at": now(60)}
    await sets(case, transaction.station, **about)


@case("TC_O_28_CSMS")
async def test_a_message_of_the_session_up_to_a_time(case: Case) -> None:
    transaction = await has_charging(case)
    await sets(case, transaction.station, transaction_id=transaction.id, ends_at=now(60))
