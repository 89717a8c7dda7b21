"""Settings, reports and monitors: asked, split, answered, kept."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Command, Monitor, Report
from cpms.control.operations import OPERATIONS, BadRequest
from cpms.ocpp.commands import parts, planning, translation
from cpms.ocpp.commands.translation import Call
from inventory.models import Charger, ChargerModel
from inventory.quirks import Quirks
from monitoring.facts import Told
from monitoring.models import ReportedVariable, VariableChange
from monitoring.variables import learn, thin_out
from tests.cpms.ocpp.conftest import RawCharger, RunningGateway
from tests.cpms.ocpp.test_commands import answer, ask, ended

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def told(name: str, value: str, component: str = "", **about: Any) -> Told:
    """Return a setting of the charger as a whole."""
    instance = about.pop("instance", "")
    return Told(component, "", 0, 0, name, instance, "Actual", value, **about)


def minute(number: int) -> datetime:
    """Return a minute after twelve."""
    return NOON.replace(minute=number)


def operation(name: str, **fields: Any) -> Any:
    """Return a typed request."""
    return OPERATIONS[name].read(fields)


async def asked(charger: Charger, name: str, **fields: Any) -> Command:
    """Ask an operation as the installation itself."""
    return await ask(charger, operation(name, **fields))


async def values(charger: Charger) -> dict[str, str]:
    """Return the settings that are kept, by name."""
    rows = ReportedVariable.objects.filter(charger=charger, unknown=False)
    return {row.variable: row.value async for row in rows}


async def shows(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until what follows from a message, after its answer, shows."""
    async with asyncio.timeout(10):
        while not await look():
            await asyncio.sleep(0.01)


async def has_come(request: int, *parts: int) -> Report:
    """Return the report once these parts of it are entered."""
    found = Report.objects.select_related("command").filter(request_id=request, parts=list(parts))
    await shows(found.aexists)
    return await found.aget()


def test_what_is_learned_again_is_kept_with_what_it_was(charger: Charger) -> None:
    learn(charger.pk, [told("A", "1", mutability="ReadWrite")], minute(0), "read")
    learn(charger.pk, [told("A", "1")], minute(1), "read")
    learn(charger.pk, [told("A", "2")], minute(2), "change", by="Olga")
    row = ReportedVariable.objects.get()
    assert (row.value, row.mutability, row.source) == ("2", "ReadWrite", "change")
    assert (row.reported_at, row.changed_at) == (minute(2), minute(2))
    change = VariableChange.objects.get()
    assert (change.was, change.value, change.by, change.at) == ("1", "2", "Olga", minute(2))


def test_what_is_older_than_known_changes_nothing(charger: Charger) -> None:
    learn(charger.pk, [told("A", "new")], minute(5), "read")
    learn(charger.pk, [told("A", "old")], minute(4), "report")
    assert ReportedVariable.objects.get().value == "new"
    assert not VariableChange.objects.exists()


def test_a_setting_that_the_charger_says_it_has_not_keeps_its_last_value(charger: Charger) -> None:
    learn(charger.pk, [told("A", "1")], minute(0), "read")
    learn(charger.pk, [told("A", "", unknown=True)], minute(1), "read")
    row = ReportedVariable.objects.get()
    assert (row.value, row.unknown) == ("1", True)
    learn(charger.pk, [told("A", "1")], minute(2), "read")
    assert not ReportedVariable.objects.get().unknown
    assert not VariableChange.objects.exists()


def test_changes_told_by_events_are_kept_once_a_minute(charger: Charger) -> None:
    learn(charger.pk, [told("T", "0", "Sensor")], minute(0), "report")
    for second in range(10, 60, 10):
        at = minute(1).replace(second=second)
        learn(charger.pk, [told("T", str(second), "Sensor")], at, "event")
    assert [change.value for change in VariableChange.objects.all()] == ["10"]
    assert ReportedVariable.objects.get().value == "50"


def test_changes_are_thinned_out_to_the_newest_of_each_setting(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.variables.KEPT_OF_EACH", 2)
    for number in range(6):
        learn(charger.pk, [told("A", str(number))], minute(number), "read")
    assert thin_out() == 3
    kept = VariableChange.objects.order_by("at")
    assert [change.value for change in kept] == ["4", "5"]
    assert thin_out() == 0


def test_beyond_the_quota_no_more_changes_are_kept(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.statements.variables.MOST_CHANGES", 2)
    for number in range(5):
        learn(charger.pk, [told("A", str(number))], minute(number), "read")
    assert VariableChange.objects.count() == 2
    assert ReportedVariable.objects.get().value == "4"


def test_a_message_is_split_by_items_and_by_bytes(charger: Charger) -> None:
    many = Call("GetVariables", {"getVariableData": [{"n": "x" * 100}] * 10})
    assert [len(part.payload["getVariableData"]) for part in parts.split([many], charger.pk)] == [
        4, 4, 2,
    ]  # fmt: skip
    limit = told("ItemsPerMessage", "50", "DeviceDataCtrlr", instance="GetVariables")
    learn(charger.pk, [limit], NOON, "read")
    assert parts.split([many], charger.pk) == [many]
    limit = told("BytesPerMessage", "460", "DeviceDataCtrlr", instance="GetVariables")
    learn(charger.pk, [limit], NOON, "read")
    assert [len(part.payload["getVariableData"]) for part in parts.split([many], charger.pk)] == [
        3, 3, 3, 1,
    ]  # fmt: skip


def test_as_many_keys_are_asked_for_at_once_as_the_charger_takes(charger: Charger) -> None:
    all_keys = Call("GetConfiguration", {"key": ["A", "B", "C"]})
    assert parts.split([all_keys], charger.pk) == [all_keys]
    learn(charger.pk, [told("GetConfigurationMaxKeys", "2")], NOON, "read")
    assert [part.payload["key"] for part in parts.split([all_keys], charger.pk)] == [
        ["A", "B"],
        ["C"],
    ]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("AuthorizationKey", "00" * 20, "change_password"),
        ("WifiPassword", "********", "write the secret"),
    ],
)
def test_keys_and_marks_in_the_place_of_secrets_are_not_sent_as_settings(
    name: str, value: str, why: str
) -> None:
    with pytest.raises(BadRequest, match=why):
        operation("change_settings", settings=[{"name": name, "value": value}])


def test_a_clock_is_set_by_its_setting_where_it_has_one_else_by_a_heartbeat(
    charger: Charger,
) -> None:
    calls = translation.calls(operation("set_clock"), "2.0.1")
    assert calls[0].action == "SetVariables"
    plan = planning.revised(charger.pk, Quirks(), "set_clock", calls)
    assert plan.calls == [Call("TriggerMessage", {"requestedMessage": "Heartbeat"})]
    clock = told("DateTime", "2026-11-23T12:00:00Z", "ClockCtrlr", mutability="ReadWrite")
    learn(charger.pk, [clock], NOON, "report")
    assert planning.revised(charger.pk, Quirks(), "set_clock", calls).calls == calls


async def test_keys_are_read_and_changed_and_secrets_are_kept_by_nobody(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        read = await asked(charger, "read_settings")
        call = await socket.read()
        assert call[2:] == ["GetConfiguration", {}]
        keys = [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "WifiPassword", "readonly": False, "value": "hunter2"},
            {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
        ]
        await answer(socket, call, {"configurationKey": keys, "unknownKey": ["Nobodys"]})
        assert (await ended(read)).state == "accepted"
        wanted = [
            {"name": "HeartbeatInterval", "value": "60"},
            {"name": "WifiPassword", "value": "hunter3"},
            {"name": "Nobodys", "value": "1"},
        ]
        change = await asked(charger, "change_settings", settings=wanted)
        statuses = ("Accepted", "RebootRequired", "NotSupported")
        for setting, status in zip(wanted, statuses, strict=True):
            call = await socket.read()
            said = {"key": setting["name"], "value": setting["value"]}
            assert call[2:] == ["ChangeConfiguration", said]
            await answer(socket, call, {"status": status})
        done = await ended(change)
    assert (done.state, done.result) == ("not_supported", "NotSupported")
    assert done.payload["parts"][1] == {"key": "WifiPassword", "value": "********"}  # type: ignore[index]
    assert done.response == {"parts": [{"status": status} for status in statuses]}
    assert "hunter" not in json.dumps([done.request, done.payload, done.response])
    assert await values(charger) == {
        "HeartbeatInterval": "60",
        "WifiPassword": "********",
        "NumberOfConnectors": "2",
    }
    history = await VariableChange.objects.aget()
    assert (history.variable, history.was, history.value) == ("HeartbeatInterval", "300", "60")
    assert (history.by, history.command) == ("Kilowatch", change.pk)
    assert await ReportedVariable.objects.filter(variable="Nobodys", unknown=True).aexists()


async def test_what_a_message_may_hold_is_asked_for_once_when_many_monitors_are_cleared(
    gateway: RunningGateway, charger: Charger
) -> None:
    await Charger.objects.aupdate(ocpp_version="2.0.1")
    await charger.arefresh_from_db()
    async with gateway.charger("CP-1", "2.0.1") as socket:
        await socket.boot2()
        entry = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
        monitors = [
            {"id": n, "transaction": False, "value": n, "type": "Delta", "severity": 4}
            for n in range(1, 6)
        ]
        part = {"requestId": 9, "seqNo": 0, "generatedAt": "2026-11-23T12:00:00Z"}
        report = {**part, "monitor": [{**entry, "variableMonitoring": monitors}]}
        assert await socket.call("NotifyMonitoringReport", report) == {}
        await has_come(9, 0)
        command = await asked(charger, "clear_monitors", ids=[1, 2, 3, 4, 5])
        call = await socket.read()
        limit = {
            "component": {"name": "MonitoringCtrlr"},
            "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
        }
        assert call[2:] == ["GetVariables", {"getVariableData": [limit]}]
        said = {**limit, "attributeStatus": "Accepted", "attributeValue": "3"}
        await answer(socket, call, {"getVariableResult": [said]})
        for ids, status in (([1, 2, 3], "Accepted"), ([4, 5], "Rejected")):
            call = await socket.read()
            assert call[2:] == ["ClearVariableMonitoring", {"id": ids}]
            results = [{"id": number, "status": status} for number in ids]
            await answer(socket, call, {"clearMonitoringResult": results})
        done = await ended(command)
    assert (done.state, done.result) == ("rejected", "Rejected")
    assert done.payload == {"id": [1, 2, 3, 4, 5]}
    assert len(done.response["clearMonitoringResult"]) == 5  # type: ignore[index]
    assert {monitor.number async for monitor in Monitor.objects.all()} == {4, 5}


async def test_a_report_is_whole_when_its_parts_have_come_in_any_order(
    gateway: RunningGateway, charger: Charger
) -> None:
    async with gateway.charger("CP-1", "2.0.1") as socket:
        await socket.boot2()
        command = await asked(charger, "base_report", request_id=5)
        call = await socket.read()
        assert call[2:] == ["GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"}]
        await answer(socket, call, {"status": "Accepted"})
        assert (await ended(command)).verified is None
        for number, more in ((2, False), (0, True), (2, False)):
            await report(socket, 5, number, more)
        await report(socket, 77, 0, more=False)
        begun = await has_come(5, 0, 2)
        assert (begun.missing, begun.completed_at) == ([1], None)
        assert not begun.stalled(begun.last_at)  # type: ignore[arg-type]
        assert (await has_come(77, 0)).command is None
        await report(socket, 5, 1, more=True)
        whole = await has_come(5, 0, 1, 2)
    assert whole.completed_at is not None
    assert whole.entries == 3
    assert whole.command is not None
    assert (whole.command.verified, whole.command.evidence) == (True, "report")
    row = await ReportedVariable.objects.aget(variable="V1")
    assert row.characteristics == {"type": "integer", "unit": "s", "max": 60, "monitored": False}


async def report(socket: RawCharger, request: int, number: int, more: bool) -> None:
    """Send a part of a report."""
    entry = {
        "component": {"name": "C"},
        "variable": {"name": f"V{number}"},
        "variableAttribute": [{"value": "1", "mutability": "ReadWrite"}],
        "variableCharacteristics": {
            "dataType": "integer", "unit": "s", "maxLimit": 60, "supportsMonitoring": False,
        },
    }  # fmt: skip
    said = {"requestId": request, "seqNo": number, "tbc": more, "reportData": [entry]}
    assert await socket.call("NotifyReport", {**said, "generatedAt": "2026-11-23T12:00:00Z"}) == {}


async def test_a_model_that_breaks_at_what_it_does_not_know_is_never_asked_for_it(
    gateway: RunningGateway, charger: Charger
) -> None:
    model = await ChargerModel.objects.acreate(
        vendor="Acme", name="One",
        quirks={"survives_unknown_settings": False, "reads_single_settings": False},
    )  # fmt: skip
    await Charger.objects.aupdate(model=model)
    await sync_to_async(learn)(charger.pk, [told("Known", "1")], NOON, "read")
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        change = {"name": "Unknown", "value": "1"}
        refused = await ended(await asked(charger, "change_settings", settings=[change]))
        assert (refused.state, refused.error["code"]) == ("failed", "NotSent")  # type: ignore[index]
        assert "Unknown" in refused.error["description"]  # type: ignore[index]
        await asked(charger, "read_settings", settings=[{"name": "Known"}])
        assert (await socket.read())[2:] == ["GetConfiguration", {}]


def test_a_report_whose_last_part_has_an_absurd_number_costs_nothing() -> None:
    report = Report(parts=[0, 2], last_part=2**31 - 1)
    assert report.missing == [1, *range(3, 22)]
    assert Report(parts=[0, 1], last_part=1).missing == []
    assert Report(parts=[2]).missing == [0, 1]
