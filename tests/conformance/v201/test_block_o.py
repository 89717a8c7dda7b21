"""O: display messages."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import ACCEPTED, Transaction, arrived, has_charging, sent

MESSAGE, REQUEST = 5, 9


def message(**more: Any) -> dict[str, Any]:
    """Return a MessageInfo."""
    text = {"format": "UTF8", "content": "Welcome"}
    return {"id": MESSAGE, "priority": "NormalCycle", "message": text, **more}


async def sets(
    case: Case,
    station: Station,
    answer: str = "Accepted",
    state: str = "accepted",
    **more: Any,
) -> None:
    """Have a message set: entry 0."""
    with case.proves(0):
        asked = {"message": message(**more)}
        await sent(case, station, "SetDisplayMessage", asked, {"status": answer}, state)


async def clears(case: Case, answer: str, state: str) -> None:
    """Have the message cleared: entry 0."""
    with case.proves(0):
        station = await arrived(case)
        await sent(case, station, "ClearDisplayMessage", {"id": MESSAGE}, {"status": answer}, state)


async def asks(case: Case, known: bool = True, **which: Any) -> None:
    """Have messages asked for: entry 0; the station sends what it has."""
    station = await arrived(case)
    answer, state = ("Accepted", "accepted") if known else ("Unknown", "rejected")
    with case.proves(0):
        asked = {"requestId": REQUEST, **which}
        await sent(case, station, "GetDisplayMessages", asked, {"status": answer}, state)
    if known:
        told = {"requestId": REQUEST, "messageInfo": [message()]}
        assert await station.call("NotifyDisplayMessages", **told) == {}
        assert len(await case.events("display_messages")) == 1


@case("TC_O_01_CSMS")
async def test_a_message_is_set(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        asked = {"message": message(state="Idle")}
        await sent(case, station, "SetDisplayMessage", asked, ACCEPTED)


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
    await sets(case, transaction.station, transactionId=transaction.id)
    await transaction.unplugs()


@case("TC_O_07_CSMS")
async def test_a_message_is_asked_for_by_its_number(case: Case) -> None:
    await asks(case, id=[MESSAGE])


@case("TC_O_08_CSMS")
async def test_messages_of_a_priority_are_asked_for(case: Case) -> None:
    await asks(case, priority="NormalCycle")


@case("TC_O_09_CSMS")
async def test_messages_of_a_state_are_asked_for(case: Case) -> None:
    await asks(case, state="Charging")


@case("TC_O_10_CSMS")
async def test_a_message_of_an_unknown_transaction(case: Case) -> None:
    transaction: Transaction = await has_charging(case)
    unknown = {"transactionId": "nobodys"}
    await sets(case, transaction.station, "UnknownTransaction", "rejected", **unknown)


@case("TC_O_11_CSMS")
async def test_an_unknown_message_is_asked_for(case: Case) -> None:
    await asks(case, known=False, id=[MESSAGE + 1])


@case("TC_O_12_CSMS")
async def test_a_message_is_replaced(case: Case) -> None:
    station = await arrived(case)
    await sets(case, station)
    await sets(case, station, message={"format": "UTF8", "content": "Goodbye"})


@case("TC_O_13_CSMS")
async def test_a_message_from_a_time_on(case: Case) -> None:
    await sets(case, await arrived(case), startDateTime=now(60))


@case("TC_O_14_CSMS")
async def test_a_message_up_to_a_time(case: Case) -> None:
    await sets(case, await arrived(case), endDateTime=now(60))


@case("TC_O_17_CSMS")
async def test_the_priority_is_not_supported(case: Case) -> None:
    station = await arrived(case)
    await sets(case, station, "NotSupportedPriority", "not_supported", priority="AlwaysFront")


@case("TC_O_18_CSMS")
async def test_the_state_is_not_supported(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        asked = {"message": message(state="Charging")}
        answer = {"status": "NotSupportedState"}
        await sent(case, station, "SetDisplayMessage", asked, answer, "not_supported")


@case("TC_O_19_CSMS")
async def test_the_format_is_not_supported(case: Case) -> None:
    await sets(case, await arrived(case), "NotSupportedMessageFormat", "not_supported")


@case("TC_O_25_CSMS")
async def test_a_message_while_charging(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        asked = {"message": message(state="Charging")}
        await sent(case, station, "SetDisplayMessage", asked, ACCEPTED)


@case("TC_O_26_CSMS")
async def test_a_message_is_rejected(case: Case) -> None:
    await sets(case, await arrived(case), "Rejected", "rejected")


@case("TC_O_27_CSMS")
async def test_a_message_of_the_session_from_a_time_on(case: Case) -> None:
    transaction = await has_charging(case)
    about = {"transactionId": transaction.id, "startDateTime": now(60)}
    await sets(case, transaction.station, **about)


@case("TC_O_28_CSMS")
async def test_a_message_of_the_session_up_to_a_time(case: Case) -> None:
    transaction = await has_charging(case)
    await sets(case, transaction.station, transactionId=transaction.id, endDateTime=now(60))
