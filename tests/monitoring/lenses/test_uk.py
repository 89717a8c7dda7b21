"""Reliability under the UK's Public Charge Point Regulations 2023, worked out by hand.

The paragraphs are those of regulation 7 of SI 2023/1168; the statuses OCPI 2.2.1's.
"""

from dataclasses import replace

from monitoring.kpis.totals import LensTotals
from monitoring.lenses.standards import uptime
from tests.monitoring.lenses.case import PORT, WEEK, Case, check, daily, table

YEAR = ("2025-01-01", "2026-01-01")
T = 525_600

CASES = [
    Case("a year in which it works", "7(3)(a)", YEAR, (T, 0, 0), (1, 1), met=True),
    Case(
        "a leap year has 527,040 minutes",
        "7(2): each calendar year",
        ("2024-01-01", "2025-01-01"),
        (527_040, 1_440, 0),
        (525_600, 527_040),
        met=True,
        down=[("Faulted", "2024-02-29", "2024-03-01")],
    ),
    Case(
        "a day out of order",
        "7(4)(b)",
        YEAR,
        (T, 1_440, 0),
        (T - 1_440, T),
        met=True,
        down=[("Faulted", "2025-02-01", "2025-02-02")],
    ),
    Case(
        "ten days inoperative",
        "7(4)(a)",
        YEAR,
        (T, 14_400, 0),
        (T - 14_400, T),  # 97.26 %.
        met=False,
        down=[("Unavailable", "2025-02-01", "2025-02-11")],
    ),
    Case(
        "1 % of outage leaves 99 %, which is enough",
        "7(2): reliable for 99 % of the time",
        YEAR,
        (T, 5_256, 0),  # 525,600 x 0.01 = 87 h 36 min.
        (99, 100),
        met=True,
        down=[("Faulted", "2025-02-01", "2025-02-04 15:36")],
    ),
    Case(
        "a minute more is too much",
        "7(2): reliable for 99 % of the time",
        YEAR,
        (T, 5_257, 0),
        (T - 5_257, T),
        met=False,
        down=[("Faulted", "2025-02-01", "2025-02-04 15:37")],
    ),
    Case(
        "ten days offline are unknown: ineligible for measurement, so reliable",
        "7(3)(b)(i); OCPI 2.2.1: UNKNOWN, also used when offline",
        YEAR,
        (T, 0, 0, 14_400),
        (1, 1),
        met=True,
        offline=[("2025-02-01", "2025-02-11")],
    ),
    Case(
        "ineligible minutes taken out of T say more: 98.59 instead of 98.63 %",
        "7(3)(b)(i); KPIS.md: R without the ineligible minutes",
        YEAR,
        (T, 7_200, 0, 14_400),
        (518_400, T),
        met=False,
        without=(504_000, 511_200),  # T - 14,400; of these 7,200 out of order.
        down=[("Unknown", "2025-02-01", "2025-02-11"), ("Faulted", "2025-03-01", "2025-03-06")],
    ),
    Case(
        "offline hides what it was before: out of order for six hours, then unknown",
        "7(3)(b)(i), 7(4)(b)",
        YEAR,
        (T, 360, 0, 360),
        (T - 360, T),
        met=True,
        without=(T - 720, T - 360),
        down=[("Faulted", "2025-02-03 06:00", "2025-02-03 18:00")],
        offline=[("2025-02-03 12:00", "2025-02-03 18:00")],
    ),
    Case(
        "planned work is inoperative all the same",
        "7(4)(a): no exclusions",
        YEAR,
        (T, 240, 0),
        (T - 240, T),
        met=True,
        down=[("Unavailable", "2025-02-03 08:00", "2025-02-03 12:00")],
        planned=[("2025-02-03 08:00", "2025-02-03 12:00")],
    ),
    Case(
        "an approved exclusion doesn't count here, nor two that overlap",
        "7(4)(b): no exclusions",
        YEAR,
        (T, 1_440, 0),
        (T - 1_440, T),
        met=True,
        down=[("Faulted", "2025-02-01", "2025-02-02")],
        excluded=[
            ("vandalism", "2025-02-01", "2025-02-02"),
            ("utility_outage", "2025-02-01", "2025-02-03"),
        ],
    ),
    Case(
        "a port that fails drivers in silence has the status available",
        "7(3)(a)(i)",
        YEAR,
        (T, 0, 0),
        (1, 1),
        met=True,
        silent=[("2025-02-01", "2025-02-04")],
    ),
    Case(
        "open from 8 to 20: of a night out of order the two hours before 20 and after 8",
        "7(5): only by reference to those hours",
        YEAR,
        (262_800, 240, 0),  # 365 x 720.
        (262_560, 262_800),
        met=True,
        zone="Europe/London",
        hours=daily("08:00", "20:00"),
        down=[("Faulted", "2025-02-03 18:00", "2025-02-04 10:00")],
    ),
    Case(
        "open over midnight: Monday from 18, Tuesday to 2",
        "7(5): only by reference to those hours",
        ("2025-06-02", "2025-06-04"),
        (480, 120, 0),  # 6 + 2 hours; out of order from 23 to 1, and the night after.
        (360, 480),
        met=False,
        zone="Europe/London",
        hours={"mon": [("18:00", "24:00")], "tue": [("00:00", "02:00")]},
        down=[
            ("Faulted", "2025-06-02 23:00", "2025-06-03 01:00"),
            ("Faulted", "2025-06-03 02:00", "2025-06-03 08:00"),
        ],
    ),
    Case(
        "closed all day: nothing to measure",
        "7(5); KPIS.md: no data is None",
        ("2025-06-01", "2025-06-02"),
        (0, 0, 0),
        None,
        zone="Europe/London",
        hours=daily("08:00", "20:00", WEEK[:6]),
        down=[("Faulted", "2025-06-01", "2025-06-02")],
    ),
    Case(
        "the night that loses an hour: from 0:30 to 3:00 are 90 minutes of 23 hours",
        "7(2)",
        ("2025-03-30", "2025-03-31"),
        (1_380, 90, 0),
        (1_290, 1_380),
        met=False,
        zone="Europe/London",
        down=[("Faulted", "2025-03-30 00:30", "2025-03-30 03:00")],
    ),
    Case(
        "the night that gains an hour: open from 0 to 2 are three hours",
        "7(5)",
        ("2025-10-26", "2025-10-27"),
        (180, 60, 0),  # Out of order from the first 1:30 to the second.
        (120, 180),
        met=False,
        zone="Europe/London",
        hours={"sun": [("00:00", "02:00")]},
        down=[("Faulted", "2025-10-26 01:30", "2025-10-26 01:30+")],
    ),
    Case(
        "commissioned in December",
        "7(2)",
        YEAR,
        (44_640, 44_640, 0),
        (0, 1),
        met=False,
        commissioned=("2025-12-01", "2030-01-01"),
        down=[("Faulted", "2025-11-20", "2026-02-01")],
    ),
    Case(
        "never seen: no data", "KPIS.md: no data is None", YEAR, (0, 0, 0), None,
        seen_from="2026-06-01",
    ),
    Case(
        "first seen in July: what was before is no data, and not unknown",
        "KPIS.md: no data",
        YEAR,
        (264_960, 0, 0),
        (1, 1),
        met=True,
        seen_from="2025-07-01",
    ),
]  # fmt: skip


@table(CASES)
def test_uk(case: Case) -> None:
    check(case, "uk", case.measured("uk").ports[PORT][0].lenses["uk"])


def test_the_network_is_reckoned_over_all_its_minutes() -> None:
    """Regulation 7(2): the network is, on average, reliable for 99 % of the time."""
    network = LensTotals()
    for case in (CASES[2], CASES[3], replace(CASES[0], window=("2025-12-01", "2026-01-01"))):
        network.add(case.measured("uk").ports[PORT][0].lenses["uk"])
    assert uptime("uk", network).value == 1 - (1_440 + 14_400) / (T + T + 44_640)
