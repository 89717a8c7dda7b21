"""Field note 21: three times for every event, and no time that breaks anything."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring.models import (
    ChargerState,
    Event,
    MeterSample,
    PortState,
    Session,
    StatusSpan,
)

NO_TIMES = [
    "1970-01-01T00:00:00Z", "2000-01-01T00:00:00.000Z", "2036-02-07T06:28:16Z",
    "222222017-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "now", "",
]  # fmt: skip


def status(timestamp, said="Available"):
    return {"connectorId": 1, "errorCode": "NoError", "status": said, "timestamp": timestamp}


@pytest.mark.parametrize("timestamp", NO_TIMES)
async def test_what_is_no_time_is_quarantined_and_the_event_kept_at_its_arrival_21(
    gateway, charger, timestamp
):
    before = datetime.now(UTC)
    async with gateway.charger("CP-1") as cp:
        assert await cp.call("StatusNotification", status(timestamp)) == {}
        start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": timestamp}
        transaction = (await cp.call("StartTransaction", start))["transactionId"]
        entry = {"timestamp": timestamp, "sampledValue": [{"value": "9"}]}
        meter = {"connectorId": 1, "transactionId": transaction, "meterValue": [entry, entry]}
        assert await cp.call("MeterValues", meter) == {}
        stop = {"transactionId": transaction, "meterStop": 10, "timestamp": timestamp}
        assert await cp.call("StopTransaction", stop) == {}
    after = datetime.now(UTC)
    span, session = await StatusSpan.objects.aget(), await Session.objects.aget()
    samples = [m async for m in MeterSample.objects.all()]
    moments = [span.started, session.started, session.ended, *(m.at for m in samples)]
    assert all(before <= moment <= after for moment in moments)
    assert session.energy == 5.0
    if not timestamp:
        return
    assert session.flags == ["bad_time"]
    assert {m.extra["timestamp"] for m in samples} == {timestamp}
    events = [e async for e in Event.objects.filter(kind="bad_time").order_by("pk")]
    assert [e.data for e in events] == [
        {"timestamp": timestamp, "action": action}
        for action in ("StatusNotification", "StartTransaction", "MeterValues", "StopTransaction")
    ]


async def test_an_event_has_the_time_sent_received_and_corrected_21(gateway, charger):
    """A clock 15 minutes ahead: measured by two messages, then taken out of every time."""
    ahead = timedelta(minutes=15)
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        for said in ("Available", "Preparing"):
            sent = datetime.now(UTC) + ahead
            await cp.call("StatusNotification", status(sent.isoformat(), said))
        happened = datetime.now(UTC) - timedelta(minutes=2)
        entry = {
            "timestamp": (happened + ahead).isoformat(),
            "sampledValue": [{"value": "1"}],
        }
        await cp.call("MeterValues", {"connectorId": 1, "meterValue": [entry]})
        held = gateway.hub.sockets[charger.pk]
        held._reported = 0.0
        held.report_life(gateway.hub.writer)
        gateway.hub.writer.flush_seen()
        await cp.call("StatusNotification", status(sent.isoformat(), "Charging"))
        sample = await MeterSample.objects.aget()
        state = await ChargerState.objects.aget()
    assert abs(sample.at - happened) < timedelta(seconds=1)
    sent = sample.at + timedelta(milliseconds=sample.offset_ms)
    assert abs(sent - happened - ahead) < timedelta(milliseconds=2)
    assert sample.received - sample.at > timedelta(seconds=119)
    assert abs(state.clock_offset - 900_000) < 2_000


async def test_a_time_without_zone_is_the_site_s_and_flagged_21(gateway, charger):
    local = datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    start = {
        "connectorId": 1,
        "idTag": "T",
        "meterStart": 5,
        "timestamp": local.isoformat(timespec="seconds"),
    }
    before = datetime.now(UTC)
    async with gateway.charger("CP-1") as cp:
        await cp.call("StartTransaction", start)
    session = await Session.objects.aget()
    assert abs(session.started - before) < timedelta(seconds=3)
    assert session.flags == ["no_zone"]


async def test_seven_fractional_digits_are_a_time_21(gateway, charger):
    now = datetime.now(UTC) - timedelta(seconds=1)
    async with gateway.charger("CP-1") as cp:
        said = f"{now:%Y-%m-%dT%H:%M:%S.%f}7Z"
        assert await cp.call("StatusNotification", status(said)) == {}
    assert (await StatusSpan.objects.aget()).started == now
    assert not await Event.objects.filter(kind="bad_time").aexists()


async def test_one_poison_time_shifts_nothing_else_21(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        sent = []
        for number, said in enumerate(("Available", "Preparing", "Charging", "Finishing")):
            sent.append(datetime.now(UTC))
            await cp.call("StatusNotification", status(sent[-1].isoformat(), said))
            if number == 1:
                poison = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
                security = {"type": "Tamper", "timestamp": poison}
                await cp.call("SecurityEventNotification", security)
    spans = [s.started async for s in StatusSpan.objects.order_by("started")]
    assert spans == sent


async def test_no_event_is_in_the_future_21(gateway, charger):
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    async with gateway.charger("CP-1") as cp:
        await cp.call("StatusNotification", status(soon))
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert port.since <= datetime.now(UTC)


async def test_our_replies_say_utc_with_z_and_milliseconds_21(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        times = [(await cp.boot())["currentTime"]]
        times.append((await cp.call("Heartbeat", {}))["currentTime"])
    for said in times:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said)
        assert abs(datetime.fromisoformat(said) - datetime.now(UTC)) < timedelta(seconds=5)
