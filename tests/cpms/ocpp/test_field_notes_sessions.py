"""Field notes 13–18: sessions as chargers tell them, retried, stopped twice, late or never."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from inventory.models import Evse, Organisation
from monitoring import housekeeping
from monitoring.models import (
    DirtyDay,
    Event,
    MeterSample,
    PortState,
    Session,
    StatusSpan,
)
from tests.cpms.ocpp.conftest import make_charger


def ago(**passed):
    return (datetime.now(UTC) - timedelta(**passed)).isoformat(timespec="milliseconds")


def start(minutes=0.0, **more):
    return {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": ago(minutes=minutes),
            **more}  # fmt: skip


def stop(transaction, minutes=0.0, **more):
    return {"transactionId": transaction, "meterStop": 6000, "timestamp": ago(minutes=minutes),
            **more}  # fmt: skip


def status(said, minutes=None, **more):
    report = {"connectorId": 1, "errorCode": "NoError", "status": said, **more}
    return report if minutes is None else {**report, "timestamp": ago(minutes=minutes)}


# 13 Stop, whatever its id


@pytest.mark.parametrize("transaction", [0, -1, 2**31, 2**63, -(2**63), 4711])
async def test_a_stop_is_answered_whatever_its_id_and_touches_no_session_13(
    gateway, charger, transaction
):
    async with gateway.charger("CP-1") as cp:
        running = (await cp.call("StartTransaction", start()))["transactionId"]
        assert await cp.call("StopTransaction", stop(transaction, reason="PowerLoss")) == {}
        answer = await cp.call("StopTransaction", stop(transaction, idTag="TAG"))
        assert answer == {"idTagInfo": {"status": "Accepted"}}
        session = await Session.objects.aget()
        assert (session.pk, session.ended) == (running, None)
        orphan = await Event.objects.filter(kind="orphan_stop").order_by("pk").afirst()
    assert orphan.data["transactionId"] == str(transaction)
    assert (orphan.data["meterStop"], orphan.data["reason"]) == (6000, "PowerLoss")


async def test_an_orphan_stop_is_reconciled_by_token_and_meter_when_the_session_is_over_13(
    gateway, charger
):
    async with gateway.charger("CP-1") as cp:
        begun = start(minutes=100)
        await cp.call("StartTransaction", begun)
        await cp.call("StopTransaction", stop(0, minutes=50, idTag="TAG"))
        await cp.call("StatusNotification", status("Available", minutes=49))
        # Nothing was heard of it since; the sweep waits for that.
        later = datetime.now(UTC) + timedelta(hours=1)
        await sync_to_async(housekeeping.abandon_zombies)(later)
    session = await Session.objects.aget()
    assert (session.meter_stop, session.energy, session.flags) == (6000, 5000, ["reconciled"])


@pytest.mark.parametrize("transaction", [None, "", "abc", {}, [], 1.5, 1e300, "9" * 99])
async def test_a_stop_of_no_transaction_at_all_is_answered_and_kept_13(
    gateway, charger, transaction
):
    async with gateway.charger("CP-1") as cp:
        assert await cp.call("StopTransaction", stop(transaction)) == {}
        without = {name: value for name, value in stop(0).items() if name != "transactionId"}
        assert await cp.call("StopTransaction", without) == {}
    kept = [e.data["transactionId"] async for e in Event.objects.filter(kind="orphan_stop")]
    assert kept == ["-1", "-1"]


# 14 Retries


async def test_a_start_sent_again_has_the_same_transaction_whatever_its_message_id_14(
    gateway, charger
):
    said = start()
    answers = []
    for _connection in range(2):
        async with gateway.charger("CP-1") as cp:
            answers += [await cp.call("StartTransaction", said, i) for i in ("a", "a", "b")]
    assert len({answer["transactionId"] for answer in answers}) == 1
    assert await Session.objects.acount() == 1
    async with gateway.charger("CP-1") as cp:
        for other in (
            {"connectorId": 2},
            {"idTag": "OTHER"},
            {"meterStart": 1001},
            {"timestamp": ago(seconds=1)},
        ):
            await cp.call("StartTransaction", {**said, **other})
    assert await Session.objects.acount() == 5


async def test_a_stop_sent_again_changes_nothing_with_another_reason_or_none_14(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        transaction = (await cp.call("StartTransaction", start(5)))["transactionId"]
        first = stop(transaction, minutes=2, reason="EVDisconnected")
        for again in (first, {**first, "reason": "PowerLoss"}, stop(transaction, meterStop=9999)):
            assert await cp.call("StopTransaction", again) == {}
    session = await Session.objects.aget()
    assert (session.stop_reason, session.meter_stop, session.energy) == (
        "EVDisconnected", 6000, 5000,
    )  # fmt: skip
    assert session.ended == datetime.fromisoformat(first["timestamp"])
    assert not await Event.objects.filter(kind="orphan_stop").aexists()


async def test_a_transaction_belongs_to_its_charger_14(gateway, charger):
    """CVE-2026-28230: an id that another charger sends touches nothing."""
    await sync_to_async(make_charger)("CP-2")
    async with gateway.charger("CP-1") as cp, gateway.charger("CP-2") as other:
        transaction = (await cp.call("StartTransaction", start()))["transactionId"]
        meter = {
            "connectorId": 1,
            "transactionId": transaction,
            "meterValue": [{"timestamp": ago(), "sampledValue": [{"value": "99000"}]}],
        }
        assert await other.call("MeterValues", meter) == {}
        assert await other.call("StopTransaction", stop(transaction, idTag="TAG"))
        session = await Session.objects.aget()
        assert (session.ended, session.energy, session.stop_token) == (None, None, "")
        assert (await MeterSample.objects.aget()).session_id is None
        port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
        assert port.session_id == transaction
        assert await cp.call("StopTransaction", stop(transaction)) == {}
    assert (await Session.objects.aget()).energy == 5000


async def test_ended_repeats_in_2_0_1_and_changes_nothing_14(gateway, charger):
    def told(kind, number, **more):
        return {
            "eventType": kind,
            "timestamp": ago(minutes=9 - number),
            "triggerReason": "Authorized",
            "seqNo": number,
            "transactionInfo": {"transactionId": "T-1", **more},
            "evse": {"id": 1, "connectorId": 1},
        }

    ended = told("Ended", 2, stoppedReason="EVDisconnected")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for event in (told("Started", 0), ended, ended, told("Ended", 3, stoppedReason="Other")):
            assert await cp.call("TransactionEvent", event) == {}
    session = await Session.objects.aget()
    assert (session.stop_reason, session.ended) == (
        "EVDisconnected", datetime.fromisoformat(ended["timestamp"]),
    )  # fmt: skip


# 15 Offline with a token that is not valid


async def test_a_session_with_a_token_that_is_not_valid_is_stored_15(gateway, charger):
    await Organisation.objects.aupdate(accept_unknown_tokens=False)
    async with gateway.charger("CP-1") as cp:
        answer = await cp.call("StartTransaction", start(minutes=120))
        assert answer["idTagInfo"]["status"] == "Invalid"
        assert answer["transactionId"] > 0
        await cp.call("StopTransaction", stop(answer["transactionId"], minutes=60))
    session = await Session.objects.aget()
    assert (session.authorization, session.offline, session.energy) == ("Invalid", True, 5000)


# 16 Order by the event's time


async def test_available_may_come_before_the_stop_16(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        transaction = (await cp.call("StartTransaction", start(20)))["transactionId"]
        await cp.call("StatusNotification", status("Charging", 19))
        await cp.call("StatusNotification", status("Available", 9))
        port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
        assert (port.status, port.session_id) == ("Available", transaction)
        await cp.call("StopTransaction", stop(transaction, 10))
        await cp.call("StatusNotification", status("Finishing", 9.5))
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (port.status, port.session_id) == ("Available", None)
    spans = [s.status async for s in StatusSpan.objects.order_by("started")]
    assert spans == ["Charging", "Finishing", "Available"]


async def test_a_fault_may_ride_on_finishing_and_the_boot_may_report_faulted_without_error_16(
    gateway, charger
):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        await cp.call("StatusNotification", status("Faulted"))
        await cp.call(
            "StatusNotification",
            status("Finishing", errorCode="GroundFailure", vendorErrorCode="E-17", info="wet"),
        )
    spans = [s async for s in StatusSpan.objects.order_by("started")]
    assert [(s.status, s.error_code) for s in spans] == [
        ("Faulted", ""), ("Finishing", "GroundFailure"),
    ]  # fmt: skip
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (port.error_code, port.vendor_error_code, port.info) == ("GroundFailure", "E-17", "wet")


# 17 Zombies


async def test_a_session_that_never_stops_is_abandoned_once_the_port_is_free_17(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.call("StartTransaction", start(300))
        await cp.call("StatusNotification", status("Available", 200))
        await cp.call("StartTransaction", {**start(100), "connectorId": 2})
        await cp.call("StartTransaction", {**start(50), "connectorId": 2})
        later = datetime.now(UTC) + timedelta(hours=1)
        assert await sync_to_async(housekeeping.abandon_zombies)(later) == 2
    sessions = [s async for s in Session.objects.order_by("started")]
    assert [s.flags for s in sessions] == [["abandoned"], ["abandoned"], []]
    assert sessions[1].ended == sessions[2].started
    assert sessions[2].ended is None


# 18 History floods


async def test_hours_of_queued_messages_are_kept_at_their_own_time_and_their_days_recomputed_18(
    gateway, charger
):
    async with gateway.charger("CP-1") as cp:
        await cp.call("StatusNotification", status("Available"))
        now = datetime.now(UTC)
        times = []
        for minutes in range(3 * 1440, 0, -90):
            said = ago(minutes=minutes)
            times.append(datetime.fromisoformat(said))
            await cp.call(
                "MeterValues",
                {
                    "connectorId": 1,
                    "meterValue": [{"timestamp": said, "sampledValue": [{"value": "5"}]}],
                },
            )
            await cp.call("StatusNotification", {**status("Charging"), "timestamp": said})
        kept = [m async for m in MeterSample.objects.order_by("at")]
        spans = [s async for s in StatusSpan.objects.order_by("started")]
    assert [m.at for m in kept] == times
    assert all(m.received >= now for m in kept)
    assert [s.started for s in spans[:-1]] == times
    assert (spans[-1].status, spans[-1].ended) == ("Available", None)
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert port.status == "Available"
    days = {day.day async for day in DirtyDay.objects.all()}
    assert {moment.date() for moment in times if now - moment > timedelta(hours=1)} <= days


async def test_statuses_in_any_order_end_as_in_the_right_order_18(gateway, charger):
    told = [("Available", 50), ("Preparing", 40), ("Charging", 35), ("Faulted", 20),
            ("Charging", 15), ("Finishing", 5)]  # fmt: skip
    shuffled = [*told, *told]
    random.Random(18).shuffle(shuffled)
    async with gateway.charger("CP-1") as cp:
        reports = {each: status(*each) for each in told}
        for each in shuffled:
            await cp.call("StatusNotification", reports[each])
    spans = [s async for s in StatusSpan.objects.order_by("started")]
    assert [s.status for s in spans] == [said for said, _minutes in told]
    assert [s.ended for s in spans[:-1]] == [s.started for s in spans[1:]]
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (port.status, port.since) == ("Finishing", spans[-1].started)


async def test_ports_that_no_charger_has_are_answered_and_not_made(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        for connector in (-1, 65, 2**31, 2**63):
            assert (
                await cp.call("StatusNotification", status("Available", connectorId=connector))
                == {}
            )
            assert await cp.call("StartTransaction", {**start(), "connectorId": connector})
        assert await Evse.objects.acount() == 2
        assert "currentTime" in await cp.call("Heartbeat", {})
