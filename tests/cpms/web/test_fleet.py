"""The fleet's list: every filter, alone and together, its choices, its columns and its CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts import engine, incidents
from alerts.models import Incident
from cpms.web.models import FleetPreferences, SavedView
from inventory.models import (
    Charger,
    ChargerModel,
    Evse,
    Lifecycle,
    Membership,
    Organisation,
    Role,
    Sim,
    Site,
)
from monitoring.facts import CloseReason, Status
from tests.alerts.world import World, make_gateway, minutes, seen_at
from tests.network import NOON, charger, connection, port, signed_in, site, tenant

HOUR = timedelta(hours=1)


def shown(client: Client, query: str = "") -> list[str]:
    """Return the identities on the page, from top to bottom."""
    return [row.charger.identity for row in client.get(f"/{query}").context["page"]]


def sheet(client: Client, query: str = "") -> list[dict[str, str]]:
    """Return the rows of the CSV."""
    answer: Any = client.get(f"/fleet/export/{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def offered(client: Client, name: str, query: str = "") -> list[tuple[str, int | None, bool]]:
    """Return (label, chargers, chosen) of what a filter offers."""
    choices = client.get(f"/fleet/choices/{name}/{query}").context["offer"].choices
    return [(choice.label, choice.chargers, choice.chosen) for choice in choices]


def test_several_values_of_a_filter_are_alternatives(client: Client, place: Site) -> None:
    charger(place, "LOST", Status.AVAILABLE, online=False)
    charger(place, "FAULT", Status.FAULTED)
    charger(place, "FINE", Status.AVAILABLE)
    assert shown(client, "?state=faulted&state=offline") == ["LOST", "FAULT"]
    assert shown(client, "?state=faulted&state=nonsense") == ["FAULT"]


def test_a_state_of_any_port_finds_what_the_charger_s_own_state_hides(
    client: Client, place: Site
) -> None:
    charger(place, "BOTH", Status.FAULTED, Status.CHARGING)
    charger(place, "FAULT", Status.FAULTED, Status.AVAILABLE)
    assert shown(client, "?state=charging") == []
    assert shown(client, "?port=charging") == ["BOTH"]
    assert client.get("/?port=charging").context["page"].paginator.count == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?region=Bayern", ["A"]),
        ("?firmware=1.2", ["A"]),
        ("?firmware=1.2&firmware=1.3", ["A", "B"]),
        ("?operator=Telenord", ["A"]),
        ("?tag=depot", ["A", "B"]),
        ("?tag=pilot", ["B"]),
        ("?tag=depot&region=Bayern", ["A"]),
        ("?version=1.6", ["A"]),
        ("?lifecycle=suspended", ["B"]),
        ("?region=Nowhere", []),
    ],
)
def test_each_filter_finds_its_own(
    client: Client, place: Site, query: str, found: list[str]
) -> None:
    sim = Sim.objects.create(
        organisation=place.organisation, iccid="8949020000000000001", operator="Telenord"
    )
    charger(place, "A", firmware_version="1.2", sim=sim, tags=["depot"], ocpp_version="1.6")
    charger(
        site(place.organisation, region="Hessen"), "B", firmware_version="1.3",
        tags=["depot", "pilot"], ocpp_version="2.1", lifecycle=Lifecycle.SUSPENDED,
    )  # fmt: skip
    assert sorted(shown(client, query)) == found


def test_since_finds_what_has_just_changed_and_what_has_long_been_so(
    client: Client, place: Site
) -> None:
    now = datetime.now(UTC)
    charger(place, "NEW", Status.FAULTED, since=now - minutes(5))
    charger(place, "OLD", Status.FAULTED, since=now - 3 * HOUR)
    charger(place, "NEVER", since=None)
    assert shown(client, "?since=last-15m") == ["NEW"]
    assert shown(client, "?since=over-1h") == ["OLD"]
    assert shown(client, "?since=over-2d") == []


@pytest.mark.parametrize(
    "query",
    [
        "?since=last-0m", "?since=last-1y", "?since=over-9999d", "?since=%00", "?port=%00",
        "?state=&state=", "?site=%D9%A3", "?firmware=%00", "?columns=%00,,nothing",
        "?density=%3Cscript%3E", "?view=999999999999999999999", "?view=%00", "?tag=%00",
        "?" + "&".join(f"site=x{n}" for n in range(300)), "?q=" + "%20".join(["a"] * 60),
    ],
)  # fmt: skip
def test_nonsense_filters_nothing_and_breaks_nothing(
    client: Client, place: Site, query: str
) -> None:
    charger(place, "A-ONE")
    assert shown(client, query) == ["A-ONE"]
    assert len(sheet(client, query)) == 1
    assert client.get(f"/fleet/choices/site/{query}").status_code == 200


@pytest.mark.parametrize("value", ["x" * 3000, "مرحبا", "<b>", "%00a", "'; --", "%ff"])
@pytest.mark.parametrize("name", ["region", "firmware", "operator", "tag", "version"])
def test_whatever_stands_in_a_text_filter_is_only_text(
    client: Client, place: Site, name: str, value: str
) -> None:
    charger(place, "A", tags=["depot"])
    answer = client.get("/", {name: value.replace("%00", "\0")})
    assert answer.status_code == 200
    assert list(answer.context["page"]) == []
    assert "<b></bdi>" not in answer.content.decode()


def test_active_filters_are_chips_and_each_can_be_taken_away(client: Client, place: Site) -> None:
    charger(place, "A", Status.FAULTED)
    answer = client.get(f"/?state=faulted&state=offline&site={place.pk}&since=over-1h&page=3")
    chips = {(chip.name, chip.text): chip.without for chip in answer.context["chips"]}
    assert set(chips) == {
        ("state", "faulted"), ("state", "offline"), ("site", "Ostbahnhof"),
        ("since", "for more than 1 h"),
    }  # fmt: skip
    without = chips["state", "faulted"]
    assert without == f"?state=offline&site={place.pk}&since=over-1h"
    assert "Remove the filter Site" in answer.content.decode()


def test_a_filter_by_another_tenant_s_site_does_not_tell_its_name(
    client: Client, place: Site
) -> None:
    theirs = site(tenant("Rival"), "SECRET PLACE")
    charger(theirs, "THEIRS")
    for path in (f"/?site={theirs.pk}", "/fleet/choices/site/?find=SECRET", "/fleet/choices/site/"):
        assert "SECRET PLACE" not in client.get(path).content.decode()
    assert client.get(f"/?site={theirs.pk}").context["chips"][0].text == f"#{theirs.pk}"


def test_a_filter_offers_what_the_others_leave_most_first_and_keeps_what_is_chosen(
    client: Client, place: Site
) -> None:
    other = site(place.organisation, "Westhafen", city="Ulm")
    twin = ChargerModel.objects.create(vendor="Nordlader", name="Twin 22")
    for number in range(3):
        charger(other, f"W-{number}", Status.FAULTED, model=twin, tags=["depot", "x"])
    charger(place, "O-1", Status.AVAILABLE, tags=["depot"])
    assert offered(client, "site") == [("Westhafen", 3, False), ("Ostbahnhof", 1, False)]
    assert offered(client, "site", "?find=ulm") == [("Westhafen", 3, False)]
    assert offered(client, "site", f"?site={place.pk}") == [
        ("Ostbahnhof", 1, True), ("Westhafen", 3, False),
    ]  # fmt: skip
    assert offered(client, "site", "?state=available") == [("Ostbahnhof", 1, False)]
    assert offered(client, "model") == [("Nordlader Twin 22", 3, False)]
    assert offered(client, "tag") == [("depot", 4, False), ("x", 3, False)]
    assert offered(client, "state")[1][1:] == (3, False)
    assert client.get("/fleet/choices/password_digest/").status_code == 404


def test_of_many_sites_only_some_are_offered_and_typing_finds_the_rest(
    client: Client, place: Site
) -> None:
    for number in range(40):
        charger(site(place.organisation, f"Place {number:02}"), f"C-{number:02}")
    first = client.get("/fleet/choices/site/").context["offer"]
    assert len(first.choices) == 30
    assert first.more
    assert offered(client, "site", "?find=place 39") == [("Place 39", 1, False)]


def test_the_columns_stand_in_the_address_and_an_unknown_one_is_left_out(
    client: Client, place: Site
) -> None:
    charger(place, "A", firmware_version="9.8.7", serial_number="SERIAL-5")
    plain = client.get("/").content.decode()
    assert "9.8.7" not in plain
    chosen = client.get("/?columns=firmware,serial,secret").content.decode()
    assert "9.8.7" in chosen
    assert "SERIAL-5" in chosen
    assert "kw-cell-since" not in chosen
    assert ">A</a>" in chosen


def test_of_forty_ports_the_worst_are_shown_and_the_others_counted(
    client: Client, place: Site
) -> None:
    big = charger(place, "BIG", *[Status.AVAILABLE] * 30, *[Status.CHARGING] * 8)
    port(big, 39, Status.FAULTED)
    port(big, 40, Status.FAULTED)
    row = client.get("/").context["page"][0]
    assert [p.number for p in row.shown_ports] == [31, 32, 33, 34, 35, 36, 39, 40]
    assert row.others == 32
    assert "2 Charging, 30 Available" in client.get("/").content.decode()


def test_a_search_says_what_it_found_that_is_not_shown(client: Client, place: Site) -> None:
    sim = Sim.objects.create(organisation=place.organisation, iccid="8949020000000000001")
    made = charger(place, "CP-77", serial_number="SN-9", sim=sim)
    Evse.objects.create(charger=made, number=1, evse_id="DE*KWH*E77*1")

    def found(text: str) -> list[tuple[str, str]]:
        return list(client.get("/", {"q": text}).context["page"][0].matches)

    assert found("cp-77") == []
    assert found("0000001") == [("ICCID", "8949020000000000001")]
    assert found("DEKWHE77") == [("EVSE-ID", "DE*KWH*E77*1")]
    assert found("sn-9 ostbahnhof") == [("Serial number", "SN-9")]
    assert found("koppenstraße")[0][0] == "Address"


def test_the_row_says_who_has_it(organisation: Organisation, place: Site, operator: User) -> None:
    world = World(organisation, place, make_gateway())
    world.lose(world.charger("CP-LOST"), NOON)
    charger(place, "CP-FINE", Status.AVAILABLE)
    engine.run(seen_at(NOON + minutes(5)))
    client = signed_in(operator)
    incident = Incident.objects.get()
    text = client.get("/").content.decode()
    assert f'href="/incidents/{incident.pk}/"' in text
    assert "Nobody yet" in text
    Incident.objects.update(state="acknowledged", acknowledged_at=NOON, acknowledged_by=operator)
    assert "Nobody yet" not in client.get("/").content.decode()
    assert ">olga<" in client.get("/").content.decode()
    Incident.objects.update(state="resolved", resolved_at=NOON)
    assert f'href="/incidents/{incident.pk}/"' not in client.get("/").content.decode()


@pytest.fixture
def lost(organisation: Organisation, place: Site) -> dict[str, Incident]:
    """Three chargers that were lost, with the incident of each; a fourth was just now."""
    world = World(organisation, place, make_gateway())
    for name in ("CP-1", "CP-2", "CP-3"):
        world.lose(world.charger(name), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    world.lose(world.charger("CP-NEW"), NOON + minutes(9))
    charger(place, "CP-FINE", Status.AVAILABLE)
    return {str(incident.charger): incident for incident in Incident.objects.all()}


def test_what_is_broken_and_nobody_has_is_found_with_an_incident_or_before_there_is_one(
    client: Client, lost: dict[str, Incident], operator: User
) -> None:
    assert shown(client, "?held=nobody") == ["CP-NEW", "CP-1", "CP-2", "CP-3"]
    incidents.acknowledge(lost["CP-2"].pk, by=operator, now=NOON + minutes(6))
    assert shown(client, "?held=nobody") == ["CP-NEW", "CP-1", "CP-3"]
    assert shown(client, "?held=somebody") == ["CP-2"]
    assert shown(client, "?held=somebody&held=nobody") == ["CP-NEW", "CP-1", "CP-2", "CP-3"]
    assert [row["identity"] for row in sheet(client, "?held=somebody")] == ["CP-2"]
    Incident.objects.filter(pk=lost["CP-2"].pk).update(state="resolved", resolved_at=NOON)
    assert shown(client, "?held=somebody") == []


def test_who_has_a_site_s_incident_has_all_chargers_there(
    client: Client, place: Site, lost: dict[str, Incident], operator: User
) -> None:
    elsewhere = charger(
        site(place.organisation, "Westhafen"), "CP-WEST", Status.AVAILABLE, online=False
    )
    Incident.objects.filter(pk=lost["CP-3"].pk).update(charger=None, subject="Ostbahnhof")
    assert str(elsewhere) in shown(client, "?held=nobody")
    incidents.acknowledge(lost["CP-3"].pk, by=operator, now=NOON + minutes(6))
    assert shown(client, "?held=nobody") == ["CP-WEST"]
    assert "CP-FINE" in shown(client, "?held=somebody")


def test_who_has_it_is_offered_with_how_many_and_named_where_it_narrows(
    client: Client, lost: dict[str, Incident], operator: User
) -> None:
    incidents.acknowledge(lost["CP-2"].pk, by=operator, now=NOON + minutes(6))
    assert offered(client, "held", "?held=nobody") == [
        ("Nobody, and it is broken", 3, True), ("Somebody", 1, False),
    ]  # fmt: skip
    assert offered(client, "held", "?q=CP-2") == [
        ("Nobody, and it is broken", 0, False), ("Somebody", 1, False),
    ]  # fmt: skip
    answer = client.get("/?held=nobody&held=me")
    assert [chip.text for chip in answer.context["chips"]] == ["Nobody, and it is broken"]
    assert [tile.chargers for tile in answer.context["tiles"]] == [3, 0, 0, 0, 0, 0, 0, 0]


def test_the_list_orders_by_what_is_drawn_now_and_what_draws_nothing_comes_last(
    client: Client, place: Site
) -> None:
    both = charger(place, "BOTH")
    port(both, 1, Status.CHARGING, power=40_000.0)
    port(both, 2, Status.CHARGING, power=30_000.0)
    port(charger(place, "MOST"), 1, Status.CHARGING, power=90_000.0)
    port(charger(place, "LEAST"), 1, Status.CHARGING, power=0.0)
    port(charger(place, "UNTOLD"), 1, Status.CHARGING)
    # What they drew last is on file, and isn't drawn any more.
    port(charger(place, "PLUGGED"), 1, Status.FINISHING, power=120_000.0)
    port(charger(place, "LOST", online=False), 1, Status.CHARGING, power=150_000.0)
    rest = ["UNTOLD", "PLUGGED", "LOST"]
    assert shown(client, "?sort=-power") == ["MOST", "BOTH", "LEAST", *rest]
    assert shown(client, "?sort=power") == ["LEAST", "BOTH", "MOST", *rest]
    assert [row["power"] for row in sheet(client, "?sort=-power")] == [
        "90000.0", "70000.0", "0.0", "", "", "",
    ]  # fmt: skip


def test_the_column_of_power_sorts_by_the_most_first(client: Client, place: Site) -> None:
    charger(place, "A")
    assert 'href="?sort=-power"' in client.get("/").content.decode()
    assert 'href="?sort=power"' in client.get("/?sort=-power").content.decode()
    assert 'href="?sort=-power"' in client.get("/?sort=power").content.decode()


def test_the_sheet_has_every_row_that_is_filtered_in_the_list_s_order_and_columns(
    client: Client, place: Site
) -> None:
    for number in range(60):
        charger(place, f"CP-{number:02}", Status.AVAILABLE)
    lost = charger(place, "LOST", Status.AVAILABLE, online=False)
    connection(lost, NOON - HOUR, NOON, CloseReason.PING_TIMEOUT)
    rows = sheet(client, "?sort=-identity")
    assert [row["identity"] for row in rows] == ["LOST"] + [f"CP-{n:02}" for n in range(59, -1, -1)]
    assert rows[0] == {
        "state": "offline", "identity": "LOST", "site": "Ostbahnhof", "city": "Berlin",
        "ports": "1:offline", "what": "it stopped answering", "since": "2026-03-02T12:00:00Z",
        "power": "", "last_seen": "2026-03-02T12:00:00Z",
    }  # fmt: skip
    assert [row["identity"] for row in sheet(client, "?state=offline")] == ["LOST"]
    assert list(sheet(client, "?columns=firmware,tags")[0]) == [
        "identity", "firmware_version", "tags",
    ]  # fmt: skip


def test_the_sheet_runs_nothing_in_a_spreadsheet(client: Client, place: Site) -> None:
    charger(place, "=CMD", firmware_version="@SUM(1)", tags=["+1"])
    [row] = sheet(client, "?columns=firmware,tags")
    assert row == {"identity": "'=CMD", "firmware_version": "'@SUM(1)", "tags": "'+1"}


def test_an_empty_sheet_has_its_header(client: Client) -> None:
    assert sheet(client) == []
    text = client.get("/fleet/export/").getvalue().decode()
    assert text.startswith("state,identity,site")


@pytest.mark.parametrize(
    "query",
    [
        *("", "?state=faulted&port=charging&q=cp", "?columns=sim,iccid,tags,model,firmware"),
        "?held=nobody&sort=-power",
    ],
)
def test_the_list_asks_as_much_of_the_database_for_two_chargers_as_for_fifty(
    client: Client, place: Site, query: str
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            database,
        ) as queries:
            assert client.get(f"/{query}").status_code == 200
        return len(queries)

    for number in range(2):
        charger(place, f"CP-{number}", Status.FAULTED, Status.CHARGING)
    few = asked()
    for number in range(2, 52):
        sim = Sim.objects.create(
            organisation=place.organisation, iccid=f"894902000000000{number:04}"
        )
        elsewhere = site(place.organisation)
        charger(elsewhere, f"CP-{number}", Status.FAULTED, Status.CHARGING, sim=sim)
    assert asked() == few <= 15


@pytest.mark.parametrize(
    "query",
    [
        "?organisation={organisation}&site={site}&model={model}",
        (
            "?organisation={organisation}&site={site}&model={model}&held=nobody&since=over-1h"
            "&region=Bayern&firmware=1.0&operator=Telenord&tag=depot&version=2.1&lifecycle=active"
            "&state=faulted&port=faulted&q=CP&sort=-power&view={view}&columns=firmware"
        ),
    ],
)
def test_all_filters_together_are_few_queries(
    client: Client, operator: User, place: Site, query: str
) -> None:
    for name in ("Second", "Third"):  # Then a filter by organisation is of use.
        Membership.objects.create(user=operator, organisation=tenant(name), role=Role.OPERATOR)
    twin = ChargerModel.objects.create(vendor="Nordlader", name="Twin 22")
    iccid = "8949020000000000001"
    charger(
        place, "CP-1", Status.FAULTED, model=twin, firmware_version="1.0", tags=["depot"],
        sim=Sim.objects.create(organisation=place.organisation, iccid=iccid, operator="Telenord"),
        ocpp_version="2.1",
    )  # fmt: skip
    view = SavedView.objects.create(owner=operator, name="Mine", query="state=faulted")
    FleetPreferences.objects.create(user=operator, opening=view)
    keys = {"organisation": place.organisation_id, "site": place.pk, "model": twin.pk}
    with CaptureQueriesContext(database) as queries:
        answer = client.get("/" + query.format(**keys, view=view.pk))
    assert [row.charger.identity for row in answer.context["page"]] == ["CP-1"]
    named = {chip.name: chip.text for chip in answer.context["chips"]}
    assert named["organisation"] == "Nordstrom"
    assert (named["site"], named["model"]) == ("Ostbahnhof", "Nordlader Twin 22")
    assert len(queries) <= 15, [query["sql"] for query in queries]


def test_a_page_beyond_the_last_is_the_last_and_the_count_is_of_what_is_listed(
    client: Client, place: Site
) -> None:
    for number in range(51):
        charger(place, f"CP-{number:02}", Status.AVAILABLE)
    charger(place, "FAULT", Status.FAULTED)
    page = client.get("/?state=available&page=900&sort=identity").context["page"]
    assert (page.number, page.paginator.count) == (2, 51)
    assert [row.charger.identity for row in page] == ["CP-50"]


def test_the_list_orders_by_the_worst_then_the_latest(client: Client, place: Site) -> None:
    charger(place, "FAULT-OLD", Status.FAULTED, since=NOON - HOUR)
    charger(place, "FAULT-NEW", Status.FAULTED, since=NOON)
    charger(place, "LOST", Status.AVAILABLE, online=False, since=NOON - 9 * HOUR)
    charger(place, "NEVER", since=None)
    charger(place, "FINE", Status.AVAILABLE)
    assert shown(client) == ["LOST", "FAULT-NEW", "FAULT-OLD", "NEVER", "FINE"]


def test_a_port_s_error_is_escaped_wherever_it_stands(client: Client, place: Site) -> None:
    evil = "<img src=x onerror=alert(1)>"
    bad = charger(place, "BAD", tags=[evil[:40]])
    port(bad, 1, Status.FAULTED, error_code="OtherError", info=evil * 5)
    Site.objects.filter(pk=place.pk).update(name=evil, city=evil)
    Charger.objects.filter(pk=bad.pk).update(firmware_version=evil)
    everything = "?columns=site,firmware,tags,what&q=BAD&firmware=" + evil
    for path in (f"/{everything}", "/fleet/choices/site/", "/fleet/choices/firmware/"):
        assert "<img src=x" not in client.get(path).content.decode()
