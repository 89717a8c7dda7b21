"""Verdicts on sessions' meters, worked out by hand.

Every session lasts from 0 to 3600 s at a port of 22 kW unless said, so that it can hold
22 kW × 1.1 × 1 h + 0.1 kWh = 24.3 kWh at most. Samples are (minute, register in Wh, W).
"""

from math import inf, isfinite
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.reconciliation.judgement import Judgement, Metered, judge
from monitoring.reconciliation.samples import Point, Sampled, sampled

#: From 1,000 Wh on, 11 kW: 5,500 Wh in half an hour, 11,000 in the hour.
EVEN = [(0, 1_000, 11_000), (15, 3_750, 11_000), (30, 6_500, 11_000), (45, 9_250, 11_000),
        (60, 12_000, 11_000)]  # fmt: skip


def samples(*rows: tuple[float, float | None, float | None]) -> Sampled:
    return sampled(Point(minute * 60.0, register, power) for minute, register, power in rows)


def session(rows: Any = EVEN, **said: Any) -> Judgement:
    end = said.pop("end", 3600.0)
    told: dict[str, Any] = {"limit": 22_000.0, "sampled": samples(*rows), **said}
    return judge(Metered(0.0, end, **told))


def registers(rows: Any) -> list[Any]:
    return [(minute, register, None) for minute, register, _power in rows]


def powers(rows: Any) -> list[Any]:
    return [(minute, None, power) for minute, _register, power in rows]


#: What happened → (what is told, cause, verdict, what is billed, difference, billed Wh).
CASES: dict[str, tuple[Judgement, str, str, str, float | None, float | None]] = {
    # 12,000 − 1,000 = 11,000; samples 12,000 − 1,000 = 11,000; power 11 kW × 1 h = 11,000.
    "all three say the same": (
        session(meter_start=1_000, meter_stop=12_000, reported=11_000),
        "", "agrees", "registers", 0.0, 11_000.0,
    ),
    # 11,150 − 11,000 = 150 Wh, 1.35 % of 11,150: within both meters' class.
    "the register counts a little more": (
        session(meter_start=1_000, meter_stop=12_150, reported=11_150),
        "", "agrees", "registers", -150.0, 11_150.0,
    ),
    # Samples from minute 15 to 45: 9,250 − 3,750 = 5,500 of 11,000. In the 30 minutes not
    # sampled up to 24.2 kW × 0.5 h = 12,100 Wh can flow: explained.
    "samples come late and end early": (
        session(EVEN[1:4], meter_start=1_000, meter_stop=12_000, reported=11_000),
        "samples_missing", "tolerable", "registers", -5_500.0, 11_000.0,
    ),
    # The same while the charger wasn't connected.
    "samples lost while it was offline": (
        session(EVEN[1:4], meter_start=1_000, meter_stop=12_000, reported=11_000, offline=True),
        "offline_gap", "tolerable", "registers", -5_500.0, 11_000.0,
    ),
    # First sample after 4, last after 56 minutes: 8 of 60 minutes unseen, as usual.
    "samples a few minutes from the ends": (
        session([(4, 1_733, None), (56, 11_267, None)], meter_start=1_001, meter_stop=12_001,
                reported=11_000),
        "ends_not_sampled", "tolerable", "registers", -1_466.0, 11_000.0,
    ),
    # Whole kWh at both ends: 12 − 1 = 11 kWh; the samples say 11,450: less than 2 steps apart.
    "registers in whole kWh": (
        session([(0, 1_300, None), (60, 12_750, None)], meter_start=1_000, meter_stop=12_000,
                reported=11_000),
        "rounding", "tolerable", "registers", 450.0, 11_000.0,
    ),
    # 11,600 against 11,000 by power: 600 of 11,600 is 5.2 %.
    "power by time says less": (
        session(powers(EVEN), meter_start=1_001, meter_stop=12_601, reported=11_600),
        "unknown", "doubtful", "registers", -600.0, 11_600.0,
    ),
    # The register stopped at 60 Wh over where it began: 60 − 1,000 = −940. The samples fell
    # from 6,500 to 0 and counted 5,500 before and 60 after it.
    "the meter began anew during the session": (
        session([*EVEN[:3], (31, 0, None), (60, 60, None)], meter_start=1_000, meter_stop=60),
        "meter_reset", "contradictory", "samples", -6_500.0, 5_560.0,
    ),
    # 800,000 Wh before, 300,100 after: another meter. 5,000 + 4,000 counted.
    "the meter was replaced during the session": (
        session([(0, 795_000, None), (25, 800_000, None), (35, 300_100, None),
                 (60, 304_100, None)], meter_start=795_000, meter_stop=304_100),
        "meter_replaced", "contradictory", "samples", -499_900.0, 9_000.0,
    ),
    # 12,000 → 9,000 with nothing between: nothing can be billed.
    "the register ends lower and nothing else is known": (
        session([], meter_start=12_000, meter_stop=9_000),
        "meter_backwards", "contradictory", "nothing", None, None,
    ),
    # The same, but the charger counts its sessions itself: 2,500 Wh.
    "the register ends lower and the session counts itself": (
        session([], meter_start=12_000, meter_stop=9_000, reported=2_500),
        "meter_backwards", "contradictory", "reported", -5_500.0, 2_500.0,
    ),
    # 10 Wh lower: read a moment earlier. Nothing was delivered.
    "a register ten lower": (
        session([], meter_start=12_000, meter_stop=11_990),
        "", "single", "registers", None, 0.0,
    ),
    # No stop: last sample 9,250 − start 1,000 = 8,250. The session has that too.
    "the stop never came": (
        session(EVEN[:4], meter_start=1_000, reported=8_250, flags=frozenset({"abandoned"})),
        "stop_missing", "agrees", "samples", 0.0, 8_250.0,
    ),
    # No start: 12,000 − first sample 3,750 = 8,250, and nothing else but power:
    # 11 kW × 45 min = 8,250.
    "the start never came": (
        session(EVEN[1:], meter_stop=12_000, flags=frozenset({"no_start"})),
        "start_missing", "agrees", "samples", 0.0, 8_250.0,
    ),
    "no stop and no samples": (
        session([], meter_start=1_000),
        "stop_missing", "no_meter", "nothing", None, None,
    ),
    # Start in Wh, stop in kWh: 1,234,000 → 1,245 (kWh). Samples in Wh: 11,000.
    "the stop was told in kWh": (
        session([(0, 1_234_000, None), (60, 1_245_000, None)], meter_start=1_234_000,
                meter_stop=1_245),
        "wrong_unit", "contradictory", "samples", -1_243_755.0, 11_000.0,
    ),
    # Ends in kWh: 12 − 1 = 11 "Wh"; the samples and the power say 11,000 Wh.
    "both ends were told in kWh": (
        session(meter_start=1, meter_stop=12, reported=11),
        "wrong_unit", "contradictory", "samples", -10_989.0, 11_000.0,
    ),
    # Ends in mWh or so: 11,000,000 Wh can't be at 22 kW in an hour; the samples say 11,000.
    "ends a thousand times too high": (
        session(meter_start=1_000_000, meter_stop=12_000_000, reported=11_000_000),
        "wrong_unit", "contradictory", "samples", 10_989_000.0, 11_000.0,
    ),
    # Samples a thousand times too low, no power: nothing tells which, so the lesser.
    "a thousand between and nobody knows": (
        session([(0, 1, None), (60, 12, None)], meter_start=1_000, meter_stop=12_000),
        "wrong_unit", "contradictory", "samples", 10_989.0, 11.0,
    ),
    # 90 kWh in an hour at 22 kW; the samples say 11.
    "more than the port can do": (
        session(meter_start=1_000, meter_stop=91_000, reported=90_000),
        "beyond_power", "contradictory", "samples", 79_000.0, 11_000.0,
    ),
    # The same at a port whose rating nobody entered: still 90 against 11.
    "far more than the samples, rating unknown": (
        session(meter_start=1_000, meter_stop=91_000, reported=90_000, limit=None),
        "unknown", "contradictory", "registers", -79_000.0, 90_000.0,
    ),
    # 44 kWh by register and samples, in what the clock says was an hour: the clock is wrong.
    "two meters agree on more than the time allows": (
        session([(0, 1_000, None), (60, 45_000, None)], meter_start=1_000, meter_stop=45_000,
                reported=44_000),
        "clock", "doubtful", "registers", 0.0, 44_000.0,
    ),
    # No time at all between start and stop, one figure.
    "energy in no time": (
        session([], end=0.0, meter_start=1_000, meter_stop=12_000, reported=11_000),
        "clock", "contradictory", "nothing", None, None,
    ),
    # Register stands still, 11 kW for an hour: the calibrated meter decides, and says nothing.
    "a meter that stands still": (
        session([(minute, 1_000, 11_000) for minute in range(0, 61, 15)],
                meter_start=1_000, meter_stop=1_000, reported=0.0),
        "meter_stuck", "contradictory", "registers", 11_000.0, 0.0,
    ),
    # 6,000 by register, 11,000 by samples, and another session on the port meanwhile.
    "samples of another session": (
        session(registers(EVEN), meter_start=1_000, meter_stop=7_001, reported=6_001,
                shared=True),
        "other_session", "contradictory", "registers", 4_999.0, 6_001.0,
    ),
    "only the two ends": (
        session([], meter_start=1_000, meter_stop=12_000, reported=11_000),
        "", "single", "registers", None, 11_000.0,
    ),
    "only the session's own count": (
        session([], reported=7_000), "", "single", "reported", None, 7_000.0,
    ),
    # 7,000 told, 11,000 by power: 36 %.
    "the session's own count and power": (
        session(powers(EVEN), reported=7_000),
        "unknown", "contradictory", "reported", 4_000.0, 7_000.0,
    ),
    "a session's own count below nothing": (
        session([], reported=-500), "", "contradictory", "nothing", None, None,
    ),
    # Power by time is no measured value: it is never billed.
    "only power": (session(powers(EVEN)), "", "no_meter", "nothing", None, None),
    "no meter": (session([]), "", "no_meter", "nothing", None, None),
    # 40 Wh against 90: more than half, and less than a cent.
    "a tiny session": (
        session([(0, 1_000, None), (60, 1_090, None)], meter_start=1_003, meter_stop=1_043,
                reported=40),
        "unknown", "tolerable", "registers", 50.0, 40.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_what_the_hand_worked_table_says(name):
    found, cause, verdict, basis, difference, billable = CASES[name]

    told = (found.cause, found.verdict, found.basis, found.difference, found.billable)
    assert told == (cause, verdict, basis, difference, billable)


def test_power_is_no_witness_where_it_is_known_for_less_than_half_of_the_time():
    found = session([(0, None, 11_000), (15, None, 11_000), (50, None, 11_000)],
                    meter_start=1_000, meter_stop=12_000)  # fmt: skip

    assert found.power is None
    assert found.verdict == "single"


def test_samples_may_come_twice_and_in_any_order():
    assert samples(*EVEN) == samples(*reversed(EVEN), *EVEN)


WATT_HOURS = st.one_of(st.none(), st.floats(-1e12, 1e12), st.integers(0, 60_000).map(float))
POINTS = st.lists(
    st.builds(Point, st.integers(-600, 4_200).map(float), WATT_HOURS, WATT_HOURS), max_size=6
)
#: Making one takes long where the machine is busy.
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
SESSIONS = st.builds(
    Metered,
    st.just(0.0),
    st.sampled_from([0.0, 60.0, 3600.0, 40_000.0, -50.0]),
    WATT_HOURS,
    WATT_HOURS,
    WATT_HOURS,
    POINTS.map(sampled),
    st.sampled_from([None, 3_700.0, 22_000.0, 300_000.0]),
    st.frozensets(st.sampled_from(["abandoned", "bad_time", "no_start"])),
    st.booleans(),
    st.booleans(),
)


@SLOW
@given(SESSIONS)
def test_nothing_negative_or_impossible_is_ever_billed(metered):
    found = judge(metered)

    assert found.billable is None or 0 <= found.billable <= 5_000_000
    assert (found.billable is None) == (found.basis == "nothing")
    if found.billable is not None and found.cause != "clock" and metered.limit:
        hours = max(metered.end - metered.start, 0.0) / 3600
        assert found.billable <= metered.limit * 1.1 * hours + 100


@SLOW
@given(SESSIONS)
def test_a_share_is_a_share_and_every_figure_is_a_number(metered):
    found = judge(metered)

    assert found.share is None or 0 <= found.share <= 1
    told = (found.registers, found.samples, found.power, found.reported, found.difference)
    assert all(value is None or isfinite(value) for value in told)
    assert (found.difference is None) == (found.share is None)


@given(st.floats(100, 20_000), st.floats(0, 1e9))
def test_meters_that_say_the_same_agree_wherever_the_register_stands(energy, start):
    rows = [(minute, start + energy * minute / 60, energy) for minute in range(0, 61, 10)]

    found = session(rows, meter_start=start, meter_stop=start + energy, reported=energy)

    assert found.verdict == "agrees"
    assert found.billable == pytest.approx(energy, abs=0.1)


@given(st.integers(1_000, 20_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_larger_difference_is_never_a_better_verdict(energy, one, other):
    order = ["agrees", "tolerable", "doubtful", "contradictory"]

    def verdict(more):
        rows = [(0, 0, None), (60, min(energy + more, inf), None)]
        return order.index(session(rows, meter_start=1, meter_stop=1 + energy, limit=None).verdict)

    assert verdict(min(one, other)) <= verdict(max(one, other))
