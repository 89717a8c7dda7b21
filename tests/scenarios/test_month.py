"""One port, one month, every kind of event: worked out by hand, computed, and played.

The port is commissioned on the 2nd at 00:00, connects at 06:00 and first says what it is at
07:00. Minutes of what follows; "open" is the part from 06:00 to 22:00.

| when                       | what                               | minutes | open |
|----------------------------|------------------------------------|--------:|-----:|
| 2nd 00:00–06:00            | never seen                         |     360 |    0 |
| 2nd 06:00–07:00            | connected, status unknown          |      60 |   60 |
| 4th 08:00–10:30            | offline: link lost                 |     150 |  150 |
| 5th 03:00–03:10            | offline: our own restart           |      10 |    0 |
| 6th 12:00–14:00            | Faulted, GroundFailure             |     120 |  120 |
| 7th 20:00–23:00            | Unavailable, not planned           |     180 |  120 |
| 10th 09:00–12:00           | Unavailable in work planned 8–12:30|     180 |  180 |
| 11th 09:00–13:00           | three drivers fail in silence      |     240 |  240 |
| 12th 14:00–18:00           | offline: utility outage, approved  |     240 |  240 |
| 13th 10:00–11:00           | Faulted: vandalism, only proposed  |      60 |   60 |
| 14th 12:00–13:00           | Faulted: vehicle fault, approved   |      60 |   60 |
| 16th 06:00–08:00           | offline: network provider, approved|     120 |  120 |
| 19th 12:00–12:02           | offline: closed in order           |       2 |    2 |
| 20th, 6 × 1 minute         | offline: a flapping hour           |       6 |    6 |
| 21st 08:00 – 22nd 08:00    | offline, told of later             |    1440 |  960 |
| 24th 23:00 – 25th 05:00    | Faulted, at night                  |     360 |    0 |

offline 150+10+240+120+2+6+1440 = 1968 (open 1478) · Faulted 120+60+60+360 = 600 (open 240)
Unavailable 180 (120) · silent 240 (240) · planned 180 (180) · unknown 420 (60)

February 2026 has 28 days: commissioned 27 × 1440 = 38,880; open 27 × 960 = 25,920.
March has 31 with one hour less on the 29th: 30 × 1440 - 60 = 43,140; open 30 × 960 = 28,800.
There the port is Faulted on the 29th from 01:00 to 05:00 as well: 3 hours, none of them open.

Raw: T = 38,880 - 420 = 38,460; T_outage = 1968+600+180+240 = 2988.
    March: 42,720; 2988+180 = 3168.
NEVI: planned Unavailable is outage and excluded: T_outage = 2988+180 = 3168. Excluded: utility
    240, vehicle 60, planned 180, and what lies outside opening hours: 10+60+480+360 = 910.
    Together 1390. The network provider's 120 and the proposed 60 are not.
    March: T_outage 3348, excluded 1570.
UK: T is open time, 25,920. T_outage: Faulted 240, Unavailable 120, planned 180 = 540.
    Ineligible: offline 1478, unknown 60 = 1538. Silent says AVAILABLE. March: T 28,800.
California: T and T_outage as NEVI; excluded: utility 240 and planned 180 = 420. March: 420.
Contract: open time that is known, 25,920 - 60 = 25,860. T_outage 1478+240+120+180 = 2018 (silent
    doesn't count); excluded: utility 240, network 120, planned 180 = 540. March: T 28,740.

Attempts, each ends 23 minutes after it began: successful on the 3rd, 11th 13:00, 18th 16:00,
21st (4); no energy on the 11th at 9 and 11 (20 and 0 Wh) (2); not started on the 11th at 10;
refused on the 17th at 9, not counted; no authorization on the 17th at 10; a fault on the 18th
at 10 (emergency stop); power lost at 12; stuck finishing at 17 (its stop never came). 11 count.
All but the one without a card were authorized, 10; in 6 energy began to flow and ended regularly:
the 4 and the two with too little of it.

Connections: 12 reconnects: after lost 4 + 6, after a clean close 1, after our restart 1; 11
disconnects that aren't ours. Five reconnects within the hour before: from 10:41 (those since
10:01) to 11:01, and from 10:51 (those since 10:11) to 11:11: flapping for 30 minutes. The
longest time offline is the 21st's day, 1440. One card was refused.

Energy: 4 × 9,000 + 20 + 0 + 3,000 + 4,000 Wh = 43,020; 9 sessions ended and none was metered on
the one whose stop never came.
Use, where the port served drivers: not while it failed them on the 11th, not while offline on the
21st. Six visits of 20 minutes charging, 23 plugged in and 2 of these after the charging: 120, 138
and 12; with the refused card's 2 and the 5 without any card 145 minutes taken.
Outages that began: the twelve lines of the table that are one but the planned, the unknown
and the flaps, and 6 flaps: 18. March: 19.
"""

from dataclasses import dataclass, field
from math import inf

import pytest

from monitoring.days import bounds, days, zone_of
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LinkTotals, PortTotals
from tests.scenarios.month import PORT, ZONE, Month, history, month, seconds


@dataclass(frozen=True)
class Paper:
    """The figures worked out by hand; minutes."""

    script: Month
    commissioned: int
    faulted: int = 600
    outages: int = 18
    #: Lens -> T, T_outage, T_excluded, ineligible.
    lenses: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)


FEBRUARY = Paper(
    month(2026, 2),
    commissioned=38_880,
    lenses={
        "nevi": (38_460, 3_168, 1_390, 0),
        "uk": (25_920, 540, 0, 1_538),
        "california": (38_460, 3_168, 420, 0),
        "contract": (25_860, 2_018, 540, 0),
    },
)
MARCH = Paper(
    month(2026, 3, night=("29 01:00", "29 05:00")),
    commissioned=43_140,
    faulted=780,
    outages=19,
    lenses={
        "nevi": (42_720, 3_348, 1_570, 0),
        "uk": (28_800, 540, 0, 1_538),
        "california": (42_720, 3_348, 420, 0),
        "contract": (28_740, 2_018, 540, 0),
    },
)
BOTH = pytest.mark.parametrize("paper", [FEBRUARY, MARCH], ids=["February", "March"])


def assert_as_on_paper(paper: Paper, ports: PortTotals, links: LinkTotals) -> None:
    """Compare all figures of the month."""
    _assert_time(paper, ports)
    _assert_lenses(paper, ports)
    _assert_attempts(ports)
    _assert_links(paper, links)


def _assert_time(paper: Paper, ports: PortTotals) -> None:
    told = {
        name: getattr(ports, name) / 60
        for name in ("offline", "faulted", "unavailable", "silent", "planned", "no_data")
    }
    assert told == pytest.approx(
        {"offline": 1_968, "faulted": paper.faulted, "unavailable": 180, "silent": 240,
         "planned": 180, "no_data": 420}
    )  # fmt: skip
    assert ports.outage / 60 == pytest.approx(2_988 + paper.faulted - 600)
    assert ports.measured / 60 == pytest.approx(paper.commissioned - 420)
    assert ports.outages == paper.outages


def _assert_lenses(paper: Paper, ports: PortTotals) -> None:
    told = {
        lens: (seen.window / 60, seen.outage / 60, seen.excluded / 60, seen.ineligible / 60)
        for lens, seen in ports.lenses.items()
    }
    assert set(told) == set(paper.lenses)
    for lens, minutes in paper.lenses.items():
        assert told[lens] == pytest.approx(minutes), lens


def _assert_attempts(ports: PortTotals) -> None:
    assert (ports.attempts, ports.successes, ports.refused) == (11, 4, 1)
    assert (ports.authorized, ports.regular) == (10, 6)
    assert {what: count for what, count in ports.failures.items() if count} == {
        "no_energy": 2, "not_started": 1, "no_authorization": 1, "fault": 1,
        "power_or_link_loss": 1, "stuck_finishing": 1,
    }  # fmt: skip
    use = (ports.use.charging / 60, ports.use.occupied / 60, ports.use.idle / 60)
    assert use == pytest.approx((120, 145, 12))
    assert ports.use.sessions == 9
    assert ports.use.energy == pytest.approx(43_020)


def _assert_links(paper: Paper, links: LinkTotals) -> None:
    assert links.online / 60 == pytest.approx(paper.commissioned - 1_968 - 360)
    assert (links.offline / 60, links.unseen / 60) == pytest.approx((1_968 + 360, 360))
    counted = {why: count for why, count in links.reconnects.items() if count}
    assert counted == {"lost": 10, "clean": 1, "gateway_restart": 1}
    assert (links.disconnects, links.refusals) == (11, 1)
    assert links.longest_offline / 60 == pytest.approx(1_440)
    assert links.flapping / 60 == pytest.approx(30)


def windows(script: Month) -> list[Window]:
    zone = zone_of(ZONE)
    return [Window(*map(seconds, bounds(day, zone))) for day in days(script.first, script.last)]


@BOTH
def test_the_pure_functions_say_what_the_paper_says_of_the_whole_month(paper):
    parts = windows(paper.script)
    whole = Window(parts[0].start, parts[-1].end)
    limits = Window(seconds(paper.script.commissioned), inf)

    found = measured(history(paper.script), [whole], limits, whole.end)

    assert_as_on_paper(paper, found.ports[PORT][0], found.links[0])


@BOTH
def test_the_month_s_days_add_up_to_the_paper(paper):
    parts = windows(paper.script)
    limits = Window(seconds(paper.script.commissioned), inf)

    found = measured(history(paper.script), parts, limits, parts[-1].end)

    ports, links = PortTotals(), LinkTotals()
    for place in found.links:
        ports.add(found.ports[PORT][place])
        links.add(found.links[place])
    assert_as_on_paper(paper, ports, links)
