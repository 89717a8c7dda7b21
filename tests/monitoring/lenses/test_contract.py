"""Uptime under contracts, worked out by hand; each row cites the clause it is about.

KPIS.md, "Uptime, by lens": own exclusions and hours from the SLA.
"""

from datetime import date, time
from typing import Any

from monitoring.kpis.history import Agreement
from monitoring.lenses.standards import STANDARDS
from tests.monitoring.lenses.case import PORT, WEEK, Case, check, daily, table

JUNE = ("2025-06-01", "2025-07-01")
T = 43_200
OFFICE = {day: [(time(8), time(18))] for day in WEEK[:5]}


def agreed(first: str = "2025-01-01", last: str = "", **clauses: Any) -> Agreement:
    return Agreement(
        key=clauses.pop("key", 1),
        first=date.fromisoformat(first),
        last=date.fromisoformat(last) if last else None,
        hours=clauses.pop("hours", {}),
        in_opening_hours=clauses.pop("in_opening_hours", False),
        excluded=frozenset(clauses.pop("excluded", ())),
        **clauses,
    )


NIGHT = [("Faulted", "2025-06-02 21:00", "2025-06-03 07:00")]
HOURS = [("2025-06-03 10:00", "2025-06-03 15:00")]
SERVICE = [("Unavailable", "2025-06-03 08:00", "2025-06-03 12:00")]

CASES = [
    Case(
        "twelve hours of outage in June",
        "Hours: always",
        JUNE,
        (T, 720, 0),
        (T - 720, T),
        down=[("Faulted", "2025-06-10", "2025-06-10 12:00")],
        agreements=[agreed()],
    ),
    Case(
        "in office hours: of a weekend's fault an hour on Friday and one on Monday",
        "Hours: Monday to Friday, 8 to 18",
        JUNE,
        (12_600, 120, 0),  # June 2025 has 21 working days of 600 minutes.
        (12_480, 12_600),
        down=[("Faulted", "2025-06-06 17:00", "2025-06-09 09:00")],
        agreements=[agreed(hours=OFFICE)],
    ),
    Case(
        "only while the site is open as well: from 10",
        "Hours: Monday to Friday, 8 to 18; only in opening hours",
        JUNE,
        (10_080, 120, 0),  # 21 x 480.
        (9_960, 10_080),
        hours=daily("10:00", "20:00"),
        down=[("Faulted", "2025-06-02 08:00", "2025-06-02 12:00")],
        agreements=[agreed(hours=OFFICE, in_opening_hours=True)],
    ),
    Case(
        "the network provider's outage is excluded where that was agreed",
        "Excluded: network provider",
        JUNE,
        (T, 300, 300),
        (1, 1),
        offline=HOURS,
        excluded=[("network_provider", *HOURS[0])],
        agreements=[agreed(excluded=["network_provider"])],
    ),
    Case(
        "the grid's isn't where it wasn't",
        "Excluded: network provider",
        JUNE,
        (T, 300, 0),
        (T - 300, T),
        offline=HOURS,
        excluded=[("utility_outage", *HOURS[0])],
        agreements=[agreed(excluded=["network_provider"])],
    ),
    Case(
        "offline is no outage where that was agreed",
        "An offline port is down: no",
        JUNE,
        (T, 0, 0),
        (1, 1),
        offline=HOURS,
        agreements=[agreed(counts_offline=False)],
    ),
    Case(
        "failing every driver is an outage",
        "A port that fails every driver is down: yes",
        JUNE,
        (T, 300, 0),
        (T - 300, T),
        silent=HOURS,
        agreements=[agreed()],
    ),
    Case(
        "and none where that was agreed",
        "A port that fails every driver is down: no",
        JUNE,
        (T, 0, 0),
        (1, 1),
        silent=HOURS,
        agreements=[agreed(counts_silent=False)],
    ),
    Case(
        "planned work is excluded where that was agreed, over a fault too",
        "Excluded: scheduled maintenance",
        JUNE,
        (T, 840, 420),  # 10 + 4 hours; planned 5 to 12: two of the fault, all the service's.
        (T - 420, T),
        down=[NIGHT[0], *SERVICE],
        planned=[("2025-06-03 04:00", "2025-06-03 12:00")],
        agreements=[agreed(excluded=["scheduled_maintenance"])],
    ),
    Case(
        "else planned work is an outage",
        "Excluded: nothing",
        JUNE,
        (T, 240, 0),
        (T - 240, T),
        down=SERVICE,
        planned=[("2025-06-03 04:00", "2025-06-03 12:00")],
        agreements=[agreed()],
    ),
    Case(
        "closed hours are excluded, and stay in T",
        "Excluded: outside opening hours",
        JUNE,
        (T, 600, 480),  # Closed from 22 to 6.
        (T - 120, T),
        hours=daily("06:00", "22:00"),
        down=NIGHT,
        agreements=[agreed(excluded=["outside_opening_hours"])],
    ),
    Case(
        "from its first day on",
        "First day: 16 June",
        JUNE,
        (21_600, 60, 0),  # 15 days.
        (21_540, 21_600),
        down=[("Faulted", "2025-06-15 12:00", "2025-06-16 01:00")],
        agreements=[agreed("2025-06-16")],
    ),
    Case(
        "to the end of its last day",
        "Last day: 10 June",
        JUNE,
        (14_400, 60, 0),
        (14_340, 14_400),
        down=[("Faulted", "2025-06-10 23:00", "2025-06-12")],
        agreements=[agreed(last="2025-06-10")],
    ),
    Case(
        "two contracts, one after the other: the second excludes vandalism",
        "Excluded: vandalism; first day: 16 June",
        JUNE,
        (T, 1_440, 720),
        (T - 720, T),
        down=[("Faulted", "2025-06-15 12:00", "2025-06-16 12:00")],
        excluded=[("vandalism", "2025-06-15", "2025-06-17")],
        agreements=[
            agreed(last="2025-06-15"),
            agreed("2025-06-16", key=2, excluded=["vandalism"]),
        ],
    ),
    Case(
        "two at once count once: the earlier goes on to its end",
        "First day: 10 June; last day: 20 June",
        JUNE,
        (T, 1_440, 0),
        (T - 1_440, T),
        down=[("Faulted", "2025-06-15", "2025-06-16")],
        excluded=[("vandalism", "2025-06-15", "2025-06-17")],
        agreements=[
            agreed(last="2025-06-20"),
            agreed("2025-06-10", key=2, excluded=["vandalism"]),
        ],
    ),
    Case(
        "exclusions that overlap and last longer than the outage",
        "Excluded: vandalism, natural disaster",
        JUNE,
        (T, 600, 600),
        (1, 1),
        down=NIGHT,
        excluded=[("natural_disaster", "2025-06-02", "2025-06-03"), ("vandalism", *JUNE)],
        agreements=[agreed(excluded=["vandalism", "natural_disaster"])],
    ),
    Case(
        "the month that loses an hour",
        "Hours: always; days are the site's own",
        ("2025-03-01", "2025-04-01"),
        (44_580, 120, 0),  # 31 x 1,440 - 60; from 1 to 4 are two hours that night.
        (44_460, 44_580),
        zone="Europe/Berlin",
        down=[("Faulted", "2025-03-30 01:00", "2025-03-30 04:00")],
        agreements=[agreed()],
    ),
    Case(
        "the month that gains one, of a leap year's contract that ends in it",
        "Last day: 27 October; days are the site's own",
        ("2024-10-01", "2024-11-01"),
        (38_940, 60, 0),  # 27 x 1,440 + 60.
        (38_880, 38_940),
        zone="Europe/Berlin",
        down=[("Faulted", "2024-10-27 02:30", "2024-10-27 02:30+")],
        agreements=[agreed("2024-02-29", "2024-10-27")],
    ),
    Case(
        "commissioned on 21 June, five days without a known status",
        "Hours: always",
        JUNE,
        (7_200, 0, 0),  # 10 - 5 days.
        (1, 1),
        commissioned=("2025-06-21", "2030-01-01"),
        down=[("Unknown", "2025-06-21", "2025-06-26")],
        agreements=[agreed()],
    ),
    Case(
        "never seen: no data",
        "Hours: always",
        JUNE,
        (0, 0, 0),
        None,
        seen_from="2026-01-01",
        agreements=[agreed()],
    ),
]


@table(CASES)
def test_contract(case: Case) -> None:
    check(case, "contract", case.measured().ports[PORT][0].lenses["contract"])


def test_a_window_without_a_contract_knows_no_such_lens() -> None:
    case = Case("", "", JUNE, (0, 0, 0), None, agreements=[agreed("2025-06-16", "2025-06-20")])
    halves = [
        ("2025-06-01", "2025-06-16"),
        ("2025-06-16", "2025-06-21"),
        ("2025-06-21", "2025-07-01"),
    ]
    found = case.measured(windows=halves).ports[PORT]
    assert ["contract" in found[place].lenses for place in (0, 1, 2)] == [False, True, False]


def test_days_at_the_ends_of_the_calendar_are_days_too() -> None:
    case = Case(
        "", "", JUNE, (0, 0, 0), None, zone="Pacific/Kiritimati",
        agreements=[agreed("0001-01-01", "9999-12-31")],
    )  # fmt: skip
    assert case.measured().ports[PORT][0].lenses["contract"].window == T * 60


def test_what_was_agreed_is_asked_where_the_lens_names_nothing() -> None:
    standard = STANDARDS["contract"]
    assert [standard.met(value, 0.98) for value in (0.981, 0.98, 0.979)] == [True, True, False]
    assert standard.met(0.5) is None
    assert standard.met(None, 0.98) is None
