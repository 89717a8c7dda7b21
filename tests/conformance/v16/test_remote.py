"""Core and Remote Trigger: remote start and stop, reset, unlock, triggers."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import (
    CONNECTOR,
    VALID,
    arrived,
    booted,
    copes,
    has_charging,
    reports,
    starts,
    stops,
)


async def remote_start(case: Case, station: Station, status: str = "Accepted") -> Any:
    """Have a remote start asked for and answered; return its request."""
    command = await case.asks("start", id_token=VALID, evse=CONNECTOR)
    call = await station.asked("RemoteStartTransaction")
    assert call.payload == {"idTag": VALID, "connectorId": CONNECTOR}
    await call.answer(status=status)
    await command.ends(status.lower(), status)
    return call.payload


@case("TC_010_CSMS")
async def test_a_remote_start_after_plugging_in(case: Case) -> None:
    station = await arrived(case)
    await reports(case, station, "Preparing")
    with case.proves(0):
        request = await remote_start(case, station)
    with case.proves(1):
        answer = await station.call("Authorize", idTag=request["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
    with case.proves(2):
        answer = await starts(case, station, request["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Charging")


@case("TC_011_1_CSMS")
async def test_a_remote_start_before_plugging_in(case: Case) -> None:
    station = await arrived(case)
    request = await remote_start(case, station)
    with case.proves(0):
        answer = await station.call("Authorize", idTag=request["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Preparing")
    with case.proves(1):
        answer = await starts(case, station, request["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Charging")


@case("TC_011_2_CSMS")
async def test_nobody_plugs_in_after_a_remote_start(case: Case) -> None:
    station = await arrived(case)
    request = await remote_start(case, station)
    with case.proves(0):
        answer = await station.call("Authorize", idTag=request["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
    with case.proves(1):
        await reports(case, station, "Preparing")
        await reports(case, station, "Available")


@case("TC_012_CSMS")
async def test_a_remote_stop(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        command = await case.asks("stop", transaction_id=str(transaction))
        call = await station.asked("RemoteStopTransaction")
        assert call.payload == {"transactionId": transaction}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    with case.proves(1):
        await stops(case, station, transaction, "Remote")
        await reports(case, station, "Finishing")
        await reports(case, station, "Available")


async def resets(case: Case, kind: str) -> None:
    """Have the charger reset, and boot again."""
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("reset", at_once=kind == "Hard")
        call = await station.asked("Reset")
        assert call.payload == {"type": kind}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    await station.close()
    with case.proves(1):
        await booted(case, await case.connect())
        assert await case.events("boot") == ["Accepted"] * 2


@case("TC_013_CSMS")
async def test_a_hard_reset(case: Case) -> None:
    await resets(case, "Hard")


@case("TC_014_CSMS")
async def test_a_soft_reset(case: Case) -> None:
    await resets(case, "Soft")


async def unlocks(case: Case, station: Station, status: str, state: str, port: int = 1) -> None:
    """Have a connector unlocked; the station answers with `status`."""
    command = await case.asks("unlock", evse=port)
    call = await station.asked("UnlockConnector")
    assert call.payload == {"connectorId": port}
    await call.answer(status=status)
    await command.ends(state, status)
    await copes(station)


@case("TC_017_1_CSMS")
async def test_an_idle_connector_is_unlocked(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await unlocks(case, station, "Unlocked", "accepted")


@case("TC_017_2_CSMS")
async def test_a_fixed_cable_can_t_be_unlocked(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await unlocks(case, station, "NotSupported", "not_supported")


@case("TC_018_1_CSMS")
async def test_a_connector_is_unlocked_while_charging(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        await unlocks(case, station, "Unlocked", "accepted")
        await reports(case, station, "Finishing")
        await stops(case, station, transaction, "UnlockCommand")
        await reports(case, station, "Available")


@case("TC_026_CSMS")
async def test_a_remote_start_is_rejected(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await remote_start(case, station, "Rejected")
        await copes(station)


@case("TC_028_CSMS")
async def test_a_remote_stop_of_an_unknown_transaction_is_rejected(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        command = await case.asks("stop", transaction_id=str(transaction + 1))
        call = await station.asked("RemoteStopTransaction")
        await call.answer(status="Rejected")
        await command.ends("rejected", "Rejected")
        assert (await case.session(transaction)).ended is None
        await copes(station)


@case("TC_030_CSMS")
async def test_unlocking_fails(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await unlocks(case, station, "UnlockFailed", "failed")


@case("TC_031_CSMS")
async def test_an_unknown_connector_is_unlocked(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await unlocks(case, station, "NotSupported", "not_supported", port=9)


#: The operation's word -> requestedMessage, in the order of the case.
TRIGGERS = {
    "meter_values": "MeterValues",
    "heartbeat": "Heartbeat",
    "status": "StatusNotification",
    "diagnostics_status": "DiagnosticsStatusNotification",
    "firmware_status": "FirmwareStatusNotification",
}
OF_A_CONNECTOR = {"meter_values", "status"}


def triggered(message: str) -> dict[str, Any]:
    """Return what a station sends when it is asked for `message`."""
    sample = {"timestamp": now(), "sampledValue": [{"value": "1", "context": "Trigger"}]}
    told: dict[str, dict[str, Any]] = {
        "meter_values": {"connectorId": CONNECTOR, "meterValue": [sample]},
        "heartbeat": {},
        "status": {"connectorId": CONNECTOR, "errorCode": "NoError", "status": "Available"},
    }
    return told.get(message, {"status": "Idle"})


@case("TC_054_CSMS")
async def test_messages_are_triggered(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        for word, action in TRIGGERS.items():
            evse = {"evse": CONNECTOR} if word in OF_A_CONNECTOR else {}
            command = await case.asks("trigger", message=word, **evse)
            call = await station.asked("TriggerMessage")
            about = {"connectorId": CONNECTOR} if evse else {}
            assert call.payload == {"requestedMessage": action, **about}
            await call.answer(status="Accepted")
            await command.ends("accepted", "Accepted")
            await station.call(action, **triggered(word))
    assert await case.events("firmware_status") == ["Idle"]
    assert await case.events("diagnostics_status") == ["Idle"]


@case("TC_055_CSMS")
async def test_a_trigger_is_rejected(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("trigger", message="meter_values")
        call = await station.asked("TriggerMessage")
        assert call.payload["requestedMessage"] == "MeterValues"
        await call.answer(status="Rejected")
        await command.ends("rejected", "Rejected")
        await copes(station)
