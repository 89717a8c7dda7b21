"""Uptime under California's standards, worked out by hand.

"CEC" is the Commission's page on its EV Charger Data and Reliability Standards: 97 % uptime
per port; "downtime due to vandalism (up to 10 days per incident), grid power loss, natural
disasters, and planned maintenance (up to 72 hours per year)" is left out; 15-minute data.
"""

from collections.abc import Sequence

import pytest

from monitoring.kpis.parts import Window
from monitoring.lenses.california import quarters
from tests.monitoring.lenses.case import PORT, Case, Stretch, check, table

ZONE = "America/Los_Angeles"
FIRST, SECOND = ("2025-01-01", "2025-07-01"), ("2025-07-01", "2026-01-01")
#: 181 x 1,440 - 60, 184 x 1,440 + 60: the clocks change in both.
T1, T2 = 260_580, 265_020
EXCLUSIONS = "CEC: exclusions"
VANDALISM = "CEC: vandalism up to 10 days per incident"
PLANNED = "CEC: planned maintenance up to 72 hours per year"


def days(*starts: str, hours: int = 24) -> list[Stretch]:
    """Return a stretch of so many hours, 24 at most, from the midnight of each day."""
    return [(start, f"{start} {hours:02}:00" if hours < 24 else _next(start)) for start in starts]


def _next(day: str) -> str:
    return f"{day[:8]}{int(day[8:]) + 1:02}"


def out_of_service(stretches: Sequence[Stretch]) -> list[tuple[str, str, str]]:
    return [("Unavailable", *each) for each in stretches]


FOUR_DAYS = days("2025-01-10", "2025-02-10", "2025-04-10", "2025-05-10")

CASES = [
    Case(
        "a half-year loses an hour", "CEC: semiannual", FIRST, (T1, 0, 0), (1, 1), True, zone=ZONE
    ),
    Case("the other gains one", "CEC: semiannual", SECOND, (T2, 0, 0), (1, 1), True, zone=ZONE),
    Case(
        "and a leap year's first has a day more",
        "CEC: semiannual; KPIS.md: the real number of minutes",
        ("2024-01-01", "2024-07-01"),
        (262_020, 1_440, 0),  # 182 x 1,440 - 60.
        (260_580, 262_020),
        True,
        zone=ZONE,
        down=[("Faulted", "2024-02-29", "2024-03-01")],
    ),
    Case(
        "3 % of outage leave 97 %, which is enough",
        "CEC: 97 % uptime standard; KPIS.md: ≥ 97 %",
        ("2025-07-01", "2025-10-09"),
        (144_000, 4_320, 0),  # 100 days, three of them Faulted.
        (97, 100),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-08-01", "2025-08-04")],
    ),
    Case(
        "of fourteen days after vandalism ten are left out",
        VANDALISM,
        FIRST,
        (T1, 20_160, 14_400),
        (T1 - 5_760, T1),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-02-01", "2025-02-15")],
        excluded=[("vandalism", "2025-02-01", "2025-02-15")],
    ),
    Case(
        "the ten days begin with the incident, not with the window",
        VANDALISM,
        ("2025-03-01", "2025-04-01"),
        # T: 31 days but an hour. Outage: 1 to 10 March but that hour; excluded up to 2 March.
        (44_580, 12_900, 1_440),
        (33_120, 44_580),
        False,
        zone=ZONE,
        down=[("Faulted", "2025-02-20", "2025-03-10")],
        excluded=[("vandalism", "2025-02-20", "2025-03-10")],
    ),
    Case(
        "two incidents of six days each have ten days each",
        VANDALISM,
        FIRST,
        (T1, 17_280, 17_280),
        (1, 1),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-02-01", "2025-02-07"), ("Faulted", "2025-05-01", "2025-05-07")],
        excluded=[
            ("vandalism", "2025-02-01", "2025-02-07"),
            ("vandalism", "2025-05-01", "2025-05-07"),
        ],
    ),
    Case(
        "what vandalism has no days left for, the grid may: the two are joined",
        EXCLUSIONS,
        FIRST,
        (T1, 20_160, 17_280),  # 1 to 11 February, and 9 to 13: twelve days.
        (T1 - 2_880, T1),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-02-01", "2025-02-15")],
        excluded=[
            ("vandalism", "2025-02-01", "2025-02-15"),
            ("utility_outage", "2025-02-09", "2025-02-13"),
        ],
    ),
    Case(
        "of four days of planned work three are left out: 72 hours",
        PLANNED,
        FIRST,
        (T1, 5_760, 4_320),
        (T1 - 1_440, T1),
        True,
        zone=ZONE,
        down=out_of_service(FOUR_DAYS),
        planned=FOUR_DAYS,
    ),
    Case(
        "and the fourth isn't, looked at alone",
        PLANNED,
        ("2025-05-01", "2025-06-01"),
        (44_640, 1_440, 0),
        (43_200, 44_640),  # 96.77 %.
        False,
        zone=ZONE,
        down=out_of_service(FOUR_DAYS),
        planned=FOUR_DAYS,
    ),
    Case(
        "the 72 hours end within a window of 96",
        PLANNED,
        FIRST,
        (T1, 5_760, 4_320),
        (T1 - 1_440, T1),
        True,
        zone=ZONE,
        down=[("Unavailable", "2025-01-10", "2025-01-14")],
        planned=[("2025-01-10", "2025-01-14")],
    ),
    Case(
        "work over New Year: the old year's two days are left out",
        PLANNED,
        ("2024-07-01", "2025-01-01"),
        (T2, 2_880, 2_880),
        (1, 1),
        True,
        zone=ZONE,
        down=[("Unavailable", "2024-12-30", "2025-01-03")],
        planned=[("2024-12-30", "2025-01-03")],
    ),
    Case(
        "and the new year's: it has 72 hours of its own",
        PLANNED,
        FIRST,
        (T1, 2_880, 2_880),
        (1, 1),
        True,
        zone=ZONE,
        down=[("Unavailable", "2024-12-30", "2025-01-03")],
        planned=[("2024-12-30", "2025-01-03")],
    ),
    Case(
        "approved maintenance and planned windows share the hours",
        PLANNED,
        FIRST,
        (T1, 5_760, 4_320),  # 48 hours, and 24 of the other 48.
        (T1 - 1_440, T1),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-01-10", "2025-01-12"), ("Faulted", "2025-02-01", "2025-02-03")],
        excluded=[("scheduled_maintenance", "2025-01-10", "2025-01-12")],
        planned=[("2025-02-01", "2025-02-03")],
    ),
    Case(
        "planned windows use them up also where the port stayed up",
        PLANNED,
        FIRST,
        (T1, 1_440, 0),
        (T1 - 1_440, T1),
        True,
        zone=ZONE,
        down=[("Unavailable", "2025-02-10", "2025-02-11")],
        planned=[("2025-01-10", "2025-01-13"), ("2025-02-10", "2025-02-11")],
    ),
    Case(
        "of a fault what lies in planned work is left out",
        PLANNED,
        FIRST,
        (T1, 480, 240),
        (T1 - 240, T1),
        True,
        zone=ZONE,
        down=[("Faulted", "2025-05-05 08:00", "2025-05-05 16:00")],
        planned=[("2025-05-05 10:00", "2025-05-05 14:00")],
    ),
    Case(
        "loss of grid power is left out, however long",
        EXCLUSIONS,
        FIRST,
        (T1, 28_800, 28_800),
        (1, 1),
        True,
        zone=ZONE,
        offline=[("2025-02-01", "2025-02-21")],
        excluded=[("utility_outage", "2025-02-01", "2025-02-21")],
    ),
    Case(
        "a natural disaster longer than the outage takes out the outage and no more",
        EXCLUSIONS,
        FIRST,
        (T1, 120, 120),
        (1, 1),
        True,
        zone=ZONE,
        offline=[("2025-05-05 10:00", "2025-05-05 12:00")],
        excluded=[("natural_disaster", "2025-05-04", "2025-05-11")],
    ),
    Case(
        "an exclusion without an outage changes nothing",
        EXCLUSIONS,
        FIRST,
        (T1, 0, 0),
        (1, 1),
        True,
        zone=ZONE,
        excluded=[("vandalism", "2025-05-04", "2025-05-11")],
    ),
    Case(
        "a vehicle's fault and the network provider are not among the exclusions",
        EXCLUSIONS,
        FIRST,
        (T1, 240, 0),
        (T1 - 240, T1),
        True,
        zone=ZONE,
        offline=[("2025-05-05 10:00", "2025-05-05 12:00")],
        silent=[("2025-05-06 10:00", "2025-05-06 12:00")],
        excluded=[
            ("network_provider", "2025-05-05 10:00", "2025-05-05 12:00"),
            ("vehicle_fault", "2025-05-06 10:00", "2025-05-06 12:00"),
        ],
    ),
    Case(
        "nor are hours when it is closed",
        EXCLUSIONS,
        FIRST,
        (T1, 480, 0),
        (T1 - 480, T1),
        True,
        zone=ZONE,
        hours={"mon": [("06:00", "22:00")], "tue": [("06:00", "22:00")]},
        down=[("Faulted", "2025-05-05 22:00", "2025-05-06 06:00")],
    ),
    Case(
        "commissioned on 1 June, ten days without a known status",
        "KPIS.md: no data; the real number of minutes",
        FIRST,
        (28_800, 0, 0),  # 30 - 10 days.
        (1, 1),
        True,
        zone=ZONE,
        commissioned=("2025-06-01", "2030-01-01"),
        down=[("Unknown", "2025-06-05", "2025-06-15")],
    ),
    Case(
        "never seen: no data",
        "KPIS.md: no data is None",
        FIRST,
        (0, 0, 0),
        None,
        zone=ZONE,
        seen_from="2026-06-01",
    ),
]


@table(CASES)
def test_california(case: Case) -> None:
    check(case, "california", case.measured("california").ports[PORT][0].lenses["california"])


def test_a_port_may_be_under_two_lenses_which_see_the_same_outage_otherwise() -> None:
    case = CASES[4]
    seen = case.measured("california", "nevi").ports[PORT][0].lenses
    assert (seen["california"].outage, seen["nevi"].outage) == (20_160 * 60, 20_160 * 60)
    assert (seen["california"].excluded, seen["nevi"].excluded) == (14_400 * 60, 20_160 * 60)


@pytest.mark.parametrize(
    ("day", "after", "count"),
    [
        ("2025-06-01", "2025-06-02", 96),
        ("2025-03-09", "2025-03-10", 92),
        ("2025-11-02", "2025-11-03", 100),
    ],
)
def test_a_day_has_a_quarter_of_an_hour_for_each(day: str, after: str, count: int) -> None:
    """CEC: 15-minute interval reliability data must be recorded."""
    whole = Case("", "", (day, after), (0, 0, 0), None, zone=ZONE, down=[("Faulted", day, after)])
    outage, excluded = quarters(
        whole.measured("california").california[PORT], Window(*whole.stretch(whole.window))
    )
    assert outage == [900] * count
    assert excluded == [0] * count


def test_a_quarter_holds_its_seconds_of_outage_and_of_those_the_excluded() -> None:
    case = Case(
        "", "", ("2025-06-01", "2025-06-02"), (0, 0, 0), None, zone=ZONE,
        down=[("Faulted", "2025-06-01 10:10", "2025-06-01 10:40")],
        excluded=[("utility_outage", "2025-06-01 10:20", "2025-06-01 12:00")],
    )  # fmt: skip
    seen = case.measured("california").california[PORT]
    outage, excluded = quarters(seen, Window(*case.stretch(case.window)))
    assert outage[39:44] == [0, 300, 900, 600, 0]
    assert excluded[39:44] == [0, 0, 600, 600, 0]
    assert (sum(outage), sum(excluded)) == (1_800, 1_200)
