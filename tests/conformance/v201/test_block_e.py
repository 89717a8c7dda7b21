"""E: transactions, started, told, asked after and stopped in every way."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import (
    SIGNED,
    VALID,
    Transaction,
    arrived,
    asked,
    has_charging,
    port,
    reports,
    sample,
    token,
)


async def authorizes(case: Case) -> Transaction:
    """Have VALID presented before a transaction: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        answer = await station.call("Authorize", idToken=VALID)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert await case.events("authorization") == ["Accepted"]
    return Transaction(case, station)


async def starts(transaction: Transaction, trigger: str, state: str = "", **more: Any) -> None:
    """Have it begin with an event that holds the token: entry 1."""
    with transaction.case.proves(1):
        info = await transaction.presents(trigger, VALID, state=state, **more)
        assert info["status"] == "Accepted"
        row = await transaction.row()
        assert (row.id_token, row.authorization) == ("VALID", "Accepted")


@case("TC_E_01_CSMS")
async def test_it_starts_when_the_power_path_is_closed(case: Case) -> None:
    transaction = await authorizes(case)
    await reports(case, transaction.station, "Occupied")
    await starts(transaction, "ChargingStateChanged", "SuspendedEVSE")
    await transaction.tells("ChargingStateChanged", "Charging")


@case("TC_E_02_CSMS")
async def test_it_starts_when_energy_flows(case: Case) -> None:
    transaction = await authorizes(case)
    await reports(case, transaction.station, "Occupied")
    await starts(transaction, "ChargingStateChanged", "Charging")


@case("TC_E_03_CSMS")
async def test_a_local_start_cable_first(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await transaction.plugs_in()
    with case.proves(0):
        await transaction.authorizes()
        await transaction.charges()


@case("TC_E_04_CSMS")
async def test_a_local_start_authorization_first(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    with case.proves(0):
        await transaction.authorizes()
        await transaction.charges()


@case("TC_E_07_CSMS")
async def test_it_stops_when_the_power_path_opens(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await transaction.ends("StopAuthorized", "Local")


@case("TC_E_08_CSMS")
async def test_it_stops_when_energy_stops_after_authorization(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.stop_authorized()
    with case.proves(0):
        await transaction.ends("ChargingStateChanged", "Local", "EVConnected")


@case("TC_E_09_CSMS")
async def test_it_starts_when_the_car_is_connected(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await reports(case, transaction.station, "Occupied")
    with case.proves(0):
        await transaction.tells("CablePluggedIn", "EVConnected", evse=port())


@case("TC_E_10_CSMS")
async def test_it_starts_when_authorized(case: Case) -> None:
    await starts(await authorizes(case), "Authorized")


@case("TC_E_11_CSMS")
async def test_it_starts_with_signed_data(case: Case) -> None:
    transaction = await authorizes(case)
    await reports(case, transaction.station, "Occupied")
    signed = [sample("Transaction.Begin", **SIGNED)]
    await starts(transaction, "SignedDataReceived", "SuspendedEVSE", meterValue=signed)
    assert (await transaction.row()).meter_start == 1000
    await transaction.tells("ChargingStateChanged", "Charging")


@case("TC_E_12_CSMS")
async def test_it_starts_when_the_bay_is_occupied(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    with case.proves(0):
        await transaction.bay_occupied()


@case("TC_E_14_CSMS")
async def test_it_stops_when_unplugged_at_the_station(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.stop_authorized()
    await transaction.stops_charging()
    with case.proves(0):
        await transaction.unplugs()


@case("TC_E_15_CSMS")
async def test_it_stops_when_authorized_locally(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await transaction.ends("StopAuthorized", "Local")


@case("TC_E_16_CSMS")
async def test_it_stops_when_the_token_is_invalid(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    with case.proves(0):
        info = await transaction.presents("Authorized", token("NOBODYS"))
        assert info["status"] in {"Invalid", "Unknown"}
        assert (await transaction.row()).authorization == info["status"]
    with case.proves(1):
        await transaction.ends("Deauthorized", "DeAuthorized")


@case("TC_E_17_CSMS")
async def test_it_stops_when_unplugged_at_the_car(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.suspends()
    with case.proves(0):
        await transaction.ends("EVCommunicationLost", "EVDisconnected", "Idle")


@case("TC_E_19_CSMS")
async def test_it_stops_when_the_bay_is_free(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.stop_authorized()
    await transaction.stops_charging()
    await reports(case, transaction.station, "Available")
    with case.proves(0):
        await transaction.tells("EVCommunicationLost", "Idle")
        await transaction.ends("EVDeparted", "Local")


@case("TC_E_20_CSMS")
async def test_it_stops_when_the_car_s_side_disconnects(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.suspends()
    with case.proves(0):
        await transaction.unplugs()


@case("TC_E_21_CSMS")
async def test_it_stops_from_afar(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        call, command = await asked(
            case, transaction.station, "RequestStopTransaction", "stop",
            transaction_id=transaction.id,
        )  # fmt: skip
        assert call.payload == {"transactionId": transaction.id}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    with case.proves(1):
        await transaction.ends("RemoteStop", "Remote")


@case("TC_E_22_CSMS")
async def test_it_stops_when_the_car_stops(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await transaction.ends("ChargingStateChanged", "StoppedByEV", "SuspendedEV")


@case("TC_E_26_CSMS")
async def test_it_goes_on_after_the_car_was_unplugged(case: Case) -> None:
    transaction = await has_charging(case)
    await transaction.suspends()
    with case.proves(0):
        await transaction.tells("EVCommunicationLost", "Idle")
        await reports(case, transaction.station, "Available")
        await transaction.tells("CablePluggedIn", "EVConnected")
        await transaction.tells("ChargingStateChanged", "Charging")


async def reconnects(transaction: Transaction) -> None:
    """Have the line of the station be away for a while."""
    await transaction.station.close()
    transaction.station = await transaction.case.connect()


async def status_asked(case: Case, station: Station, **request: Any) -> None:
    """Have the status of `request`'s transaction asked; answered with what `request` holds."""
    answer = request.pop("answer")
    call, command = await asked(case, station, "GetTransactionStatus", "ask_transaction", **request)
    about = {"transactionId": request["transaction_id"]} if request else {}
    assert call.payload == about
    await call.answer(**answer)
    done = await command.ends("accepted")
    assert done.response == answer


#: Answers to GetTransactionStatus.
QUEUED, DONE = {"messagesInQueue": True}, {"messagesInQueue": False}


@case("TC_E_29_CSMS")
async def test_an_ongoing_transaction_has_messages_waiting(case: Case) -> None:
    transaction = await has_charging(case)
    await reconnects(transaction)
    with case.proves(0):
        answer = {"ongoingIndicator": True, **QUEUED}
        await status_asked(case, transaction.station, transaction_id=transaction.id, answer=answer)
    with case.proves(1):
        await tells_late(transaction)


async def tells_late(transaction: Transaction) -> None:
    """Send what waited in the station's queue."""
    value = [sample("Sample.Periodic", 1500)]
    await transaction.tells("MeterValuePeriodic", offline=True, meterValue=value)
    assert (await transaction.row()).offline


@case("TC_E_30_CSMS")
async def test_an_ongoing_transaction_has_nothing_waiting(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        answer = {"ongoingIndicator": True, **DONE}
        await status_asked(case, transaction.station, transaction_id=transaction.id, answer=answer)


@case("TC_E_31_CSMS")
async def test_an_ended_transaction_has_messages_waiting(case: Case) -> None:
    transaction = await has_charging(case)
    await reconnects(transaction)
    skipped = transaction.seq
    told = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": now()}
    assert await transaction.station.call("StatusNotification", **told) == {}
    await transaction.ends(
        "EVCommunicationLost", "EVDisconnected", "Idle", offline=True, seq=skipped + 2
    )
    with case.proves(0):
        answer = {"ongoingIndicator": False, **QUEUED}
        await status_asked(case, transaction.station, transaction_id=transaction.id, answer=answer)
    with case.proves(1):
        await transaction.presents(
            "StopAuthorized", VALID, kind="Updated", seq=skipped, offline=True,
            timestamp=now(-60),
        )  # fmt: skip
        await transaction.station.call(
            "TransactionEvent", eventType="Updated", triggerReason="ChargingStateChanged",
            seqNo=skipped + 1, timestamp=now(-30), offline=True,
            transactionInfo={"transactionId": transaction.id, "chargingState": "EVConnected"},
        )  # fmt: skip
        row = await transaction.row()
        assert (row.stop_reason, row.stop_token) == ("EVDisconnected", "VALID")
        assert "seq_gap" not in row.flags


@case("TC_E_33_CSMS")
async def test_messages_wait_of_whatever_transaction(case: Case) -> None:
    transaction = await has_charging(case)
    await reconnects(transaction)
    with case.proves(0):
        await status_asked(case, transaction.station, answer=QUEUED)
    await tells_late(transaction)


@case("TC_E_34_CSMS")
async def test_no_messages_wait(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await status_asked(case, station, answer=DONE)


@case("TC_E_38_CSMS")
async def test_the_car_is_not_ready(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await transaction.authorizes()
    with case.proves(0):
        await transaction.plugs_in()
        await transaction.suspends()


@case("TC_E_39_CSMS")
async def test_nobody_plugs_in(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    await transaction.authorizes()
    with case.proves(0):
        await transaction.ends("EVConnectTimeout", "Timeout")


@case("TC_E_53_CSMS")
async def test_each_transaction_counts_from_0(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        for _ in range(2):
            transaction = Transaction(case, station)
            assert transaction.seq == 0
            await transaction.charges()
            await transaction.unplugs()
            assert "seq_gap" not in (await transaction.row()).flags
