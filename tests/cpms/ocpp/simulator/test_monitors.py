"""The device model and the monitors of a simulated 2.x charger."""

from typing import Any

import pytest

from cpms.ocpp.simulator.spec import ChargerSpec
from tests.cpms.ocpp.simulator.stage import Stage, play
from tests.cpms.ocpp.simulator.test_answers import ask

STATE = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
DELTA = {"value": 1.0, "type": "Delta", "severity": 8}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_monitors_that_are_set_are_reported_until_they_are_cleared(version: str) -> None:
    said: list[Any] = []

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        wanted = [
            {**STATE, **DELTA},
            {**STATE, **DELTA, "component": {"name": "Coffee"}},
            {**STATE, **DELTA, "severity": 99},
        ]
        for action, payload in (
            ("SetVariableMonitoring", {"setMonitoringData": wanted}),
            ("GetMonitoringReport", {"requestId": 3}),
            ("ClearVariableMonitoring", {"id": [1, 2]}),
            ("GetMonitoringReport", {"requestId": 4, "monitoringCriteria": ["DeltaMonitoring"]}),
            ("SetMonitoringLevel", {"severity": 4}),
            ("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"}),
        ):
            said.append((await stage.csms.call("CP-1", action, payload))[2])
            await stage.wait(2)

    stage = play(ChargerSpec("CP-1", version=version, seed=11), story=story)
    set_, reported, cleared, none, *others = said
    assert [one["status"] for one in set_["setMonitoringResult"]] == [
        "Accepted", "UnknownComponent", "Rejected",
    ]  # fmt: skip
    assert (reported["status"], none["status"]) == ("Accepted", "EmptyResultSet")
    assert [one["status"] for one in cleared["clearMonitoringResult"]] == ["Accepted", "NotFound"]
    assert [one["status"] for one in others] == ["Accepted", "Accepted"]
    (report,) = [body for name, body in stage.csms.calls() if name == "NotifyMonitoringReport"]
    assert report["monitor"][0]["variableMonitoring"][0]["severity"] == 8


def test_some_hundred_variables_are_reported_with_what_they_may_be() -> None:
    _, stage = ask("2.0.1", "GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
    reports = [body for name, body in stage.csms.calls() if name == "NotifyReport"]
    entries = [entry for report in reports for entry in report["reportData"]]
    assert len(entries) > 150
    assert all(len(report["reportData"]) <= 50 for report in reports)
    threshold = next(e for e in entries if e["variable"]["name"] == "OfflineThreshold")
    assert threshold["variableCharacteristics"] == {
        "dataType": "integer", "unit": "s", "minLimit": 0, "maxLimit": 86_400,
        "supportsMonitoring": False,
    }  # fmt: skip


def test_a_value_beyond_its_limits_is_rejected_and_another_kept() -> None:
    named = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
    many = {
        "component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"},
    }  # fmt: skip
    changes = [
        {**named, "attributeValue": "-1"},
        {**named, "attributeValue": "90000"},
        {**named, "attributeValue": "120"},
        {**many, "attributeValue": "Breakfast"},
        {**many, "attributeValue": "Authorized,PowerPathClosed"},
    ]
    answers, _ = ask("2.0.1", "SetVariables", {"setVariableData": changes})
    statuses = [one["attributeStatus"] for one in answers[0][2]["setVariableResult"]]
    assert statuses == ["Rejected", "Rejected", "Accepted", "Rejected", "Accepted"]
