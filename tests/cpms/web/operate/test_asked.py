"""What was asked of a charger, in the words of its form."""

from typing import Any

import pytest
from django.utils import translation

from cpms.control.models import Command
from cpms.control.operations import OPERATIONS
from cpms.web.operate import asked
from cpms.web.operate.forms import FORMS
from cpms.web.templatetags import operate

BERLIN = "Europe/Berlin"
PROFILE = {
    "id": 7, "purpose": "TxDefaultProfile", "kind": "Recurring", "recurrency": "Daily",
    "stack_level": 2,
    "schedules": [
        {"start": "2026-03-01T21:00:00Z", "duration": 28_800, "unit": "A",
         "periods": [{"start": 0, "limit": 10}]},
    ],
}  # fmt: skip


def facts(operation: str, **request: Any) -> dict[str, str]:
    return dict(asked.facts(Command(operation=operation, request=request), BERLIN))


@pytest.mark.parametrize(
    ("operation", "request_", "told"),
    [
        ("reset", {"at_once": True}, {"When": "At once, whatever is running"}),
        ("reset", {"at_once": False, "evse": 2},
         {"When": "In order: it ends what is running properly, or waits for it",
          "What restarts": "2"}),
        ("change_availability", {"operative": False}, {"What it becomes": "Out of service"}),
        ("start", {"id_token": "DE8DBD1234", "remote_start_id": 4711}, {"Token": "DE…1234"}),
        ("change_settings", {"settings": [
            {"name": "HeartbeatInterval", "value": "300"},
            {"component": "Connector", "evse": 1, "connector": 1, "name": "Available",
             "value": "true"}]},
         {"What is to be": "HeartbeatInterval = 300\nConnector@1/1.Available = true"}),
        ("read_settings", {"request_id": 5}, {}),
        ("send_local_list", {"update": "full", "add": [], "remove": ["DE8DBD1234", "DE8DBD5678"]},
         {"What is sent": "All of it: replaces its list",
          "Only take these off": "DE…1234\nDE…5678"}),
        ("set_profile", {"evse": 1, "profile": PROFILE},
         {"Where": "1",
          "Limit": "10 A, every day from 22:00 to 06:00 · default profile 7, level 2"}),
        ("update_dynamic", {"id": 5, "limit": 8.0}, {"Number of the profile": "5", "At most": "8"}),
        ("set_monitors", {"monitors": [
            {"component": "Controller", "name": "Temperature", "type": "UpperThreshold",
             "value": 80.0, "severity": 3, "transaction": False}]},
         {"What": "Controller.Temperature · Rises above a limit: 80 · Critical"}),
        ("customer_information", {"report": True, "clear": False},
         {"It reports it": "yes", "It forgets it": "no"}),
        ("get_log", {"log": "security", "request_id": 3}, {"Which log": "Security events"}),
    ],
)  # fmt: skip
def test_what_was_asked_is_told_in_words(
    operation: str, request_: dict[str, Any], told: dict[str, str]
) -> None:
    assert facts(operation, **request_) == told


def test_times_are_the_site_s() -> None:
    told = facts("reserve", until="2026-03-02T12:00:00Z")["Until"]
    assert "13:00" in told
    assert "CET" in told


def test_yes_and_no_are_translated() -> None:
    with translation.override("de"):
        told = asked.facts(Command(operation="customer_information", request={"report": True}), "")
        assert [value for _label, value in told] == ["ja"]


def test_no_field_of_an_operation_is_told_by_a_name_of_our_code() -> None:
    for name, form in FORMS.items():
        for field in OPERATIONS[name].__struct_fields__:
            if field not in asked.OURS:
                assert field in form.base_fields or field in asked.LABELS, (name, field)


def test_settings_are_asked_again_as_they_were_and_long_ones_not_cut() -> None:
    setting = {"name": "HeartbeatInterval", "value": "300"}
    again = Command(operation="change_settings", request={"settings": [setting]})
    assert operate.again(again) == "?settings=HeartbeatInterval+%3D+300"
    many = Command(operation="change_settings", request={"settings": [setting] * 20})
    assert operate.again(many) == ""
