"""Sites as a list, on the map, and each on its own page, as people meet them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from alerts import engine
from inventory import plan
from inventory.models import Charger, Evse, Organisation, Role, Site
from monitoring import live, site_day
from monitoring.facts import CloseReason, Status
from monitoring.kpis import rollup
from monitoring.models import (
    ChargerState,
    DailyKpi,
    Event,
    PortState,
    Session,
)
from monitoring.templatetags.sites import site_power
from tests.alerts.world import World, minutes, seen_at
from tests.network import NOON, charger, connection, person, signed_in, site, tenant

HOUR = timedelta(hours=1)
#: The most queries a page may cost, whatever is on it.
MOST_QUERIES = 15


@pytest.fixture
def place(organisation: Organisation) -> Site:
    return site(
        organisation, "Ostbahnhof", address="Koppenstraße 3", postal_code="10243",
        region="Brandenburg", country="DE", latitude=52.5103, longitude=13.4349,
    )  # fmt: skip


@pytest.fixture
def lead(organisation: Organisation) -> User:
    return person("lea", Role.LEAD, organisation)


@pytest.fixture
def client(lead: User) -> Client:
    return signed_in(lead)


def test_the_list_is_shared_by_those_who_see_the_same(client: Client, place: Site) -> None:
    charger(place, "CP-1", Status.FAULTED)
    part = {"HX-Request": "true", "HX-Target": "sites"}
    answer = client.get("/sites/?state=faulted", headers=part)
    assert live.SHARED in answer
    assert "data-live-shared" in answer.content.decode()
    again = signed_in(person("lars", Role.LEAD, place.organisation))
    assert again.get("/sites/?state=faulted", headers=part).content == answer.content
    assert live.SHARED not in client.get("/sites/")


def listed(client: Client, query: str = "") -> list[str]:
    """Return the sites of the list, from top to bottom."""
    return [row.name for row in client.get(f"/sites/{query}").context["page"]]


def on_map(client: Client, query: str = "") -> dict[str, Any]:
    """Return what the map is told of each site, by name."""
    told = client.get(f"/map/sites/{query}").json()
    return {
        name: {
            "key": key, "place": town, "at": (latitude, longitude),
            "region": told["regions"][region], "organisation": told["organisations"][tenant_][1],
            "states": {s: n for s, n in zip(told["states"], counts, strict=True) if n},
        }
        for key, name, town, region, tenant_, latitude, longitude, counts in told["sites"]
    }  # fmt: skip


# --- The list -----------------------------------------------------------------------------


def test_sites_come_worst_first_and_the_empty_ones_last(
    client: Client, organisation: Organisation
) -> None:
    for name, states in (("A fine", [Status.AVAILABLE]), ("B faulted", [Status.FAULTED])):
        charger(site(organisation, name), "", *states)
    charger(site(organisation, "C lost"), "", Status.AVAILABLE, online=False)
    charger(site(organisation, "D busy"), "", Status.CHARGING)
    site(organisation, "E empty")
    assert listed(client) == ["C lost", "B faulted", "D busy", "A fine", "E empty"]


def test_in_one_state_the_latest_change_comes_first(
    client: Client, organisation: Organisation
) -> None:
    for name, hours in (("Old", 5), ("New", 1), ("Older", 9)):
        charger(
            site(organisation, name), "", Status.AVAILABLE, online=False, since=NOON - hours * HOUR
        )
    assert listed(client) == ["New", "Old", "Older"]


def test_retired_chargers_are_not_counted(client: Client, place: Site) -> None:
    charger(place, "GONE", Status.FAULTED, lifecycle="decommissioned")
    charger(place, "HERE", Status.AVAILABLE)
    row = client.get("/sites/").context["page"][0]
    assert (row.chargers, row.worst) == (1, "available")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=koppen", ["Ostbahnhof"]),
        ("?q=KOPPEN+10243", ["Ostbahnhof"]),
        ("?q=berlin+nord", ["Ostbahnhof", "Westhafen"]),
        ("?q=%00", ["Ostbahnhof", "Westhafen"]),
        ("?q=nowhere", []),
        ("?region=Brandenburg", ["Ostbahnhof"]),
        ("?state=faulted", ["Westhafen"]),
        ("?state=charging", ["Westhafen"]),
        ("?state=empty", ["Ostbahnhof"]),
        ("?state=no+such", ["Ostbahnhof", "Westhafen"]),
        ("?organisation=999999999999999999999", ["Ostbahnhof", "Westhafen"]),
        ("?sort=-name", ["Westhafen", "Ostbahnhof"]),
        ("?sort=-chargers", ["Westhafen", "Ostbahnhof"]),
        ("?sort=chargers", ["Ostbahnhof", "Westhafen"]),
        ("?sort=since", ["Ostbahnhof", "Westhafen"]),
        ("?sort=1;drop", ["Westhafen", "Ostbahnhof"]),
        ("?page=99999999999999999999", None),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    client: Client, place: Site, organisation: Organisation, query: str, found: list[str] | None
) -> None:
    charger(site(organisation, "Westhafen"), "", Status.FAULTED)
    charger(Site.objects.get(name="Westhafen"), "", Status.CHARGING)
    shown = listed(client, query)
    if found is not None:
        assert (shown if "sort" in query else sorted(shown)) == found


def test_the_list_comes_in_pages(client: Client, organisation: Organisation) -> None:
    for number in range(53):
        site(organisation, f"Site {number:02}")
    assert len(listed(client)) == 50
    assert listed(client, "?page=2&sort=name") == ["Site 50", "Site 51", "Site 52"]


def test_the_list_says_how_many_incidents_are_open(lead: User) -> None:
    world = World.make("Süd")
    one = world.charger("SUED-1")
    world.lose(one, NOON)
    engine.run(seen_at(NOON + minutes(10)))
    client = signed_in(world.person("sue", Role.OPERATOR))
    assert "1 open" in client.get("/sites/").content.decode()


# --- The map ------------------------------------------------------------------------------


def test_the_map_is_told_where_and_how_each_site_is(
    client: Client, place: Site, organisation: Organisation
) -> None:
    charger(place, "", Status.FAULTED)
    charger(place, "", Status.CHARGING)
    charger(place, "", Status.AVAILABLE, online=False)
    site(organisation, "Nowhere", city="")
    told = on_map(client)
    assert told["Ostbahnhof"] == {
        "key": place.pk, "place": "10243 Berlin", "at": (52.5103, 13.4349),
        "region": "Brandenburg", "organisation": "Nordstrom",
        "states": {"offline": 1, "faulted": 1, "charging": 1},
    }  # fmt: skip
    assert told["Nowhere"]["at"] == (None, None)


def test_after_news_only_the_sites_that_changed_are_asked_for(
    client: Client, place: Site, organisation: Organisation
) -> None:
    other = site(organisation, "Other")
    site(organisation, "Third")
    assert set(on_map(client, f"?site={place.pk},{other.pk}")) == {"Ostbahnhof", "Other"}


@pytest.mark.parametrize(
    "asked", ["x", "", ",", "1;2", "9" * 30, ",".join(["1"] * 201), "-1", "\0"]
)
def test_what_can_t_be_read_asks_for_all(client: Client, place: Site, asked: str) -> None:
    answer = client.get("/map/sites/", {"site": asked})
    assert answer.status_code == 200
    assert [name for _key, name, *_rest in answer.json()["sites"]] == ["Ostbahnhof"]


def test_the_map_shows_nobody_another_tenant_s_sites(
    client: Client, place: Site, organisation: Organisation
) -> None:
    theirs = site(tenant("Other"), "Theirs", latitude=1.0, longitude=1.0)
    assert set(on_map(client)) == {"Ostbahnhof"}
    assert on_map(client, f"?site={theirs.pk}") == {}
    only = person("nora", Role.OPERATOR, organisation, sites=(site(organisation, "Hers"),))
    assert set(on_map(signed_in(only))) == {"Hers"}


def test_five_thousand_sites_are_told_in_few_queries(
    client: Client, organisation: Organisation, django_assert_max_num_queries: Any
) -> None:
    sites = Site.objects.bulk_create(
        Site(organisation=organisation, name=f"Site {n}", latitude=50 + n / 1000, longitude=9.0)
        for n in range(5_000)
    )
    Charger.objects.bulk_create(Charger(site=one, identity=f"CP-{one.pk}") for one in sites[:500])
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = client.get("/map/sites/", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 150_000


def test_the_map_names_its_tile_server_only_if_there_is_one(
    client: Client, settings: Settings
) -> None:
    assert 'data-tiles=""' in client.get("/map/").content.decode()
    settings.MAP_TILES_URL = "https://tiles.example/{z}/{x}/{y}.png"
    settings.MAP_TILES_ATTRIBUTION = "<b>Maps</b> & co"
    page = client.get("/map/").content.decode()
    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in page
    assert "&lt;b&gt;Maps&lt;/b&gt; &amp; co" in page


def test_a_site_s_card_has_its_states_incidents_and_whom_to_call(client: Client) -> None:
    world = World.make("Süd")
    Site.objects.filter(pk=world.site.pk).update(contact="Jo: +49 30 5550 016")
    world.lose(world.charger("SUED-1"), NOON)
    engine.run(seen_at(NOON + minutes(10)))
    card = signed_in(world.person("sue", Role.OPERATOR)).get(f"/sites/{world.site.pk}/card/")
    text = card.content.decode()
    assert "1 Offline" in text
    assert "SUED-1 is offline" in text
    assert "nobody has it yet" in text
    assert 'href="tel:+49305550016"' in text


# --- A site's page ------------------------------------------------------------------------


def page(client: Client, place: Site, part: str = "") -> str:
    answer = client.get(f"/sites/{place.pk}/" + (f"part/{part}/" if part else ""))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_says_what_is_broken_since_when_and_what_is_charging(
    client: Client, place: Site
) -> None:
    charger(place, "CP-OK", Status.AVAILABLE, bay="Bay 2")
    busy = charger(place, "CP-BUSY", Status.CHARGING, bay="Bay 10")
    PortState.objects.filter(evse__charger=busy).update(power=11_000)
    charger(place, "CP-LOST", Status.AVAILABLE, online=False)
    connection(Charger.objects.get(identity="CP-LOST"), NOON - HOUR, NOON, CloseReason.PING_TIMEOUT)
    shown = client.get(f"/sites/{place.pk}/").context["now"]
    assert [row.charger.identity for row in shown.broken] == ["CP-LOST"]
    assert (shown.power, shown.charging, shown.ports) == (11_000, 1, 3)
    assert (shown.online, shown.seen) == (2, 3)
    text = page(client, place)
    assert "it stopped answering" in text
    assert text.index("Bay 2") < text.index("Bay 10")


def test_a_site_lost_within_two_minutes_is_called_one_loss(client: Client, place: Site) -> None:
    for number in range(3):
        charger(place, "", Status.AVAILABLE, online=False, since=NOON + number * minutes(0.5))
    assert "All 3 chargers of the site went offline within 2 minutes" in page(client, place)
    charger(place, "", Status.AVAILABLE)
    text = page(client, place)
    assert "All 3 chargers" not in text
    assert "3 of 4 chargers went offline within 2 minutes" in text


def test_a_loss_of_our_own_making_is_not_the_site_s(client: Client, place: Site) -> None:
    for _number in range(3):
        lost = charger(place, "", Status.AVAILABLE, online=False)
        connection(lost, NOON - HOUR, NOON, CloseReason.GATEWAY_DIED)
    assert "within 2 minutes" not in page(client, place)


def test_an_empty_site_says_what_to_do(client: Client, place: Site, lead: User) -> None:
    guide = reverse("connect-what", args=[place.pk])
    assert f'href="{guide}"' in page(client, place)
    viewer = person("vic", Role.VIEWER, place.organisation)
    assert "Ask an administrator" in page(signed_in(viewer), place)
    for part in ("now", "weather", "day"):
        page(client, place, part)


@time_machine.travel(datetime(2026, 3, 2, 19, 30, tzinfo=UTC), tick=False)
def test_opening_hours_are_told_in_the_site_s_own_time(client: Client, place: Site) -> None:
    Site.objects.filter(pk=place.pk).update(opening_hours={"mon": [["07:00", "21:00"]]})
    opening = client.get(f"/sites/{place.pk}/").context["opening"]
    # It is 20:30 in Berlin.
    assert opening.now
    assert opening.change == datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    assert dict(opening.week) == {
        "mon": "07:00–21:00", "tue": "", "wed": "", "thu": "", "fri": "", "sat": "", "sun": "",
    }  # fmt: skip


def test_who_puts_a_charger_where_somebody_else_has_just_put_one_is_told(
    transactional_db: None, client: Client, place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, real = charger(place, "CP-1"), plan.arrange

    def late(*given: Any) -> int:
        charger(place, "CP-2", plan_column=1, plan_row=1)
        return real(*given)

    monkeypatch.setattr(plan, "arrange", late)
    answer = client.post(f"/sites/{place.pk}/plan/", {f"place-{mine.pk}": "A1"}, follow=True)
    assert "Somebody else has just changed the plan" in answer.content.decode()
    assert answer.status_code == 200


def test_the_plan_has_each_charger_at_its_place(client: Client, place: Site) -> None:
    charger(place, "CP-1", plan_column=3, plan_row=2)
    charger(place, "CP-2", plan_column=5, plan_row=3)
    charger(place, "CP-3")
    now = client.get(f"/sites/{place.pk}/").context["now"]
    drawn = [[row and row.charger.identity for row in line] for line in now.plan]
    assert drawn == [["CP-1", None, None], [None, None, "CP-2"]]
    assert [row.charger.identity for row in now.beside_plan] == ["CP-3"]


def test_four_hundred_chargers_cost_no_more_queries_than_three(
    client: Client, place: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(place, 400)
    for path in ("", "part/now/", "part/weather/", "part/day/", "plan/", "card/"):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(f"/sites/{place.pk}/{path}").status_code == 200


def fill(place: Site, number: int) -> None:
    """Add chargers of two ports each, all offline and faulted by turns, with a week of KPIs."""
    made = Charger.objects.bulk_create(
        Charger(site=place, identity=f"BIG-{n:03}", commissioned_at=NOON) for n in range(number)
    )
    ChargerState.objects.bulk_create(
        ChargerState(charger=one, online=n % 9 > 0, since=NOON, last_seen=NOON)
        for n, one in enumerate(made)
    )
    ports = Evse.objects.bulk_create(Evse(charger=c, number=n) for c in made for n in (1, 2))
    PortState.objects.bulk_create(
        PortState(evse=port, status=Status.FAULTED if n % 7 == 0 else Status.CHARGING, since=NOON)
        for n, port in enumerate(ports)
    )
    today = datetime.now(UTC).date()
    DailyKpi.objects.bulk_create(
        DailyKpi(
            evse=port, charger_id=port.charger_id, day=today - timedelta(days=back), up=80_000,
            offline=6_400, faulted=0, unavailable=0, no_data=0, attempts=0, successes=0, refused=0,
            until=NOON,
        )
        for port in ports
        for back in range(7)
    )  # fmt: skip


def test_the_list_and_its_page_hold_at_many_sites(
    client: Client, organisation: Organisation, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        charger(site(organisation, f"Site {number}"), "", Status.AVAILABLE, Status.FAULTED)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get("/sites/").status_code == 200


UGLY = ["<script>alert(1)</script>", "\u202eزحل", "x" * 110, "{{ 7 }}", "a'b\"c&d"]


@pytest.mark.parametrize("name", UGLY)
def test_ugly_names_are_shown_as_they_are_and_run_nowhere(
    client: Client, organisation: Organisation, name: str
) -> None:
    place = site(
        organisation, name, city=name[:80], address=name, region=name[:80], contact=name,
        access_notes=f"{name}\n{name}", latitude=1.0, longitude=1.0,
    )  # fmt: skip
    charger(place, "CP-1", Status.FAULTED, bay=name[:20])
    PortState.objects.update(error_code="OtherError", info=name)
    site(organisation, "Second", region="Second")
    for path in ("", "card/", "plan/", "part/now/", "part/weather/", "part/day/"):
        text = client.get(f"/sites/{place.pk}/{path}").content.decode()
        assert "<script>alert" not in text
    for path in ("/sites/", "/map/", "/map/sites/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert path == "/map/sites/" or "<script>alert" not in answer.content.decode()
    assert client.get("/map/sites/")["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["99999999999999999999/", "0/", "0/card/", "{key}/part/no-such/", "{key}/part/NOW/"]
)
def test_what_is_not_there_is_a_404(client: Client, place: Site, path: str) -> None:
    assert client.get(f"/sites/{path.format(key=place.pk)}").status_code == 404


# --- The weather and the day ----------------------------------------------------------------


@time_machine.travel(datetime(2026, 3, 3, 12, 0, tzinfo=UTC), tick=False)
def test_the_weather_has_each_day_s_shares_and_the_worst_charger_first(
    client: Client, place: Site
) -> None:
    good = charger(place, "CP-GOOD", Status.AVAILABLE, commissioned_at=NOON)
    bad = charger(place, "CP-BAD", Status.AVAILABLE, commissioned_at=NOON)
    connection(good, NOON)
    connection(bad, NOON, NOON + 6 * HOUR, CloseReason.LOST)
    ChargerState.objects.filter(charger=bad).update(online=False, since=NOON + 6 * HOUR)
    rollup.settle(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    text = page(client, place, "weather")
    assert text.index("CP-BAD") < text.index("CP-GOOD")
    # In Berlin the day ended 11 hours after noon UTC: 6 of them online.
    assert "2 Mar: offline 45.5 %, working 54.5 %" in text
    assert "2 Mar: working 100 %" in text
    assert "1 Mar: no data" in text
    path, german = f"/sites/{place.pk}/part/weather/", {"Accept-Language": "de"}
    assert 'data-says="02.03.: ' in client.get(path, headers=german).content.decode()


def test_the_weather_of_many_chargers_comes_in_pages(client: Client, place: Site) -> None:
    fill(place, 45)
    assert page(client, place, "weather").count('<th scope="row"><a') == 20
    last = client.get(f"/sites/{place.pk}/part/weather/?page=3").content.decode()
    assert last.count('<th scope="row"><a') == 5
    odd = client.get(f"/sites/{place.pk}/part/weather/?page=-7\0").status_code
    assert odd == 200


def test_a_day_of_many_sessions_loads_those_it_shows(
    lead: User,
    place: Site,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    one = charger(place, "CP-1")
    now = NOON + 8 * HOUR
    Session.objects.bulk_create(
        Session(
            id=number, charger=one, transaction_id=str(number), energy=1_000.0, received=NOON,
            started=started, ended=ended, updated=ended or started,
        )
        for number, (started, ended) in enumerate([
            *[(NOON - 900 * HOUR - n * HOUR, None) for n in range(40)],
            *[(NOON + n * HOUR / 60, NOON + HOUR + n * HOUR / 60) for n in range(40)],
        ])
    )  # fmt: skip
    made: list[int] = []
    monkeypatch.setattr(Session, "__init__", _counting(made, Session.__init__))
    with django_assert_num_queries(3):
        visits = site_day.visits(lead, place, now)
    assert len(made) == len(visits.latest) == site_day.MOST_SESSIONS
    assert (visits.started, visits.running, visits.energy) == (40, 40, 80_000)
    assert sum(visits.powers) / 4 == pytest.approx(40_000)


def _counting(made: list[int], begin: Any) -> Any:
    def counted(self: Any, *given: Any, **named: Any) -> None:
        made.append(1)
        begin(self, *given, **named)

    return counted


@time_machine.travel(NOON + HOUR, tick=False)
def test_the_day_has_its_sessions_power_and_troubles(client: Client, place: Site) -> None:
    one = charger(place, "CP-1", Status.FAULTED, since=NOON)
    PortState.objects.update(error_code="GroundFailure")
    evse = one.evses.get()
    evse.status_spans.update(error_code="GroundFailure")
    connection(one, NOON - 2 * HOUR, NOON - HOUR, CloseReason.LOST)
    Event.objects.create(
        charger=one, kind="security", at=NOON, received=NOON, severity=2, code="TamperDetection"
    )
    Session.objects.create(
        id=1, charger=one, evse=evse, transaction_id="1", started=NOON - HOUR, ended=NOON,
        received=NOON, updated=NOON, energy=22_000,
    )  # fmt: skip
    answer = client.get(f"/sites/{place.pk}/part/day/")
    visits = answer.context["visits"]
    assert (visits.started, visits.running, visits.energy) == (1, 0, 22_000)
    assert visits.peak == pytest.approx(22_000)
    assert [line.kind for line in answer.context["troubles"]].count("lost") == 1
    text = answer.content.decode()
    assert "Ground fault" in text
    assert "The connection broke off" in text


@time_machine.travel(NOON + HOUR, tick=False)
def test_a_site_s_troubles_say_of_each_event_what_it_was(client: Client, place: Site) -> None:
    one = charger(place, "CP-1", since=NOON)
    Event.objects.create(
        charger=one, kind="orphan_stop", at=NOON, received=NOON, severity=4, text="987654321"
    )
    answer = client.get(f"/sites/{place.pk}/part/day/").content.decode()
    assert "Stop without a session: 987654321" in answer


@pytest.mark.parametrize(
    ("watts", "text"),
    [(0, "0.0 kW"), (11_060, "11.1 kW"), (99_900, "99.9 kW"), (472_600, "473 kW"),
     (15_998_000, "16.00 MW")],
)  # fmt: skip
def test_a_site_s_power_is_written_as_large_as_it_is(watts: float, text: str) -> None:
    assert site_power(watts) == text


# --- The plan -------------------------------------------------------------------------------


def test_a_lead_says_where_the_chargers_stand(client: Client, place: Site) -> None:
    one, two = charger(place, "CP-1"), charger(place, "CP-2")
    sent = {f"bay-{one.pk}": " Bay 1 ", f"place-{one.pk}": "b2", f"place-{two.pk}": ""}
    answer = client.post(f"/sites/{place.pk}/plan/", sent)
    assert answer.status_code == 302
    one.refresh_from_db()
    assert (one.bay, one.plan_column, one.plan_row) == ("Bay 1", 2, 2)


def test_a_bad_place_is_named_and_nothing_is_saved(client: Client, place: Site) -> None:
    one, two = charger(place, "CP-1"), charger(place, "CP-2")
    sent = {f"place-{one.pk}": "A1", f"place-{two.pk}": "<b>7"}
    answer = client.post(f"/sites/{place.pk}/plan/", sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Write a place as A1 to AN40." in text
    assert 'value="&lt;b&gt;7"' in text
    one.refresh_from_db()
    assert one.plan_column is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.CONTRACTOR, Role.MANAGER])
def test_who_may_not_edit_the_inventory_may_not_move_chargers(place: Site, role: Role) -> None:
    other = signed_in(person("otto", role, place.organisation))
    charger(place, "CP-1")
    assert other.get(f"/sites/{place.pk}/plan/").status_code == 403
    assert other.post(f"/sites/{place.pk}/plan/", {}).status_code == 403
    assert "Edit the plan" not in page(other, place)


def test_four_hundred_chargers_fit_into_one_form(client: Client, place: Site) -> None:
    fill(place, 400)
    sent = {
        name: value
        for n, one in enumerate(Charger.objects.all())
        for name, value in ((f"bay-{one.pk}", str(n)), (f"place-{one.pk}", ""))
    }
    assert client.post(f"/sites/{place.pk}/plan/", sent).status_code == 302
    assert Charger.objects.exclude(bay="").count() == 400
