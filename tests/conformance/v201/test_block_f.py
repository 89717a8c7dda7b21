"""F: remote start, unlock, triggered messages."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v201.states import (
    CONNECTOR,
    EVSE,
    VALID,
    Transaction,
    arrived,
    asked,
    copes,
    has_charging,
    reports,
    sample,
)


async def remote_start(case: Case, station: Station, **answer: Any) -> int:
    """Have a remote start asked for VALID and accepted, entry 0; return its remoteStartId."""
    with case.proves(0):
        call, command = await asked(
            case, station, "RequestStartTransaction", "start", id_token="VALID", evse=EVSE
        )
        assert call.payload["idToken"] == VALID
        assert call.payload["evseId"] == EVSE
        await call.answer(status="Accepted", **answer)
        await command.ends("accepted", "Accepted")
    return int(call.payload["remoteStartId"])


async def starts(transaction: Transaction, remote_start_id: int) -> None:
    """Tell that the remote start was followed; the session must be known as its."""
    about = {"remoteStartId": remote_start_id}
    answer = await transaction.tells("RemoteStart", info=about, idToken=VALID)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await transaction.row()).remote_start_id == remote_start_id
    transaction.authorized = True


@case("TC_F_01_CSMS")
async def test_a_remote_start_after_plugging_in(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await transaction.plugs_in()
    started = await remote_start(case, transaction.station, transactionId=transaction.id)
    await starts(transaction, started)
    await transaction.charges()


@case("TC_F_02_CSMS")
async def test_a_remote_start_that_is_authorized(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    started = await remote_start(case, transaction.station)
    with case.proves(1):
        answer = await transaction.station.call("Authorize", idToken=VALID)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert await case.events("authorization") == ["Accepted"]
    await starts(transaction, started)
    await transaction.charges()


@case("TC_F_03_CSMS")
async def test_a_remote_start_without_authorization(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await starts(transaction, await remote_start(case, transaction.station))
    await transaction.charges()


@case("TC_F_04_CSMS")
async def test_nobody_plugs_in_after_a_remote_start(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    started = await remote_start(case, transaction.station)
    with case.proves(1):
        await starts(transaction, started)
        await transaction.tells("EVConnectTimeout")
        assert await case.events("transaction_trouble") == ["EVConnectTimeout"]


@case("TC_F_06_CSMS")
async def test_a_connector_is_unlocked(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        call, command = await asked(
            case, station, "UnlockConnector", "unlock", evse=EVSE, connector=CONNECTOR
        )
        assert call.payload == {"evseId": EVSE, "connectorId": CONNECTOR}
        await call.answer(status="Unlocked")
        await command.ends("accepted", "Unlocked")


async def triggers(
    case: Case, station: Station, message: str, expected: dict[str, Any], **request: Any
) -> None:
    """Have a message triggered and accepted: entry 0."""
    with case.proves(0):
        call, command = await asked(
            case, station, "TriggerMessage", "trigger", message=message, **request
        )
        assert call.payload == expected
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")


@case("TC_F_11_CSMS")
async def test_meter_values_of_an_evse_are_triggered(case: Case) -> None:
    station = await arrived(case)
    expected = {"requestedMessage": "MeterValues", "evse": {"id": EVSE}}
    await triggers(case, station, "meter_values", expected, evse=EVSE)
    with case.proves(1):
        await meters(case, station, EVSE)


async def meters(case: Case, station: Station, evse: int) -> None:
    """Send meter values of an EVSE; they must be kept."""
    values = [sample("Trigger", 1000 + evse)]
    assert await station.call("MeterValues", evseId=evse, meterValue=values) == {}
    assert await case.registers(evse) == [1000 + evse]


@case("TC_F_12_CSMS")
async def test_meter_values_of_all_evses_are_triggered(case: Case) -> None:
    station = await arrived(case)
    await triggers(case, station, "meter_values", {"requestedMessage": "MeterValues"})
    with case.proves(1):
        for evse in (1, 2):
            await meters(case, station, evse)


async def transaction_told(transaction: Transaction) -> None:
    """Tell the transaction as a trigger asked."""
    values = [sample("Trigger", 1700)]
    assert await transaction.tells("Trigger", "Charging", meterValue=values) == {}
    assert 1700 in await transaction.case.registers(transaction.evse)


@case("TC_F_13_CSMS")
async def test_the_transaction_of_an_evse_is_triggered(case: Case) -> None:
    transaction = await has_charging(case)
    expected = {"requestedMessage": "TransactionEvent", "evse": {"id": EVSE}}
    await triggers(case, transaction.station, "transaction", expected, evse=EVSE)
    with case.proves(1):
        await transaction_told(transaction)


@case("TC_F_14_CSMS")
async def test_all_transactions_are_triggered(case: Case) -> None:
    first = await has_charging(case)
    second = Transaction(case, first.station, evse=2)
    await second.charges()
    await triggers(case, first.station, "transaction", {"requestedMessage": "TransactionEvent"})
    with case.proves(1):
        await transaction_told(first)
        await transaction_told(second)


@case("TC_F_15_CSMS")
async def test_the_status_of_logs_is_triggered(case: Case) -> None:
    station = await arrived(case)
    expected = {"requestedMessage": "LogStatusNotification"}
    await triggers(case, station, "log_status", expected)
    with case.proves(1):
        assert await station.call("LogStatusNotification", status="Idle") == {}
        assert await case.events("log_status") == ["Idle"]


@case("TC_F_18_CSMS")
async def test_the_status_of_firmware_is_triggered(case: Case) -> None:
    station = await arrived(case)
    expected = {"requestedMessage": "FirmwareStatusNotification"}
    await triggers(case, station, "firmware_status", expected)
    with case.proves(1):
        assert await station.call("FirmwareStatusNotification", status="Idle") == {}
        assert await case.events("firmware_status") == ["Idle"]


@case("TC_F_20_CSMS")
async def test_a_heartbeat_is_triggered(case: Case) -> None:
    station = await arrived(case)
    await triggers(case, station, "heartbeat", {"requestedMessage": "Heartbeat"})
    with case.proves(1):
        await copes(station)


async def status_triggered(case: Case, state: str) -> None:
    """Have the status of a connector triggered, which is `state`."""
    station = await arrived(case)
    if state != "Available":
        await reports(case, station, state)
    evse = {"id": EVSE, "connectorId": CONNECTOR}
    expected = {"requestedMessage": "StatusNotification", "evse": evse}
    await triggers(case, station, "status", expected, evse=EVSE, connector=CONNECTOR)
    with case.proves(1):
        await reports(case, station, state)
        assert (await case.port()).status == state


@case("TC_F_23_CSMS")
async def test_the_status_of_a_free_connector_is_triggered(case: Case) -> None:
    await status_triggered(case, "Available")


@case("TC_F_24_CSMS")
async def test_the_status_of_an_occupied_connector_is_triggered(case: Case) -> None:
    await status_triggered(case, "Occupied")


@case("TC_F_27_CSMS")
async def test_a_trigger_is_not_implemented(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        call, command = await asked(
            case, station, "TriggerMessage", "trigger", message="log_status"
        )
        await call.answer(status="NotImplemented")
        await command.ends("not_supported", "NotImplemented")
        await copes(station)
