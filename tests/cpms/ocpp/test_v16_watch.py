"""A 1.6 charger is let in, and what it says is in the database before it is answered."""

import asyncio
from datetime import UTC, datetime

from cpms.ocpp.v16.routes import ROUTES
from inventory.models import Charger, Evse
from monitoring.models import (
    ChargerState,
    ConnectionSpan,
    Event,
    MeterSample,
    PortState,
    Session,
    StatusSpan,
)


async def test_a_boot_is_accepted_and_kept(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        answer = await cp.boot()
    assert answer["status"] == "Accepted"
    assert answer["currentTime"].endswith("Z")
    state = await ChargerState.objects.aget(charger=charger)
    assert state.booted_at is not None
    kept = await Charger.objects.select_related("model").aget(pk=charger.pk)
    assert (kept.model.vendor, kept.model.name, kept.ocpp_version) == ("Acme", "One", "1.6")


async def test_a_session_is_one_row_with_its_energy(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        start = {
            "connectorId": 1,
            "idTag": "TAG",
            "meterStart": 1000,
            "timestamp": datetime.now(UTC).isoformat(),
        }
        answer = await cp.call("StartTransaction", start)
        again = await cp.call("StartTransaction", start)
        assert answer["idTagInfo"]["status"] == "Accepted"
        assert again["transactionId"] == answer["transactionId"]
        transaction = answer["transactionId"]
        await cp.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": transaction,
                "meterValue": [
                    {
                        "timestamp": datetime.now(UTC).isoformat(),
                        "sampledValue": [
                            {"value": "2.5", "unit": "kWh"},
                            {"value": "11", "measurand": "Power.Active.Import", "unit": "kW"},
                        ],
                    }
                ],
            },
        )
        port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
        assert (port.session_id, port.power, port.energy) == (transaction, 11000.0, 1500.0)
        stop = {
            "transactionId": transaction,
            "meterStop": 6000,
            "timestamp": datetime.now(UTC).isoformat(),
        }
        assert await cp.call("StopTransaction", stop) == {}
    session = await Session.objects.aget()
    assert (session.energy, session.stop_reason, session.peak_power) == (5000.0, "Local", 11000.0)
    sample = await MeterSample.objects.aget()
    assert (sample.session_id, sample.energy) == (session.id, 2500.0)


async def test_status_reports_become_spans(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        for status in ("Available", "Preparing", "Charging"):
            report = {"connectorId": 1, "errorCode": "NoError", "status": status}
            assert await cp.call("StatusNotification", report) == {}
    spans = [s async for s in StatusSpan.objects.order_by("started")]
    assert [s.status for s in spans] == ["Available", "Preparing", "Charging"]
    assert spans[0].ended == spans[1].started
    assert spans[2].ended is None


async def test_an_unknown_port_is_discovered(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        report = {"connectorId": 3, "errorCode": "NoError", "status": "Available"}
        await cp.call("StatusNotification", report)
    evse = await Evse.objects.aget(charger=charger, number=3)
    assert evse.discovered


async def test_a_connection_ends_at_the_last_proof_of_life(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
    await asyncio.sleep(0.2)
    span = await ConnectionSpan.objects.aget()
    assert (span.close_reason, span.closed <= span.noticed) == ("clean", True)
    assert not (await ChargerState.objects.aget()).online


def test_every_action_a_charger_may_send_has_a_handler():
    assert len(ROUTES.handlers) == 14


async def test_the_boot_is_an_event_with_what_the_charger_said(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
    event = await Event.objects.aget(kind="boot")
    assert event.data == {"vendor": "Acme", "model": "One"}
