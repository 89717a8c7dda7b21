"""The section that shows a charger's local list and its rules for when it can't reach us."""

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from cpms.control import local_lists
from cpms.control.list_contents import Entry
from cpms.control.models import Command, LocalList, Token
from inventory.models import Role
from monitoring.models import ReportedVariable
from tests.network import person, signed_in

PAGE = "/chargers/CP-1/operate/local-list/"


@pytest.fixture
def cards(station):
    organisation = station.site.organisation
    Token.objects.create(organisation=organisation, id_token="04A1B2C3D4", group="FLEET")
    Token.objects.create(organisation=organisation, id_token="BLOCKED-CARD", status="blocked")
    now = timezone.now()
    put = [
        Entry("BLOCKED-CARD", "ISO14443", "Accepted"),
        Entry("GONE-CARD", "ISO14443", "Accepted"),
    ]
    local_lists.accepted(station, now, 3, put, [], full=True)


def test_it_shows_what_an_update_would_change_and_masks_tokens(client, station, cards):
    page = client.get(PAGE).content.decode()
    assert "3 tokens differ" in page
    for said in ("add it", "change it", "take it off", "04…C3D4"):
        assert said in page
    assert "04A1B2C3D4" not in page
    assert "version 3" in page


def test_a_charger_that_never_got_one_is_offered_all_of_it(client, station):
    page = client.get(PAGE).content.decode()
    assert "never sent a list" in page
    assert "/operate/do/send_local_list/?update=full" in page
    assert not LocalList.objects.exists()  # Looking stores nothing.


def test_a_list_that_drifted_says_so(client, station, cards):
    local_lists.reported(station, 1, timezone.now())
    assert "It has version 1, we sent 3" in client.get(PAGE).content.decode()


def test_an_update_is_asked_by_its_form(client, station, cards):
    url = "/chargers/CP-1/operate/do/send_local_list/"
    assert client.get(url + "?update=full").status_code == 200
    answer = client.post(url, {"update": "changes", "remove": "GONE-CARD, X;Y\nZ", "lasts": ""})
    assert answer.status_code in {200, 302}
    command = Command.objects.get()
    assert command.request == {
        "update": "changes", "add": [], "remove": ["GONE-CARD", "X", "Y", "Z"],
    }  # fmt: skip


def test_an_update_that_would_change_nothing_is_refused_at_its_form(client, station):
    local_lists.accepted(station, timezone.now(), 1, [], [], full=True)
    answer = client.post("/chargers/CP-1/operate/do/send_local_list/", {"update": "changes"})
    assert "nothing to send" in answer.content.decode()
    assert not Command.objects.exists()


def test_what_belongs_on_it_is_said_and_recorded(client, station):
    answer = client.post(PAGE + "rule/", {"kept": "on", "limit": "25", "groups": "FLEET, STAFF,"})
    assert answer.status_code == 302
    kept = LocalList.objects.get()
    assert (kept.kept, kept.limit, kept.groups) == (True, 25, ["FLEET", "STAFF"])
    deeds = [entry.additional_data for entry in LogEntry.objects.exclude(additional_data=None)]
    assert any(deed.get("deed") == "local list rule" for deed in deeds)
    wrong = client.post(PAGE + "rule/", {"limit": "0", "groups": "\x00"})
    assert wrong.status_code == 400
    assert LocalList.objects.get().limit == 25


def told(station, component, variable, value, **more):
    ReportedVariable.objects.create(
        charger=station, component=component, variable=variable, attribute="Actual", value=value,
        reported_at=timezone.now(), **more,
    )  # fmt: skip


def test_its_rules_are_changed_by_its_own_settings(client, station):
    told(station, "AuthCtrlr", "LocalAuthorizeOffline", "true")
    told(station, "AuthCacheCtrlr", "LifeTime", "3600")
    told(station, "TxCtrlr", "StopTxOnInvalidId", "true", mutability="ReadOnly")
    page = client.get(PAGE).content.decode()
    assert "AuthCtrlr.LocalAuthorizeOffline" in page
    assert "read only" in page
    asked = {
        "rule-offline": "false", "rule-cache_life": "3600", "rule-stop_invalid": "false",
        "rule-offline_unknown": "", "rule-master_pass": "MASTER",
    }  # fmt: skip
    assert client.post(PAGE + "offline/", asked).status_code == 302
    command = Command.objects.get()
    assert command.operation == "change_settings"
    assert command.request["settings"] == [
        {"component": "AuthCtrlr", "name": "LocalAuthorizeOffline", "value": "false"},
        {"component": "AuthCtrlr", "name": "MasterPassGroupId", "value": "MASTER"},
    ]


def test_in_1_6_they_are_its_keys(client, station):
    station.ocpp_version = "1.6"
    station.save()
    told(station, "", "LocalAuthorizeOffline", "True")
    client.post(PAGE + "offline/", {"rule-offline": "false", "rule-list": "true"})
    assert Command.objects.get().request["settings"] == [
        {"name": "LocalAuthListEnabled", "value": "true"},
        {"name": "LocalAuthorizeOffline", "value": "false"},
    ]
    Command.objects.all().delete()
    assert client.post(PAGE + "offline/", {"read": "yes"}).status_code == 302
    assert {"name": "StopTransactionOnInvalidId"} in Command.objects.get().request["settings"]


def test_a_rule_that_makes_no_sense_is_refused_in_words(client, station):
    for value in ("lots", "-1", "1e9", "9" * 30):
        answer = client.post(PAGE + "offline/", {"rule-cache_life": value})
        assert answer.status_code == 400
        assert "whole number" in answer.content.decode()
    assert not Command.objects.exists()


def test_who_may_not_command_only_looks(station):
    viewer = signed_in(person("vera", Role.VIEWER, station.site.organisation))
    assert "do/send_local_list" not in viewer.get(PAGE).content.decode()
    for part in ("rule/", "offline/"):
        assert viewer.post(PAGE + part, {"read": "yes"}).status_code == 403
    assert not Command.objects.exists()
