"""One operation over many chargers: chosen on the fleet page, asked after a question, watched."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cpms.control import bulks
from cpms.control.commands import SYSTEM
from cpms.control.models import Bulk, Command
from cpms.control.operations.remote import Trigger
from cpms.web.operate import bulk as bulk_page
from inventory.models import Charger, Organisation, Role, Site
from monitoring.facts import Status
from tests.api import Api
from tests.cpms.web.operate.conftest import NOW
from tests.monitoring.charger_page.past import HOUR, session
from tests.network import charger, person, port, signed_in, site, tenant


@pytest.fixture
def fleet(place: Site) -> list[Charger]:
    """Three chargers, of which one serves somebody, one is offline, and one is a 1.6."""
    busy = charger(place, "A-1", since=NOW - HOUR, ocpp_version="2.0.1")
    evse = port(busy, 1, Status.CHARGING, NOW - HOUR)
    session(busy, NOW - HOUR, None, evse)
    session(busy, NOW - 2 * HOUR, None, evse)  # Left open: it is over since the other one began.
    away = charger(place, "A-2", since=NOW - HOUR, online=False, ocpp_version="2.0.1")
    old = charger(place, "A-3", Status.AVAILABLE, since=NOW - HOUR, ocpp_version="1.6")
    return [busy, away, old]


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_fleet_page_leads_there_with_its_filters(client: Client, fleet: list[Charger]) -> None:
    page = text(client, "/?version=2.0.1")
    assert "may-ask" in page
    assert 'href="/commands/bulk/?version=2.0.1"' in page
    chosen = text(client, "/commands/bulk/?version=2.0.1")
    assert "2 chargers of Nordstrom" in chosen
    assert 'href="/commands/bulk/reset/?version=2.0.1"' in chosen
    assert "Unlock" not in chosen


def test_it_says_who_is_hurt_and_asks_once_more(client: Client, fleet: list[Charger]) -> None:
    shown = text(client, "/commands/bulk/reset/")
    assert "1 session runs now, at 1 of them" in shown
    assert "1 is offline" in shown
    asked = client.post("/commands/bulk/reset/", {"at_once": "yes"}).content.decode()
    assert "is asked of 3 chargers of Nordstrom" in asked
    assert "1 running session at 1 of these chargers would be cut off" in asked
    assert not Command.objects.exists()
    fields = {"at_once": "yes", "reason": "New firmware", "confirmed": ["size-3", "sessions-1"]}
    answer = client.post("/commands/bulk/reset/", fields)
    bulk = Bulk.objects.get()
    assert answer["Location"] == f"/commands/bulks/{bulk.pk}/"
    assert (bulk.size, bulk.requested_by_name, bulk.reason) == (3, "olga", "New firmware")
    assert Command.objects.filter(bulk=bulk, state="pending").count() == 3


def test_filters_that_cannot_be_read_choose_nothing(client: Client, fleet: list[Charger]) -> None:
    assert "can't be read: version, x" in text(client, "/commands/bulk/?x=1&version=")
    client.post("/commands/bulk/reset/?x=1", {"confirmed": "size-3"})
    assert not Bulk.objects.exists()


def test_another_organisation_s_chargers_are_neither_counted_nor_asked(
    client: Client, fleet: list[Charger]
) -> None:
    charger(site(tenant("Other")), "B-1", ocpp_version="2.0.1")
    assert "3 chargers of Nordstrom" in text(client, "/commands/bulk/")


def test_a_viewer_is_led_nowhere(organisation: Organisation, fleet: list[Charger]) -> None:
    vera = signed_in(person("vera", Role.VIEWER, organisation))
    assert "may-ask" not in text(vera, "/")
    assert vera.get("/commands/bulk/").status_code == 403
    assert vera.post("/commands/bulk/reset/", {"confirmed": "size-3"}).status_code == 403
    assert not Bulk.objects.exists()


@pytest.fixture
def bulk(organisation: Organisation, fleet: list[Charger]) -> Bulk:
    return bulks.start(organisation, Charger.objects.all(), Trigger(message="boot"), SYSTEM)


def test_its_page_counts_the_ends_and_lists_trouble_first(
    client: Client, operator: User, bulk: Bulk
) -> None:
    Command.objects.filter(charger__identity="A-2").update(state="rejected", result="Rejected")
    Command.objects.filter(charger__identity="A-3").update(state="accepted", verified=True)
    shown = text(client, f"/commands/bulks/{bulk.pk}/")
    assert "2 of 3 are over" in shown
    assert shown.index(">A-2<") < shown.index(">A-1<") < shown.index(">A-3<")
    narrowed = text(client, f"/commands/bulks/{bulk.pk}/?end=rejected")
    assert ">A-2<" in narrowed
    assert ">A-1<" not in narrowed


def test_it_is_stopped_with_one_button(client: Client, bulk: Bulk) -> None:
    Command.objects.filter(charger__identity="A-2").update(state="sent")
    client.post(f"/commands/bulks/{bulk.pk}/stop/")
    states = Command.objects.order_by("charger__identity").values_list("state", flat=True)
    assert list(states) == ["cancelled", "sent", "cancelled"]
    assert "stopped by olga" in text(client, f"/commands/bulks/{bulk.pk}/")


def test_a_large_one_costs_no_more_queries(
    client: Client, place: Site, organisation: Organisation,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    Charger.objects.bulk_create(Charger(site=place, identity=f"C-{n}") for n in range(300))
    made = bulks.start(organisation, Charger.objects.all(), Trigger(message="boot"), SYSTEM)
    with django_assert_max_num_queries(14):
        client.get(f"/commands/bulks/{made.pk}/")
    with django_assert_max_num_queries(14):
        client.get("/commands/")
    with django_assert_max_num_queries(14):
        client.get("/commands/bulk/trigger/")


def test_what_one_of_their_versions_cannot_say_is_refused(
    client: Client, fleet: list[Charger]
) -> None:
    fields = {"at_once": "yes", "evse": "1", "confirmed": ["size-3", "sessions-1"]}
    api = Api.of(User.objects.get(username="olga"))
    asked = {
        "organisation": fleet[0].site.organisation_id, "filters": "lifecycle=active",
        "operation": "reset", "request": {"evse": 1},
    }  # fmt: skip
    answer = api.post("bulks/", asked)
    assert (answer.status, "OCPP 1.6 can't reset one port" in answer.body["detail"]) == (422, True)
    client.post("/commands/bulk/reset/", fields)  # The form of many has no port.
    assert Bulk.objects.get().request == {"at_once": True}


@pytest.mark.parametrize(
    ("key", "confirmed", "holds"),
    [
        ("sessions-100", ["sessions-95"], True),
        ("sessions-100", ["sessions-120"], True),
        ("sessions-100", ["sessions-50"], False),
        ("sessions-1", [], False),
        ("sessions-1", ["size-5", "sessions-x", "sessions-" + "9" * 50], False),
        ("out-of-service", ["out-of-service"], True),
        ("out-of-service", ["out-of-9"], False),
    ],
)
def test_what_was_confirmed_holds_while_a_fleet_changes_a_little(
    key: str, confirmed: list[str], holds: bool
) -> None:
    assert bulk_page._is_confirmed(key, confirmed) is holds
