"""Which tokens belong on a charger's local list, and what is sent when they change."""

from datetime import UTC, datetime, timedelta

import pytest

from cpms.control import commands, list_contents, local_lists
from cpms.control.commands import SYSTEM, Refused
from cpms.control.list_contents import Entry
from cpms.control.models import Command, LocalList, Token
from cpms.control.operations.local_lists import SendLocalList
from cpms.ocpp.commands import local_lists as wire
from inventory.models import Site
from monitoring.models import ChargerState, ReportedVariable, Session
from tests import network
from tests.network import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    place = network.site(network.tenant())
    return network.charger(place, "CP-1", ocpp_version="1.6")


def token(charger, name, **fields):
    organisation = charger.site.organisation
    return Token.objects.create(organisation=organisation, id_token=name, **fields)


def wanted(charger):
    return list(list_contents.wanted(list_contents.of(charger), charger, NOON).entries)


def holds(charger, *names, version=3):
    """Have the charger hold these tokens."""
    put = [Entry(name, "ISO14443", "Accepted") for name in names]
    local_lists.accepted(charger, NOON, version, put, [], full=True)


def test_those_belong_on_a_list_that_may_charge_there(charger):
    elsewhere = Site.objects.create(
        organisation=charger.site.organisation, name="Elsewhere", timezone="UTC"
    )
    token(charger, "EVERYWHERE", expires_at=NOON + timedelta(days=1))
    token(charger, "HERE", limited=True).sites.add(charger.site)
    token(charger, "CHARGER", limited=True).chargers.add(charger)
    token(charger, "THERE", limited=True).sites.add(elsewhere)
    token(charger, "NOWHERE", limited=True)
    token(charger, "OVER", expires_at=NOON)
    token(charger, "BLOCKED", status="blocked")
    token(charger, "KEPT-OFF", on_local_lists=False)
    token(charger, "LONGER-THAN-1.6-CAN-SAY")
    other = network.charger(network.site(network.tenant("Other")), "CP-2")
    token(other, "STRANGER")
    assert wanted(charger) == ["CHARGER", "HERE", "EVERYWHERE"]
    assert list_contents.left_over(list_contents.of(charger), charger, NOON) == (0, 1)


def test_who_charges_here_comes_first_where_not_all_fit(charger):
    for name in ("A", "B", "C", "D"):
        token(charger, name)
    Session.objects.create(
        pk=1, charger=charger, transaction_id="1", id_token="d", started=NOON, received=NOON,
        updated=NOON,
    )  # fmt: skip
    ReportedVariable.objects.create(
        charger=charger, variable="LocalAuthListMaxLength", attribute="Actual", value="2",
        reported_at=NOON,
    )  # fmt: skip
    assert wanted(charger) == ["D", "A"]
    assert list_contents.left_over(list_contents.of(charger), charger, NOON) == (2, 0)


def test_only_some_groups_are_on_a_list_where_staff_say_so(charger):
    token(charger, "FLEET-1", group="FLEET")
    token(charger, "ANYBODY")
    LocalList.objects.create(charger=charger, groups=["FLEET"])
    assert wanted(charger) == ["FLEET-1"]


def test_an_update_tells_what_changed_and_nothing_else(charger):
    token(charger, "STAYS")
    token(charger, "NEW", group="FLEET")
    token(charger, "BAD", status="blocked")
    holds(charger, "STAYS", "BAD", "DELETED")
    (call,) = wire.compose(charger.pk, SendLocalList(), "1.6", NOON)
    assert call.payload == {
        "listVersion": 4,
        "updateType": "Differential",
        "localAuthorizationList": [
            {"idTag": "NEW", "idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET"}},
            {"idTag": "BAD", "idTagInfo": {"status": "Blocked"}},
            {"idTag": "DELETED"},
        ],
    }


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_what_was_accepted_is_not_sent_again(charger, version):
    charger.ocpp_version = version
    charger.save()
    soon = datetime(2099, 4, 1, 12, 0, 0, 123_456, tzinfo=UTC)
    token(charger, "A", type="eMAID", group="G" * 30, language="de", expires_at=soon)
    (call,) = wire.compose(charger.pk, SendLocalList(update="full"), version, NOON)
    put, gone = wire._read(call.payload["localAuthorizationList"])
    local_lists.accepted(charger, NOON, 1, put, gone, full=True)
    with pytest.raises(Refused, match="nothing to send"):
        commands.request(charger, SendLocalList(), SYSTEM)


def test_a_long_list_goes_out_in_parts_with_rising_versions(charger):
    for number in range(5):
        token(charger, f"CARD-{number}")
    ReportedVariable.objects.create(
        charger=charger, variable="SendLocalListMaxLength", attribute="Actual", value="2",
        reported_at=NOON,
    )  # fmt: skip
    calls = wire.compose(charger.pk, SendLocalList(update="full"), "1.6", NOON)
    said = [
        (
            c.payload["updateType"],
            c.payload["listVersion"],
            len(c.payload["localAuthorizationList"]),
        )
        for c in calls
    ]
    assert said == [("Full", 1, 2), ("Differential", 2, 2), ("Differential", 3, 1)]


def test_a_message_is_no_larger_than_a_charger_takes(charger):
    for number in range(5):
        token(charger, f"CARD-{number}")
    ReportedVariable.objects.create(
        charger=charger, component="LocalAuthListCtrlr", variable="BytesPerMessage",
        attribute="Actual", value="400", reported_at=NOON,
    )  # fmt: skip
    calls = wire.compose(charger.pk, SendLocalList(update="full"), "2.0.1", NOON)
    assert [len(c.payload["localAuthorizationList"]) for c in calls] == [2, 2, 1]


def test_a_forgotten_token_leaves_the_list_and_stays_off(charger):
    token(charger, "VALID")
    holds(charger, "VALID", version=7)
    command = local_lists.forget("valid", charger)
    asked = SendLocalList.read(command.request)
    (call,) = wire.compose(charger.pk, asked, "2.0.1", NOON)
    assert call.payload == {
        "versionNumber": 8,
        "updateType": "Differential",
        "localAuthorizationList": [{"idToken": {"idToken": "VALID", "type": "ISO14443"}}],
    }
    local_lists.accepted(charger, NOON, 8, [], ["VALID"], full=False)
    assert wanted(charger) == []


def test_a_mismatch_is_mended_by_a_whole_list_and_only_once(charger):
    holds(charger, "A")
    sent = local_lists.mismatched(charger, full=False)
    assert sent.request == {"update": "full", "add": [], "remove": []}
    assert local_lists.mismatched(charger, full=True) is None
    assert Command.objects.count() == 1
    assert list_contents.of(charger).trouble == "mismatch"


@pytest.mark.parametrize(("version", "holds"), [(3, True), (2, False)])
def test_the_version_that_it_says_shows_whether_it_has_what_it_took(charger, version, holds):
    commands.request(charger, SendLocalList(update="full"), SYSTEM)
    Command.objects.update(state="accepted")
    local_lists.accepted(charger, NOON, 3, [], [], full=True)
    local_lists.reported(charger, version, NOON)
    command = Command.objects.get()
    assert (command.verified, command.evidence) == (
        holds,
        "list_version" if holds else "other_list_version",
    )


def test_a_list_that_drifted_is_shown_and_mended_where_it_is_kept(charger):
    holds(charger, "A", version=3)
    local_lists.reported(charger, 2, NOON)
    kept = list_contents.of(charger)
    assert kept.drifted
    assert kept.trouble == "mismatch"
    assert not Command.objects.exists()
    LocalList.objects.update(kept=True)
    local_lists.reported(charger, 0, NOON)
    local_lists.reported(charger, 0, NOON)
    assert [c.request["update"] for c in Command.objects.all()] == ["full"]


def test_a_charger_is_asked_after_its_list_once_a_day_and_after_a_boot(charger):
    holds(charger, "A")
    ChargerState.objects.update(online=True, booted_at=NOON - timedelta(hours=1))
    assert local_lists.ask_versions(NOON + timedelta(hours=1)) == 0
    ChargerState.objects.update(booted_at=NOON + timedelta(hours=1))
    assert local_lists.ask_versions(NOON + timedelta(hours=1)) == 1
    Command.objects.update(requested_at=NOON + timedelta(hours=1))
    assert local_lists.ask_versions(NOON + timedelta(hours=1)) == 0
    ChargerState.objects.update(booted_at=None)
    Command.objects.all().delete()
    assert local_lists.ask_versions(NOON + timedelta(hours=25)) == 1


def test_changes_are_sent_by_themselves_only_to_lists_that_are_kept(charger):
    card = token(charger, "A")
    holds(charger, "A")
    now = datetime.now(UTC)
    assert local_lists.keep_up_to_date(now) == 0
    LocalList.objects.update(kept=True, compared_at=now + timedelta(minutes=1))
    assert local_lists.keep_up_to_date(now + timedelta(minutes=2)) == 0
    LocalList.objects.update(compared_at=now - timedelta(minutes=1))
    Token.objects.filter(pk=card.pk).update(status="blocked")
    assert list(local_lists.holders(card)) == [list_contents.of(charger)]
    assert local_lists.keep_up_to_date(now) == 1
    # It is on its way: nothing is sent twice.
    assert local_lists.keep_up_to_date(now + timedelta(hours=7)) == 0
    assert Command.objects.get().source == "system"


def test_who_deletes_a_token_leaves_a_trace_for_a_day(charger):
    holds(charger, "A")
    card = token(charger, "A")
    LocalList.objects.update(kept=True, compared_at=datetime.now(UTC) - timedelta(seconds=1))
    card.delete()
    now = datetime.now(UTC)
    assert local_lists.keep_up_to_date(now) == 1
    assert local_lists.forget_gone(now) == 0
    assert local_lists.forget_gone(now + timedelta(days=2)) == 1
