"""The KPI pages, on days rolled up by hand: every figure is worked out in the test."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts import policies
from alerts.models import Incident
from inventory.models import ChargerModel, Contract, Contractor, Organisation, Role, Sim, Site
from monitoring.facts import Status
from monitoring.kpis.attempts import Outcome
from monitoring.models import Attempt
from tests.cpms.reports.rolled_up import DAY, HOUR, charger_day, port_day
from tests.network import charger, person, signed_in, site, streamed, tenant

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 2)
WINDOW = "window=custom&from=2026-03-01&to=2026-03-02"
OLD = datetime(2026, 1, 1, tzinfo=UTC)
EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def organisation(db: None) -> Organisation:
    """Whose chargers they are."""
    return tenant()


@pytest.fixture
def place(organisation: Organisation) -> Site:
    """A site of it."""
    return site(organisation, "Ostbahnhof", region="Bayern")


@pytest.fixture
def manager(organisation: Organisation) -> User:
    """Who reads the figures."""
    return person("mara", Role.MANAGER, organisation)


@pytest.fixture
def client(manager: User) -> Client:
    """Their browser."""
    return signed_in(manager)


def two_sites(place: Site) -> Site:
    """A good port at the place; at another site a bad one that lost 12 of its 48 hours."""
    good = charger(place, "GOOD", Status.AVAILABLE, commissioned_at=OLD)
    other = site(place.organisation, "Westend", region="Hessen")
    bad = charger(other, "BAD", Status.AVAILABLE, commissioned_at=OLD)
    for day in (FIRST, LAST):
        port_day(good.evses.get(), day, attempts=10, successes=9, nevi_window=DAY,
                 nevi_outage=0.0, nevi_excluded=0.0)  # fmt: skip
        port_day(bad.evses.get(), day, faulted=6 * HOUR, outages=2, nevi_window=DAY,
                 nevi_outage=6 * HOUR, nevi_excluded=5 * HOUR, attempts=10, successes=5,
                 fault=4, no_energy=1)  # fmt: skip
        charger_day(good, day, after_lost=1)
        charger_day(bad, day, after_ping_timeout=3, after_gateway_restart=1)
    return other


def rows(client: Client, query: str) -> dict[str, dict[str, str]]:
    """Return the table's texts by row and metric, from top to bottom."""
    found = client.get(f"/kpis/?{WINDOW}&{query}").context["rows"]
    return {row.label: {str(cell.figure.metric): cell.text for cell in row.cells} for row in found}


def cards(client: Client, query: str = "") -> dict[str, Any]:
    """Return the headline cards by label."""
    found = client.get(f"/kpis/?{WINDOW}&{query}").context["cards"]
    return {str(card.label): card for card in found}


def test_headlines_have_value_parts_formula_and_evidence(client: Client, place: Site) -> None:
    two_sites(place)
    card = cards(client)["Uptime"]
    assert card.text == "87.50 %"  # 84 of 96 hours.
    assert card.parts == "Operative time 84.0 h / Measured time 96.0 h"
    assert "T_outage" in str(card.formula)
    assert card.url == (
        "/outages/?from=2026-03-01T00%3A00&to=2026-03-03T00%3A00&zone=Europe%2FBerlin"
    )
    assert cards(client)["Session success"].text == "70.00 %"  # 28 of 40.
    assert cards(client)["Reconnects"].text == "2.00"  # 8 in 4 days of chargers; 2 are our own.


def test_a_figure_says_how_it_was_before_in_words(client: Client, place: Site) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD).evses.get()
    port_day(one, date(2026, 2, 28), offline=12 * HOUR)
    port_day(one, FIRST)
    port_day(one, LAST, offline=6 * HOUR)
    change = cards(client)["Uptime"].change  # 87.5 % after 50 % of the one day that is known.
    assert change["text"] == "+37.50 points, better than the 2 days before"
    assert (change["way"], change["tone"]) == ("up", "good")


def test_nothing_is_compared_with_no_data(client: Client, place: Site) -> None:
    two_sites(place)
    assert cards(client)["Uptime"].change == {}


def test_every_lens_stands_beside_the_others_with_its_verdict(client: Client, place: Site) -> None:
    two_sites(place)
    lenses = client.get(f"/kpis/?{WINDOW}&lens=nevi").context["lenses"]
    said = {seen.lens.name: (seen.text, seen.verdict.get("text")) for seen in lenses}
    assert said == {
        "raw": ("87.50 %", None),
        "nevi": ("97.92 %", "above target"),  # 2 of 96 hours are left to count.
        "uk": ("no ports", None),
        "california": ("no ports", None),
        "contract": ("no ports", None),
    }


def test_a_lens_says_how_many_ports_reach_its_threshold_and_what_it_leaves_out(
    client: Client, place: Site
) -> None:
    two_sites(place)
    page = client.get(f"/kpis/?{WINDOW}&lens=nevi")
    assert page.context["meeting"] == "1 of 2 ports (50.00 %) reach 97.00 %."  # 100 and 95.83 %.
    assert page.context["left_out"] == "10.0 h of 12.0 h of outage are excluded."
    assert "vandalism" in page.content.decode()
    assert page.context["trend"].target == "> 97 %"


def test_a_contracts_target_is_the_one_that_was_agreed(client: Client, place: Site) -> None:
    two_sites(place)
    firm = Contractor.objects.create(organisation=place.organisation, name="Fix-it")
    sla = Contract.objects.create(contractor=firm, name="SLA", starts=FIRST, uptime_target=0.8)
    sla.sites.set([place])
    place.chargers.get().evses.get().daily_kpis.update(
        contract_window=DAY, contract_outage=6 * HOUR, contract_excluded=0.0
    )
    seen = client.get(f"/kpis/?{WINDOW}&lens=contract").context["lenses"][-1]
    assert (seen.text, seen.target, seen.verdict["text"]) == ("75.00 %", "≥ 80 %", "below target")
    other = Contract.objects.create(contractor=firm, name="B", starts=FIRST, uptime_target=0.955)
    other.sites.set(place.organisation.sites.exclude(pk=place.pk))
    seen = client.get(f"/kpis/?{WINDOW}&lens=contract").context["lenses"][-1]
    assert (seen.target, seen.verdict) == ("≥ 80 % … 95.50 %", {})


def test_the_repair_tab_counts_what_incidents_tell(client: Client, place: Site) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD)
    port_day(one.evses.get(), LAST)
    for hours in (1, 3):
        incident = Incident.objects.create(
            detector="offline", dedup_key=f"offline:{hours}", organisation=place.organisation,
            site=place, charger=one, subject="A", severity=2, since=EIGHT, opened_at=EIGHT,
            policy_version=policies.current(place.organisation_id, EIGHT),
            state="resolved", resolution="recovered", resolved_at=EIGHT + timedelta(hours=hours),
        )  # fmt: skip
        incident.entries.create(at=EIGHT, kind="opened")
        incident.entries.create(
            at=EIGHT + timedelta(hours=hours), kind="resolved", data={"resolution": "recovered"}
        )
    page = client.get(f"/kpis/?{WINDOW}&view=repair&by=site")
    texts = {str(card.label): (card.text, card.parts) for card in page.context["cards"]}
    assert texts["Mean time to repair"] == ("2.0 h", "Time to repair 4.0 h / Incidents resolved 2")
    assert texts["Mean time to acknowledge"] == ("No data", "")
    assert page.context["rows"][0].cells[1].text == "2.0 h"
    evidence = client.get(f"/kpis/evidence/incidents/?{WINDOW}").context["lines"]
    assert [line.where.label for line in evidence] == ["A", "A"]


def test_the_table_has_the_worst_on_top_and_sorts_by_any_column(
    client: Client, place: Site
) -> None:
    two_sites(place)
    assert list(rows(client, "by=site")) == ["Westend", "Ostbahnhof"]
    assert list(rows(client, "by=site&sort=-uptime")) == ["Ostbahnhof", "Westend"]
    assert list(rows(client, "by=site&sort=name")) == ["Ostbahnhof", "Westend"]
    assert list(rows(client, "by=site&sort=outages")) == ["Ostbahnhof", "Westend"]
    assert rows(client, "by=site")["Westend"] == {
        "uptime": "75.00 %", "online_rate": "100 %", "session_success": "50.00 %",
        "reconnects": "3.00", "outages": "4", "mtbf": "9.0 h",
    }  # fmt: skip


def test_groups_without_data_come_last_and_are_no_zero(client: Client, place: Site) -> None:
    two_sites(place)
    charger(site(place.organisation, "Neu"), "NEW", Status.AVAILABLE)
    for sort in ("", "uptime", "-uptime", "no_data", "-no_data"):
        found = rows(client, f"by=site&sort={sort}")
        assert list(found)[-1] == "Neu"
        assert found["Neu"]["uptime"] == "No data"


def test_one_goes_down_from_the_fleet_to_the_port_and_back(client: Client, place: Site) -> None:
    two_sites(place)
    level, urls = client.get(f"/kpis/?{WINDOW}&lens=nevi"), []
    for _step in range(3):
        urls.append(level.context["rows"][0].url)
        level = client.get(f"/kpis/{urls[-1]}")
    assert urls == [
        f"?{WINDOW}&lens=nevi&region=Hessen",
        f"?{WINDOW}&lens=nevi&site={place.organisation.sites.get(name='Westend').pk}",
        f"?{WINDOW}&lens=nevi&charger=BAD",
    ]
    assert [label for label, _url, _here in level.context["path"]] == [
        *("Fleet", "Nordstrom", "Hessen", "Westend", "BAD"),
    ]
    assert level.context["rows"][0].url.startswith("/outages/?charger=BAD&evse=")


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("region", {"Hessen", "Bayern"}), ("organisation", {"Nordstrom"}),
        ("charger", {"BAD", "GOOD"}), ("port", {"BAD/1", "GOOD/1"}),
        ("model", {"ABB Terra", "none"}), ("firmware", {"1.2", "none"}),
        ("sim_operator", {"Vodafone", "none"}), ("contractor", {"Fix-it", "none"}),
    ],
)  # fmt: skip
def test_rows_are_what_was_chosen_and_each_leads_to_just_its_chargers(
    client: Client, place: Site, by: str, labels: set[str]
) -> None:
    two_sites(place)
    bad = place.organisation.sites.get(name="Westend").chargers.get()
    bad.model = ChargerModel.objects.create(vendor="ABB", name="Terra")
    bad.sim = Sim.objects.create(
        organisation=place.organisation, iccid="89490200000000000001", operator="Vodafone"
    )
    bad.firmware_version = "1.2"
    bad.save()
    firm = Contractor.objects.create(organisation=place.organisation, name="Fix-it")
    Contract.objects.create(contractor=firm, name="SLA", starts=FIRST).sites.set([bad.site])
    page = client.get(f"/kpis/?{WINDOW}&by={by}")
    if by == "organisation":  # One of them only: there is nothing to choose.
        assert "“organisation” is no grouping here" in page.content.decode()
        return
    found = {row.label: row for row in page.context["rows"]}
    assert set(found) == labels
    if by == "port":
        return
    for label, row in found.items():
        deeper = client.get(f"/kpis/{row.url}")
        of_row = next(cell.text for cell in row.cells)
        assert deeper.context["cards"][0].text == of_row, label


def test_the_worst_ports_say_what_they_cost(client: Client, place: Site) -> None:
    two_sites(place)
    good = place.chargers.get().evses.get()
    good.daily_kpis.filter(day=FIRST).update(offline=4 * HOUR, up=20 * HOUR)
    worst = client.get(f"/kpis/?{WINDOW}").context["worst"]
    assert worst.sentence == "This port is 75 % of the lost time."
    assert worst.note == "16.0 h lost in all"
    assert [
        (row.label, row.lost, row.share, row.cumulative, row.outages) for row in worst.rows
    ] == [
        ("BAD/1", "12.0 h", "75.00 %", "75.00 %", "4"),
        ("GOOD/1", "4.0 h", "25.00 %", "100 %", "0"),
    ]


def test_the_sessions_tab_says_why_attempts_fail(client: Client, place: Site) -> None:
    two_sites(place)
    (bars,) = client.get(f"/kpis/?{WINDOW}&view=sessions").context["made_of"]
    assert [(str(bar.label), bar.text, bar.percent) for bar in bars.bars] == [
        ("Interrupted by a fault", "8", "80.00 %"),
        ("No energy after the start", "2", "20.00 %"),
    ]


def test_the_connectivity_tab_counts_reconnects_by_reason_and_round_trips(
    client: Client, place: Site
) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD)
    port_day(one.evses.get(), LAST)
    charger_day(one, LAST, after_lost=3, after_clean=1, round_trips=[6, 0, 2, 0, 0, 0, 0, 2])
    page = client.get(f"/kpis/?{WINDOW}&view=connectivity")
    reasons, trips = page.context["made_of"]
    assert [(str(bar.label), bar.text) for bar in reasons.bars] == [
        ("After a lost connection", "3"), ("After a clean close", "1"),
    ]  # fmt: skip
    assert [(str(bar.label), bar.percent) for bar in trips.bars] == [
        ("Up to 50 ms", "60.00 %"), ("Up to 200 ms", "20.00 %"), ("Longer than 5 s", "20.00 %"),
    ]  # fmt: skip


def test_the_hours_tab_maps_lost_and_busy_time_to_hours_of_the_week(
    client: Client, place: Site
) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD).evses.get()
    lost = [0] * 24
    lost[17] = 3_600
    port_day(one, LAST, offline=HOUR, lost_hours=lost)  # A Monday.
    lost_map, busy_map = client.get(f"/kpis/?{WINDOW}&view=hours").context["heat_maps"]
    monday = lost_map.days[0][1]
    assert (monday[17].level, monday[17].title) == (7, "Monday 17:00: 1.0 h")
    assert {shade.level for _day, cells in busy_map.days for shade in cells} == {0}


def test_a_trend_has_gaps_where_nothing_is_known(client: Client, place: Site) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD).evses.get()
    for back in (0, 1, 3):
        port_day(one, LAST - timedelta(days=back), offline=6 * HOUR)
    trend = client.get(f"/kpis/?{WINDOW}").context["trend"]
    assert [point.text for point in trend.points[-4:]] == ["75.00 %", "No data", *["75.00 %"] * 2]
    assert len(trend.points) == 14
    assert len(trend.line.strokes) == 2


def test_a_long_window_goes_by_month(client: Client, place: Site) -> None:
    one = charger(place, "A", Status.AVAILABLE, commissioned_at=OLD).evses.get()
    port_day(one, date(2026, 1, 31), offline=12 * HOUR)
    port_day(one, LAST)
    page = client.get("/kpis/?window=custom&from=2025-12-01&to=2026-03-31")
    assert [(f"{point.day:%Y-%m}", point.text) for point in page.context["trend"].points] == [
        *(("2025-12", "No data"), ("2026-01", "50.00 %"), ("2026-02", "No data")),
        ("2026-03", "100 %"),
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("window=tomorrow", "“tomorrow” is no window here"),
        ("window=custom&from=yesterday", "The first day is no date"),
        ("window=custom&from=2026-03-02&to=2026-03-40", "The last day is no date"),
        ("window=custom&from=2026-03-02&to=2026-03-01", "ends before it begins"),
        ("window=custom&from=2020-03-02&to=2026-03-01", "longer than two years"),
        ("window=custom&from=0001-01-01&to=0001-01-02", "before 2000"),
        ("window=custom&from=9999-12-31&to=9999-12-31", "not begun yet"),
        ("lens=pink", "“pink” is no lens here"),
        ("by=mood", "“mood” is no grouping here"),
        ("by=day", "“day” is no grouping here"),
        ("view=nonsense", "“nonsense” is no tab here"),
    ],
)
def test_what_can_t_be_shown_is_said_in_a_sentence(
    client: Client, place: Site, query: str, sentence: str
) -> None:
    two_sites(place)
    for page in ("/kpis/", "/kpis/evidence/attempts/"):
        answer = client.get(f"{page}?{query}")
        assert answer.status_code == 200
        assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "sort=password", "metric=luck", "sort=--uptime", "page=999"]
)
def test_other_nonsense_breaks_nothing(client: Client, place: Site, query: str) -> None:
    two_sites(place)
    assert len(rows(client, f"by=site&{query}")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "site=x", "site=99999999999999999999", "site={site}", "charger=THEIRS", "charger=%00",
        "organisation={organisation}", "model=999", "model=x", "contractor={contractor}",
        "firmware=%00", "region=" + "x" * 300,
    ],
)  # fmt: skip
def test_what_isn_t_there_for_the_reader_is_not_found(
    client: Client, place: Site, query: str
) -> None:
    other = tenant("Other")
    there = site(other)
    charger(there, "THEIRS")
    firm = Contractor.objects.create(organisation=other, name="Theirs")
    asked = query.format(site=there.pk, organisation=other.pk, contractor=firm.pk)
    for page in ("/kpis/", "/kpis/export/", "/kpis/evidence/attempts/"):
        assert client.get(f"{page}?{asked}").status_code == 404


def test_an_empty_installation_is_told_what_kpis_need(client: Client) -> None:
    text = client.get("/kpis/").content.decode()
    assert "Nothing to count yet" in text
    assert "from the moment they first connect" in text


def test_a_filter_that_nothing_matches_says_so(client: Client, place: Site) -> None:
    two_sites(place)
    assert "No chargers here" in client.get("/kpis/?firmware=9.9").content.decode()


def test_names_that_are_markup_are_inert(client: Client, organisation: Organisation) -> None:
    evil = site(organisation, "<script>alert(1)</script>", region="<img src=x onerror=alert(2)>")
    two_sites(evil)
    for query in ("by=site", "by=region", f"site={evil.pk}"):
        text = client.get(f"/kpis/?{WINDOW}&{query}").content.decode()
        assert "&lt;script&gt;" in text or "&lt;img" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_the_csv_has_every_row_and_numbers_as_numbers(client: Client, place: Site) -> None:
    two_sites(place)
    answer = client.get(f"/kpis/export/?{WINDOW}&by=site&lens=nevi")
    name = "kpis_site_2026-03-01_2026-03-02_nevi.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    text = streamed(answer)
    found = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    assert list(found) == ["Westend", "Ostbahnhof"]
    bad = found["Westend"]
    assert float(bad["uptime"]) == pytest.approx(46 / 48)
    assert (bad["uptime_numerator"], bad["uptime_denominator"]) == ("165600.0", "172800.0")
    assert bad["session_success"] == "0.5"


def test_a_spreadsheet_runs_nothing_and_says_how_it_was_made(
    client: Client, organisation: Organisation
) -> None:
    two_sites(site(organisation, "=1+1"))
    text = streamed(client.get(f"/kpis/export/?{WINDOW}&by=site"))
    assert "'=1+1" in text
    answer = client.get(f"/kpis/export/?{WINDOW}&by=site&format=xlsx")
    assert "spreadsheetml" in answer["Content-Type"]
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    sheets = [book.read(name).decode() for name in book.namelist() if "sheets/sheet" in name]
    about, table = sheets
    assert "<f>" not in about + table
    assert "<v>0.75</v>" in table
    assert "=1+1" in table
    for said in ("2026-03-01 – 2026-03-02", "T_outage", "second person"):
        assert said in about


def test_the_evidence_is_just_what_the_figure_counted(client: Client, place: Site) -> None:
    one = charger(place, "A", Status.AVAILABLE, Status.AVAILABLE, commissioned_at=OLD)
    ports = list(one.evses.order_by("number"))
    for day, port in ((FIRST, ports[0]), (LAST, ports[1]), (LAST + timedelta(days=1), ports[0])):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        Attempt.objects.create(
            evse=port, started=noon, ended=noon + timedelta(minutes=20), outcome=Outcome.FAULT,
            detail="GroundFailure", energy=2_500.0,
        )  # fmt: skip
    charger(site(tenant("Other")), "THEIRS", Status.AVAILABLE)
    lines = client.get(f"/kpis/evidence/attempts/?{WINDOW}").context["lines"]
    assert [line.where.label for line in lines] == ["A/2", "A/1"]
    assert [said for _label, said in lines[0].cells] == [
        "interrupted by a fault · GroundFailure", "2.5 kWh",
    ]  # fmt: skip
    only = client.get(f"/kpis/evidence/attempts/?{WINDOW}&evse={ports[0].pk}").context["lines"]
    assert [line.where.label for line in only] == ["A/1"]
    text = client.get(f"/kpis/evidence/status-spans/?{WINDOW}").content.decode()
    assert "THEIRS" not in text
    assert client.get("/kpis/evidence/secrets/").status_code == 404


@pytest.mark.parametrize(
    "kind", ["outages", "attempts", "sessions", "connections", "status-spans", "incidents"]
)
def test_every_kind_of_evidence_has_a_page_also_where_there_is_none(
    client: Client, place: Site, kind: str
) -> None:
    assert "Nothing of the kind" in client.get(f"/kpis/evidence/{kind}/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "", "by=port", "view=hours", "view=sessions&by=charger", "lens=nevi", "site={site}",
        "by=model", "window=custom&from=2025-03-03&to=2026-03-02",
    ],
)  # fmt: skip
def test_a_page_takes_as_many_queries_for_many_as_for_two(
    client: Client, place: Site, query: str
) -> None:
    two_sites(place)
    asked = query.format(site=place.pk)
    page = f"/kpis/?{asked if 'window' in asked else f'{WINDOW}&{asked}'}"
    counts = []
    for _step in range(2):
        counts.append(queries(client, page))
        for number in range(10):
            there = place if number % 2 else site(place.organisation, region=f"R{number % 5}")
            more = charger(there, "", Status.AVAILABLE, Status.AVAILABLE, commissioned_at=OLD)
            for port in more.evses.all():
                port_day(port, LAST, faulted=number * 60.0)
    shell = queries(client, "/preferences/")
    assert counts[0] == counts[1] <= shell + 13


def queries(client: Client, page: str) -> int:
    """Return how many queries a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)
