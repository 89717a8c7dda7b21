"""Uptime with nothing excluded, worked out by hand (KPIS.md, "Uptime, by lens": raw)."""

from monitoring.lenses import raw
from tests.monitoring.lenses.case import PORT, Case, check, table

JUNE = ("2025-06-01", "2025-07-01")
T = 43_200
OUTAGE = "KPIS.md, outage: a port can't serve a driver"
RAW = "KPIS.md, raw: 1 - T_outage / T_window"
KNOWN = "KPIS.md: no data is None"

CASES = [
    Case("a month without an outage", RAW, JUNE, (T, 0, 0), (1, 1)),
    Case(
        "February of a leap year",
        RAW,
        ("2024-02-01", "2024-03-01"),
        (41_760, 1_440, 0),  # 29 x 1,440.
        (40_320, 41_760),
        down=[("Faulted", "2024-02-29", "2024-03-01")],
    ),
    Case(
        "Faulted, Unavailable and offline all count, together only once",
        OUTAGE,
        JUNE,
        (T, 900, 0),  # 8 to 12 Faulted, 12 to 16 Unavailable, 10 to 23 offline: 8 to 23.
        (T - 900, T),
        down=[
            ("Faulted", "2025-06-03 08:00", "2025-06-03 12:00"),
            ("Unavailable", "2025-06-03 12:00", "2025-06-03 16:00"),
        ],
        offline=[("2025-06-03 10:00", "2025-06-03 23:00")],
    ),
    Case(
        "failing every driver in silence counts",
        "KPIS.md: silently failing",
        JUNE,
        (T, 300, 0),
        (T - 300, T),
        silent=[("2025-06-03 10:00", "2025-06-03 15:00")],
    ),
    Case(
        "a silent run over a fault counts once",
        "KPIS.md: silently failing",
        JUNE,
        (T, 420, 0),  # 10 to 15, and Faulted from 14 to 17.
        (T - 420, T),
        silent=[("2025-06-03 10:00", "2025-06-03 15:00")],
        down=[("Faulted", "2025-06-03 14:00", "2025-06-03 17:00")],
    ),
    Case(
        "Unavailable as planned is no outage",
        "KPIS.md, outage: Unavailable (unless by a planned window)",
        JUNE,
        (T, 120, 0),  # 8 to 12, planned from 9 to 11.
        (T - 120, T),
        down=[("Unavailable", "2025-06-03 08:00", "2025-06-03 12:00")],
        planned=[("2025-06-03 09:00", "2025-06-03 11:00")],
    ),
    Case(
        "planned windows that overlap are one",
        "KPIS.md, outage: Unavailable (unless by a planned window)",
        JUNE,
        (T, 60, 0),
        (T - 60, T),
        down=[("Unavailable", "2025-06-03 08:00", "2025-06-03 12:00")],
        planned=[
            ("2025-06-03 09:00", "2025-06-03 11:30"),
            ("2025-06-03 09:30", "2025-06-03 12:00"),
        ],
    ),
    Case(
        "Faulted and offline in a planned window are outages",
        "KPIS.md, outage: Unavailable (unless by a planned window)",
        JUNE,
        (T, 240, 0),
        (T - 240, T),
        down=[("Faulted", "2025-06-03 08:00", "2025-06-03 10:00")],
        offline=[("2025-06-03 10:00", "2025-06-03 12:00")],
        planned=[("2025-06-03 06:00", "2025-06-03 18:00")],
    ),
    Case(
        "approved exclusions change nothing",
        "KPIS.md, raw: nothing excluded",
        JUNE,
        (T, 300, 0),
        (T - 300, T),
        offline=[("2025-06-03 10:00", "2025-06-03 15:00")],
        excluded=[("utility_outage", *JUNE), ("natural_disaster", *JUNE)],
    ),
    Case(
        "nor do opening hours",
        "KPIS.md, raw: nothing excluded",
        JUNE,
        (T, 300, 0),
        (T - 300, T),
        hours={"mon": [("08:00", "10:00")]},
        offline=[("2025-06-03 10:00", "2025-06-03 15:00")],
    ),
    Case(
        "the day of 23 hours",
        RAW,
        ("2025-03-30", "2025-03-31"),
        (1_380, 120, 0),
        (1_260, 1_380),
        zone="Europe/Berlin",
        down=[("Faulted", "2025-03-30 01:00", "2025-03-30 04:00")],
    ),
    Case(
        "the day of 25 hours",
        RAW,
        ("2025-10-26", "2025-10-27"),
        (1_500, 60, 0),
        (1_440, 1_500),
        zone="Europe/Berlin",
        down=[("Faulted", "2025-10-26 02:30", "2025-10-26 02:30+")],
    ),
    Case(
        "commissioned and removed inside the window",
        RAW,
        JUNE,
        (14_400, 1_440, 0),  # 10 to 20 June; Faulted since the 9th.
        (12_960, 14_400),
        commissioned=("2025-06-10", "2025-06-20"),
        down=[("Faulted", "2025-06-09", "2025-06-11")],
    ),
    Case("never seen: no data", KNOWN, JUNE, (0, 0, 0), None, seen_from="2026-01-01"),
    Case(
        "unknown for five days, unseen for ten: neither up nor down",
        KNOWN,
        JUNE,
        (21_600, 1_440, 0),  # 30 - 15 days.
        (20_160, 21_600),
        seen_from="2025-06-11",
        down=[("Unknown", "2025-06-11", "2025-06-16"), ("Faulted", "2025-06-20", "2025-06-21")],
    ),
    Case(
        "down all the time is 0, and not less",
        RAW,
        JUNE,
        (T, T, 0),
        (0, 1),
        down=[("Faulted", "2025-05-01", "2025-08-01")],
    ),
]


@table(CASES)
def test_raw(case: Case) -> None:
    check(case, "raw", raw.totals(case.measured().ports[PORT][0]))
