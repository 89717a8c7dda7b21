"""The figures in reports' files, against rows made by hand and worked out on paper."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpms.reports import sheets, storage
from cpms.reports.models import Report
from cpms.reports.paper.writing import visual
from cpms.reports.sheets import inert
from inventory.models import Contract, Role, Site
from monitoring.models import Exclusion, QuarterHours
from tests.cpms.reports.filled import (
    DAY,
    NOW,
    OCTOBER,
    at,
    day_of,
    linked,
    made,
    network,
    outage,
    port,
    session,
)
from tests.network import person, site

#: Minutes of a day.
MINUTES = 1_440


def table(report: Report, name: str) -> list[dict[str, str]]:
    """Return a CSV file of the report as rows."""
    file = report.files.get(name__endswith=f"-{name}.csv")
    return list(csv.DictReader(io.StringIO(b"".join(storage.content(file)).decode())))


def numbers(row: dict[str, str], *names: str) -> list[float]:
    return [float(row[name]) for name in names]


def under(lens: str, outage: float, excluded: float = 0.0, window: float = DAY) -> dict[str, float]:
    """Return the columns of a lens."""
    last = "ineligible" if lens == "uk" else "excluded"
    return {f"{lens}_window": window, f"{lens}_outage": outage, f"{lens}_{last}": excluded}


def days(first: date, count: int) -> Sequence[date]:
    return [first + timedelta(days=n) for n in range(count)]


@pytest.fixture
def quarter(db: None) -> Any:
    """A NEVI port, commissioned since 1 October 2025; down 100 minutes in each month of 30 days.

    July to September 2026 are reported: 92 days. Twelve months: 365 days, 525,600 minutes.
    """
    owner, place, manager = network(country="US", lenses=["nevi"])
    evse = port(place, "=CP+1", evse_id="US*NOR*E1")
    for day in days(date(2025, 10, 1), 365):
        lost = 6_000.0 if day.day == 15 and day.month in (4, 6, 9, 11) else 0.0
        day_of(evse, day, offline=lost, **under("nevi", lost, lost / 4))
    return owner, place, manager, evse


WINDOW = {"first": date(2026, 7, 1), "end": date(2026, 10, 1)}


def test_nevi_has_each_port_and_month_with_the_twelve_months_before(quarter: Any) -> None:
    report = made(quarter[0], "nevi", formats=["csv"], **WINDOW)
    rows = table(report, "uptime")
    assert [row["month"] for row in rows] == ["2026-07", "2026-08", "2026-09"]
    september = rows[2]
    assert september["port_id"] == "US*NOR*E1"
    assert september["charger_id"] == "'=CP+1"  # No spreadsheet runs it.
    of_month = ("t_outage_minutes", "t_excluded_minutes", "month_minutes", "uptime_percent")
    # 100 - 25 = 75 of 30 x 1,440 = 43,200 minutes: 99.8264 %.
    assert numbers(september, *of_month) == [100, 25, 43_200, 99.8264]
    of_year = ("t_outage_12_months_minutes", "t_excluded_12_months_minutes",
               "window_12_months_minutes", "uptime_12_months_percent")  # fmt: skip
    # April, June, September, November: 400 - 100 = 300 of 525,600 minutes: 99.9429 %.
    assert numbers(september, *of_year) == [400, 100, 525_600, 99.9429]
    # Of July's twelve months only October 2025 to July 2026 were commissioned: 304 days.
    assert numbers(rows[0], *of_year)[:3] == [300, 75, 304 * MINUTES]
    assert table(report, "summary")[0]["meets_more_than_97_percent"] == "yes"


def test_nevi_lists_sessions_with_the_codes_of_unsuccessful_ones(quarter: Any) -> None:
    owner, _place, _manager, evse = quarter
    noon = at(31, 23.5, 7)
    session(evse, noon, noon + timedelta(minutes=40), "success", energy=31_400, peak_power=149_500)
    session(evse, at(2, 9, 8), at(2, 9.1, 8), "fault", energy=20)
    session(evse, at(30, 23, 9), at(1, 0, 10), "success", energy=1)  # It ended in October.
    session(evse, at(30, 22, 6), at(1, 0, 7), "success", energy=5_000)  # … and this in July.
    rows = table(made(owner, "nevi", formats=["csv"], **WINDOW), "sessions")
    found = [(row["ended"], row["energy_kwh"], row["peak_power_kw"], row["successful"],
              row["error_codes"], row["payment_method"]) for row in rows]  # fmt: skip
    assert found == [
        ("2026-07-01T00:00:00Z", "5.0", "", "yes", "", ""),
        ("2026-08-01T00:10:00Z", "31.4", "149.5", "yes", "", ""),
        ("2026-08-02T09:06:00Z", "0.02", "", "no", "GroundFailure", ""),
    ]


def test_nevi_cuts_outages_to_the_quarter(quarter: Any) -> None:
    owner, _place, _manager, evse = quarter
    outage(evse, at(30, 23, 6), at(1, 1, 7), error_code="E1", chargex=2)
    outage(evse, at(10, 6, 8), at(10, 7.5, 8))
    outage(evse, at(30, 23.5, 9), at(2, 0, 10))
    outage(evse, at(5, 0, 10), at(6, 0, 10))
    rows = table(made(owner, "nevi", formats=["csv"], **WINDOW), "outages")
    assert [float(row["duration_minutes"]) for row in rows] == [60, 90, 30]
    assert (rows[0]["error_code"], rows[0]["chargex"]) == ("E1", "CX002")


def test_the_uk_statement_prints_r_both_ways_over_open_minutes(db: None) -> None:
    owner, place, _manager = network(country="GB")
    first, second = port(place, "CP-1"), port(place, "CP-2")
    # Open ten hours a day, 31 days: 18,600 minutes each.
    for day in days(OCTOBER, 31):
        here = day == OCTOBER
        day_of(first, day, **under("uk", 6_000.0 * here, 12_000.0 * here, 36_000.0))
        day_of(second, day, **under("uk", 0.0, 0.0, 36_000.0))
    port(place, "CP-3")  # No rapid one: not under the regulations.
    report = made(owner, "uk")
    row = table(report, "network")[0]
    names = ("rapid_charge_points", "open_minutes", "not_reliable_minutes", "ineligible_minutes")
    assert numbers(row, *names) == [2, 37_200, 100, 200]
    # 1 - 100 / 37,200 = 99.7312 %; 1 - 100 / (37,200 - 200) = 99.7297 %.
    both = ("reliability_percent", "reliability_without_ineligible_percent")
    assert numbers(row, *both) == [99.7312, 99.7297]
    assert row["meets_99_percent"] == "yes"
    points = table(report, "charge-points")
    # CP-1: 1 - 100 / 18,600 = 99.4624 %; 1 - 100 / 18,400 = 99.4565 %.
    assert [numbers(point, *both) for point in points] == [[99.4624, 99.4565], [100, 100]]


def test_california_has_every_quarter_of_an_hour_and_what_was_excluded(db: None) -> None:
    owner, place, manager = network(country="US", region="CA", timezone="America/Los_Angeles")
    evse = port(place, "CP-1")
    lead = person("lea", Role.LEAD, owner)
    # 1 November 2026 has 25 hours there: 100 quarters; its first begins at 07:00 UTC.
    quarters = {"outage": [0] * 4 + [900, 450] + [0] * 94, "excluded": [0] * 4 + [900] + [0] * 95}
    QuarterHours.objects.create(evse=evse, day=date(2026, 11, 1), **quarters)
    day_of(evse, date(2026, 11, 1), **under("california", 1_350.0, 900.0, 90_000.0))
    start = datetime.fromisoformat("2026-11-01T08:00Z")
    Exclusion.objects.create(
        site=place, started=start, ended=start + timedelta(minutes=15), reason="vandalism",
        note="cut cable", state="approved", proposed_by=lead, proposed_at=NOW,
        decided_by=manager, decided_at=NOW,
    )  # fmt: skip
    window = {"first": date(2026, 11, 1), "end": date(2026, 11, 2)}
    report = made(owner, "california", **window)
    rows = table(report, "intervals")
    assert len(rows) == 100
    assert rows[0]["started"] == "2026-11-01T07:00:00Z"
    assert rows[99]["started"] == "2026-11-02T07:45:00Z"
    names = ("outage_seconds", "excluded_seconds", "uptime_seconds")
    assert numbers(rows[4], *names) == [900, 900, 900]
    assert numbers(rows[5], *names) == [450, 0, 450]
    summary = table(report, "summary")[0]
    # (1,500 - (22.5 - 15)) / 1,500 = 99.5 %
    assert numbers(summary, "window_minutes", "uptime_percent") == [1_500, 99.5]
    assert numbers(summary, "vandalism_minutes", "planned_minutes") == [15, 0]
    excluded = table(report, "exclusions")[0]
    assert (excluded["proposed_by"], excluded["approved_by"]) == ("lea", "manager-nordstrom")


@pytest.fixture
def month(db: None) -> Any:
    """Two ports: one up all October, one down half of its first two days; September is full up."""
    owner, place, manager = network()
    good, bad = port(place, "CP-1"), port(place, "CP-2")
    for day in days(date(2026, 9, 1), 61):
        lost = DAY / 2 if day in (date(2026, 10, 1), date(2026, 10, 2)) else 0.0
        day_of(good, day, attempts=4, successes=4, sessions=4, energy=80_000.0)
        day_of(bad, day, faulted=lost, outages=int(lost > 0), **under("contract", lost, lost / 2))
        linked(good.charger, day)
        linked(bad.charger, day, offline=DAY / 4 if lost else 0.0)
    outage(bad, at(1), at(1, 12))
    outage(bad, at(2), at(2, 12), cause="power")
    return owner, place, manager


def words(report: Report) -> tuple[str, int]:
    """Return the PDF's text, and how many pages it has."""
    file = report.files.get(format="pdf")
    data = b"".join(storage.content(file))
    return _text(data), len(re.findall(rb"/Type /Page\b", data))


def _text(data: bytes) -> str:
    """Read the glyphs by the fonts' maps, which are there for who searches or copies."""
    streams = list(_streams(data))
    maps = [_map(part) for part in streams if b"beginbfchar" in part]
    return "\n".join(_read(part, maps) for part in streams if b" Tj" in part)


def _streams(data: bytes) -> Iterator[bytes]:
    for part in re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL):
        try:
            yield zlib.decompress(part)
        except zlib.error:
            yield part


def _map(stream: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", stream)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _read(page: bytes, maps: list[dict[int, str]]) -> str:
    """Return the page's texts, each as every font would have it."""
    texts = []
    for part in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", page, re.DOTALL):
        plain = re.sub(rb"\\(.)", lambda m: ESCAPED.get(m[1], m[1]), part, flags=re.DOTALL)
        codes = [int.from_bytes(plain[n : n + 2], "big") for n in range(0, len(plain), 2)]
        texts += ["".join(each.get(code, "") for code in codes) for each in maps]
    return "\n".join(texts)


ESCAPED = {b"r": b"\r", b"n": b"\n"}


def test_the_management_report_says_what_the_rows_say(month: Any) -> None:
    owner, _place, manager = month
    report = made(owner, by=manager, parameters={"target": 0.99})
    found = {row["metric"]: row for row in table(report, "figures")}
    # 61 of 62 days of ports: 98.3871 %; online 61.5 of 62 days of chargers: 99.1935 %.
    assert float(found["uptime"]["value"]) == pytest.approx(61 / 62)
    assert float(found["online_rate"]["value"]) == pytest.approx(61.5 / 62)
    assert float(found["energy"]["value"]) == 31 * 80_000
    assert float(found["outages"]["value"]) == 2
    assert [float(row["duration_minutes"]) for row in table(report, "outages")] == [720, 720]
    worst = table(report, "ports")
    assert [float(row["uptime_percent"]) for row in worst] == [100, 96.7742]
    text, pages = words(report)
    assert 2 <= pages <= 6
    for said in ("Nordstrom", "Management report, October 2026", "98.39 %", "99.19 %",
                 "2,480.0 kWh", "100.00 % · September 2026", "target 99.00 %", "CP-2/1",
                 "24.0 h · 100.0 %",
                 "Fault of the charger · 1", "Power lost or restarted · 1",
                 "3 Nov 2026, 06:00 UTC", "Nothing was excluded"):  # fmt: skip
        assert said in text, said


def test_the_scorecard_holds_each_contract_against_what_was_agreed(month: Any) -> None:
    owner, place, _manager = month
    elsewhere = port(site(owner), "CP-9")  # Nobody's contract: not on the scorecard.
    day_of(elsewhere, OCTOBER, offline=DAY)
    firm = owner.contractors.create(name="Volt & Sons")
    contract = Contract.objects.create(
        contractor=firm, name="Care", starts=date(2026, 10, 2), uptime_target=0.99
    )
    contract.sites.set([place])
    report = made(owner, "contractor", parameters={"contractor": firm.pk})
    row = table(report, "contracts")[0]
    # From 2 October: 30 days, half a day down, half of that excused: 29.75 of 30 days.
    names = ("window_minutes", "outage_minutes", "excluded_minutes", "uptime_percent")
    assert numbers(row, *names) == [30 * MINUTES, 720, 360, 99.1667]
    assert row["met"] == "yes"
    assert [row["charger_id"] for row in table(report, "ports")] == ["CP-2"]
    text, _pages = words(report)
    assert "Contractor scorecard: Volt & Sons, October 2026" in text
    assert "2 ports, 1 site: Nordstrom Depot" in text
    assert "CP-9" not in text


def test_a_report_is_made_in_its_own_language_and_zone(month: Any) -> None:
    owner, place, _manager = month
    Site.objects.filter(pk=place.pk).update(timezone="Asia/Tokyo")
    report = made(owner, "site", sites=[place.pk], parameters={"site": place.pk}, language="de")
    assert report.title.endswith("Oktober 2026")
    # There October begins at 15:00 UTC on 30 September: the outage of the 1st lies in it whole.
    assert [float(r["duration_minutes"]) for r in table(report, "outages")] == [720, 720]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_spreadsheet_runs_what_outsiders_named(name: str) -> None:
    assert inert(name) == f"'{name}"
    assert inert("CP-1") == "CP-1"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Depot 7", "Depot 7"),
        ("שלום", "םולש"),
        ("CP-1 · שלום 12", "CP-1 · 12 םולש"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
        ("a\x00b\u200bc\n", "a b c"),
    ],
)
def test_a_line_is_drawn_in_the_order_of_the_eye(text: str, drawn: str) -> None:
    assert visual(text) == drawn


def test_a_workbook_says_where_the_rest_of_a_long_table_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    read = []

    def rows() -> Iterator[list[int]]:
        read.append(1)
        yield from ([number] for number in range(5))

    table_ = sheets.once(sheets.Sheet("long", "Long: [1]", ["number"], rows))
    sheets.write_xlsx([("About", "=1+1")], [table_], tmp_path / "x.xlsx", lambda _part: None)
    sheets.write_csv(table_, tmp_path / "x.csv", lambda _part: None)
    sheets.write_csv(table_, tmp_path / "y.csv", lambda _part: None)
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        texts = b"".join(book.read(name) for name in book.namelist()).decode(errors="replace")
    assert texts.count("<row ") == 1 + 1 + 3 + 1  # About; the head, three rows and the sentence.
    assert "There are more rows" in texts
    assert "<f>" not in texts  # No formula, whatever was entered.
    assert (tmp_path / "x.csv").read_text().split() == ["number", "0", "1", "2", "3", "4"]
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()
    assert len(read) == 2  # The second file was made of the rows that the first one read.
