"""Uptime under NEVI, worked out by hand.

The paragraphs are those of 23 CFR 680.116. What T_excluded is made of is taken from KPIS.md.
"""

from datetime import date

from monitoring.lenses import nevi
from tests.monitoring.lenses.case import PORT, Case, check, daily, table

YEAR = ("2025-01-01", "2026-01-01")
T = 525_600
NEW_YORK = "America/New_York"
DAILY = daily("06:00", "22:00")

CASES = [
    Case("a year without an outage", "(b)(3)", YEAR, (T, 0, 0), (1, 1), met=True),
    Case(
        "a year with a 29 February has 527,040 minutes, and so T",
        "(b)(3); KPIS.md: the real number of minutes",
        ("2024-01-01", "2025-01-01"),
        (527_040, 1_440, 0),  # 366 x 1,440; one day Faulted.
        (525_600, 527_040),
        met=True,
        down=[("Faulted", "2024-02-29", "2024-03-01")],
    ),
    Case(
        "3 % of outage leave 97 %, which is not more than 97 %",
        "(b): greater than 97 %",
        YEAR,
        (T, 15_768, 0),  # 525,600 x 0.03 = 15,768 min = 10 d 22 h 48 min.
        (97, 100),
        met=False,
        down=[("Faulted", "2025-03-01", "2025-03-11 22:48")],
    ),
    Case(
        "a minute less of outage is enough",
        "(b): greater than 97 %",
        YEAR,
        (T, 15_767, 0),
        (509_833, T),
        met=True,
        down=[("Faulted", "2025-03-01", "2025-03-11 22:47")],
    ),
    Case(
        "offline is not up",
        "(b)(1): hardware and software both online",
        YEAR,
        (T, 360, 0),
        (T - 360, T),
        met=True,
        offline=[("2025-02-03 06:00", "2025-02-03 12:00")],
    ),
    Case(
        "Available and failing every driver is not up",
        "(b)(1): successfully dispenses electricity",
        YEAR,
        (T, 4_320, 0),
        (T - 4_320, T),
        met=True,
        silent=[("2025-02-03", "2025-02-06")],
    ),
    Case(
        "the night that loses an hour: 23 hours, and Faulted from 1 to 4 are two",
        "(b)(3); KPIS.md: the real number of minutes",
        ("2025-03-09", "2025-03-10"),
        (1_380, 120, 0),
        (1_260, 1_380),
        met=False,
        zone=NEW_YORK,
        down=[("Faulted", "2025-03-09 01:00", "2025-03-09 04:00")],
    ),
    Case(
        "the night that gains an hour: 25 hours, and from 0:30 to the second 1:30 are two",
        "(b)(3); KPIS.md: the real number of minutes",
        ("2025-11-02", "2025-11-03"),
        (1_500, 120, 0),
        (1_380, 1_500),
        met=False,
        zone=NEW_YORK,
        down=[("Faulted", "2025-11-02 00:30", "2025-11-02 01:30+")],
    ),
    Case(
        "commissioned inside the window: 184 days count, and one of the outage",
        "(b)(3); KPIS.md: the real number of minutes",
        YEAR,
        (264_960, 1_440, 0),  # 184 x 1,440.
        (263_520, 264_960),
        met=True,
        commissioned=("2025-07-01", "2030-01-01"),
        down=[("Faulted", "2025-06-20", "2025-07-02")],
    ),
    Case(
        "removed inside the window: 31 days count, and one of the outage",
        "(b)(3); KPIS.md: the real number of minutes",
        YEAR,
        (44_640, 1_440, 0),
        (43_200, 44_640),  # 96.77 %.
        met=False,
        commissioned=("2019-01-01", "2025-02-01"),
        down=[("Faulted", "2025-01-31", "2025-03-01")],
    ),
    Case(
        "never seen: no data, neither 0 nor 100 %",
        "KPIS.md: no data is None",
        YEAR,
        (0, 0, 0),
        None,
        seen_from="2026-06-01",
    ),
    Case(
        "ten days without a known status are taken out of T",
        "KPIS.md: no data; (b)(3)",
        YEAR,
        (511_200, 1_440, 0),  # 525,600 - 14,400.
        (509_760, 511_200),
        met=True,
        down=[("Unknown", "2025-01-01", "2025-01-11"), ("Faulted", "2025-05-01", "2025-05-02")],
    ),
    Case(
        "exclusions that overlap are left out once",
        "(b)(3): T_excluded",
        YEAR,
        (T, 600, 480),  # 10 to 20 h; excluded 10 to 15 and 14 to 18 are 10 to 18 h.
        (T - 120, T),
        met=True,
        down=[("Faulted", "2025-05-05 10:00", "2025-05-05 20:00")],
        excluded=[
            ("vandalism", "2025-05-05 10:00", "2025-05-05 15:00"),
            ("utility_outage", "2025-05-05 14:00", "2025-05-05 18:00"),
        ],
    ),
    Case(
        "an exclusion longer than the outage takes out the outage and no more",
        "(b)(3): T_outage - T_excluded",
        YEAR,
        (T, 120, 120),
        (1, 1),
        met=True,
        offline=[("2025-05-05 10:00", "2025-05-05 12:00")],
        excluded=[("natural_disaster", "2025-05-04", "2025-05-11")],
    ),
    Case(
        "an exclusion without an outage changes nothing",
        "(b)(3): T_excluded is of the outage",
        YEAR,
        (T, 0, 0),
        (1, 1),
        met=True,
        excluded=[("vandalism", "2025-05-04", "2025-05-11")],
    ),
    Case(
        "an outage of the network provider is not excluded",
        "KPIS.md: not excluded by NEVI",
        YEAR,
        (T, 300, 0),
        (T - 300, T),
        met=True,
        offline=[("2025-05-05 10:00", "2025-05-05 15:00")],
        excluded=[("network_provider", "2025-05-05 10:00", "2025-05-05 15:00")],
    ),
    Case(
        "of a fault what lies in a planned window is excluded",
        "(b)(3): T_excluded; KPIS.md: scheduled maintenance",
        YEAR,
        (T, 480, 240),
        (T - 240, T),
        met=True,
        down=[("Faulted", "2025-05-05 08:00", "2025-05-05 16:00")],
        planned=[("2025-05-05 10:00", "2025-05-05 14:00")],
    ),
    Case(
        "taken out of service as planned: outage, all of it excluded",
        "(b)(3): T_excluded; KPIS.md: scheduled maintenance",
        YEAR,
        (T, 120, 120),
        (1, 1),
        met=True,
        down=[("Unavailable", "2025-05-05 10:00", "2025-05-05 12:00")],
        planned=[("2025-05-05 09:00", "2025-05-05 13:00")],
    ),
    Case(
        "closed from 22 to 6: eight of ten hours of a night's fault are excluded, T stays whole",
        "(b)(3): T_excluded; KPIS.md: outside opening hours",
        YEAR,
        (T, 600, 480),
        (T - 120, T),
        met=True,
        hours=DAILY,
        down=[("Faulted", "2025-05-05 21:00", "2025-05-06 07:00")],
    ),
    Case(
        "of a silent run what a vehicle's fault explains is excluded",
        "(b)(3): T_excluded; KPIS.md: vehicle fault",
        YEAR,
        (T, 360, 60),
        (T - 300, T),
        met=True,
        silent=[("2025-05-05 12:00", "2025-05-05 18:00")],
        excluded=[("vehicle_fault", "2025-05-05 12:00", "2025-05-05 13:00")],
    ),
    Case(
        "the twelve months up to February 2025 hold no 29 February; an outage over New Year",
        "(b)(2): the previous twelve months",
        ("2024-03-01", "2025-03-01"),
        (T, 1_440, 0),
        (T - 1_440, T),
        met=True,
        down=[("Faulted", "2024-12-31 12:00", "2025-01-01 12:00")],
    ),
]


@table(CASES)
def test_nevi(case: Case) -> None:
    check(case, "nevi", case.measured("nevi").ports[PORT][0].lenses["nevi"])


def test_a_month_is_reckoned_over_the_twelve_that_end_with_it() -> None:
    assert nevi.window(date(2025, 2, 1)) == (date(2024, 3, 1), date(2025, 2, 28))
    assert nevi.window(date(2024, 2, 15)) == (date(2023, 3, 1), date(2024, 2, 29))
    assert nevi.window(date(2025, 12, 31)) == (date(2025, 1, 1), date(2025, 12, 31))
