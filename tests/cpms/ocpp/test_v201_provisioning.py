"""Boot, what may be sent before it is accepted, and reports of the device model."""

import asyncio
import json
from typing import Any

import pytest

from inventory.models import Charger, Lifecycle
from monitoring.models import ChargerState, Event, ReportedVariable
from monitoring.statements import variables
from tests.cpms.ocpp.transactions2 import at, status, text


@pytest.mark.parametrize(
    ("lifecycle", "answer"),
    [
        (Lifecycle.PLANNED, "Pending"),
        (Lifecycle.PENDING, "Pending"),
        (Lifecycle.COMMISSIONING, "Accepted"),
        (Lifecycle.ACTIVE, "Accepted"),
        (Lifecycle.SUSPENDED, "Rejected"),
        (Lifecycle.DECOMMISSIONED, "Rejected"),
    ],
)
async def test_a_boot_is_answered_by_the_charger_s_lifecycle(gateway, charger, lifecycle, answer):
    await Charger.objects.aupdate(lifecycle=lifecycle)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        boot = await cp.boot2()
        heartbeat = await cp.call("Heartbeat", {})
    assert boot["status"] == answer
    assert boot["interval"] > 0
    if answer == "Accepted":
        assert list(heartbeat) == ["currentTime"]
    else:
        assert (heartbeat[0], heartbeat[2]) == (4, "SecurityError")
    assert (await Event.objects.aget(kind="boot")).code == answer


async def test_before_its_first_boot_a_charger_may_say_nothing_else(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        before = await cp.call("StatusNotification", status("Available", 1))
        await cp.boot2()
        after = await cp.call("StatusNotification", status("Available", 1))
    assert (before[2], after) == ("SecurityError", {})


async def test_after_a_warm_reconnect_the_last_boot_stands(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
    async with gateway.charger("CP-1", "2.0.1") as cp:
        assert await cp.call("StatusNotification", status("Available", 1)) == {}
    await Charger.objects.aupdate(lifecycle=Lifecycle.SUSPENDED)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        refused = await cp.call("StatusNotification", status("Available", 1))
    assert refused[2] == "SecurityError"


async def test_a_pending_charger_may_send_what_we_asked_for(gateway, charger):
    await Charger.objects.aupdate(lifecycle=Lifecycle.PENDING)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        assert (await cp.call("NotifyReport", report("1")))[2] == "SecurityError"
        held = gateway.hub.sockets[charger.pk]
        asked = asyncio.create_task(
            held.calls.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        )
        call = await cp.read()
        await cp.socket.send(json.dumps([3, call[1], {"status": "Accepted"}]))
        await asked
        assert await cp.call("NotifyReport", report("1")) == {}
        assert (await cp.call("Heartbeat", {}))[2] == "SecurityError"
    assert (await ReportedVariable.objects.aget()).value == "1"


async def test_the_boot_keeps_its_reason_and_the_modem(gateway, charger):
    station = {
        "vendorName": "Acme",
        "model": "A model with a name longer than twenty",
        "serialNumber": "a serial number of more than 25",
        "firmwareVersion": "7.1",
        "modem": {"iccid": "89490200000000000012", "imsi": "262010000000012"},
    }
    async with gateway.charger("CP-1", "2.0.1") as cp:
        payload = {"reason": "PowerUp", "chargingStation": station}
        assert (await cp.call("BootNotification", payload))["status"] == "Accepted"
    state = await ChargerState.objects.aget()
    assert state.boot_reason == "PowerUp"
    kept = await Charger.objects.select_related("model").aget()
    assert (kept.model.name, kept.serial_number) == (station["model"], station["serialNumber"])
    assert (kept.firmware_version, kept.ocpp_version) == ("7.1", "2.0.1")
    boot = await Event.objects.aget(kind="boot")
    assert (boot.data["iccid"], boot.data["imsi"]) == ("89490200000000000012", "262010000000012")


async def test_another_serial_number_is_an_event_and_overwrites_nothing(gateway, charger):
    await Charger.objects.aupdate(serial_number="OLD-1")
    station = {"vendorName": "Acme", "model": "Two", "serialNumber": "NEW-1"}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
    event = await Event.objects.aget(kind="identity_mismatch")
    assert event.data == {"serial_number": {"known": "OLD-1", "said": "NEW-1"}}
    assert (await Charger.objects.aget()).serial_number == "OLD-1"


async def test_parts_of_a_report_may_come_in_any_order_and_twice(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for seq in (1, 0, 1):
            await cp.call("NotifyReport", report(f"part {seq}", instance=str(seq), seqNo=seq))
        await cp.call("NotifyReport", report("newer", 7, instance="0"))
        await cp.call("NotifyReport", report("older", 6, instance="0"))
    kept = {v.instance: (v.value, v.reported_at) async for v in ReportedVariable.objects.all()}
    assert kept == {"0": ("newer", at(7)), "1": ("part 1", at(5))}


async def test_a_report_beyond_the_quota_only_updates_what_is_known(gateway, charger, monkeypatch):
    monkeypatch.setattr(variables, "MOST_VARIABLES", 2)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for minute, name in enumerate("abcab"):
            await cp.call("NotifyReport", report(f"v{minute}", minute, instance=name))
    kept = {v.instance: v.value async for v in ReportedVariable.objects.all()}
    assert kept == {"a": "v3", "b": "v4"}


async def test_a_report_that_is_too_long_is_cut_and_counted(gateway, charger):
    part = report("1")
    entry = part["reportData"][0]
    many = [{**entry, "variable": {"name": "V", "instance": str(n)}} for n in range(2_010)]
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        assert await cp.call("NotifyReport", {**part, "reportData": many}) == {}
    assert await ReportedVariable.objects.acount() == 2_000
    cut = await Event.objects.aget(kind="report_cut")
    assert cut.data == {"requestId": 1, "kept": 2_000, "leftOut": 10}


async def test_a_report_s_secrets_and_impossible_numbers_are_not_kept(gateway, charger):
    part = report("hunter2")
    part["reportData"][0]["variable"]["name"] = "BasicAuthPassword"
    part["reportData"][0]["component"]["evse"] = {"id": 10**9, "connectorId": -1}
    part["reportData"][0]["variableCharacteristics"]["dataType"] = "blob"
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        assert await cp.call("NotifyReport", part) == {}
    kept = await ReportedVariable.objects.aget()
    assert (kept.value, kept.evse, kept.connector) == ("********", 32_767, 0)


def report(value: str, minute: float = 5, instance: str = "", **more: Any) -> dict[str, Any]:
    """Return a NotifyReport with one variable."""
    variable = {"name": "Interval", **({"instance": instance} if instance else {})}
    entry = {
        "component": {"name": "SampledDataCtrlr"},
        "variable": variable,
        "variableAttribute": [{"value": value}],
        "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": False},
    }
    return {
        "requestId": 1,
        "generatedAt": text(minute),
        "seqNo": 0,
        "reportData": [entry],
        **more,
    }
