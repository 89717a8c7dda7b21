"""Measuring in parts gives what measuring as a whole gives."""

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from itertools import pairwise
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kpis.attempts import TIMEOUT
from monitoring.kpis.history import Authorization, ChargerHistory, PortHistory, Reported, Session
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LinkTotals, PortTotals
from tests.monitoring.histories import LENGTH, MINUTE, histories, minutes, since

END = LENGTH * MINUTE
ALWAYS = Window(-inf, inf)
cuts = st.sets(minutes, max_size=5).map(lambda inner: sorted({0.0, *inner, END}))


def of_ports(parts: Iterable[PortTotals]) -> PortTotals:
    total = PortTotals()
    for part in parts:
        total.add(part)
    return total


def of_links(parts: Iterable[LinkTotals]) -> LinkTotals:
    total = LinkTotals()
    for part in parts:
        total.add(part)
    return total


def assert_same(one: PortTotals | LinkTotals, other: PortTotals | LinkTotals) -> None:
    assert flat(one) == pytest.approx(flat(other))


def flat(totals: Any, of: str = "") -> dict[str, float]:
    """Return all numbers of the totals by their names."""
    if isinstance(totals, (int, float)):
        return {of: totals}
    parts = asdict(totals) if is_dataclass(totals) and not isinstance(totals, type) else totals
    named = parts.items() if isinstance(parts, dict) else enumerate(parts)
    found: dict[str, float] = {}
    for name, part in named:
        found |= flat(part, f"{of}.{name}")
    return found


@given(histories(), cuts, minutes)
def test_the_parts_of_a_window_add_up_to_the_whole(
    history: ChargerHistory, cuts: list[float], now: float
) -> None:
    whole = measured(history, [Window(0.0, END)], ALWAYS, now)
    parts = measured(history, [Window(*pair) for pair in pairwise(cuts)], ALWAYS, now)
    assert_same(of_links(whole.links.values()), of_links(parts.links.values()))
    assert whole.attempts == parts.attempts
    for key in history.ports:
        totals = of_ports(whole.ports[key].values())
        assert_same(totals, of_ports(parts.ports[key].values()))


@given(histories(), cuts, minutes)
def test_a_window_alone_is_measured_as_beside_others(
    history: ChargerHistory, cuts: list[float], now: float
) -> None:
    together = measured(history, [Window(*pair) for pair in pairwise(cuts)], ALWAYS, now)
    for place, pair in enumerate(pairwise(cuts)):
        alone = measured(history, [Window(*pair)], ALWAYS, now)
        for key in history.ports:
            one, other = together.ports[key].get(place), alone.ports[key].get(0)
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert_same(one, other)


@given(histories(), minutes, st.sampled_from([0.0, 20 * MINUTE, 200 * MINUTE]))
def test_history_from_where_it_is_needed_gives_what_all_of_it_gives(
    history: ChargerHistory, start: float, look_back: float
) -> None:
    window, now = Window(start, start + 240 * MINUTE), END + 1
    whole = measured(history, [window], ALWAYS, now)
    reach = start - TIMEOUT - look_back
    while (found := measured(since(history, reach), [window], ALWAYS, now)).needs < reach:
        reach = found.needs
    assert found.attempts == whole.attempts
    assert found.links == whole.links
    for key in history.ports:
        assert found.ports[key] == whole.ports[key]


def test_a_token_shown_before_what_was_read_makes_it_read_further_back() -> None:
    spans = [
        Reported(0.0, 40 * MINUTE, "Available"),
        Reported(40 * MINUTE, 300 * MINUTE, "Occupied"),
        Reported(300 * MINUTE, inf, "Available"),
    ]
    session = Session(41 * MINUTE, 300 * MINUTE, 1, energy=900.0)
    asked = [Authorization(20 * MINUTE, "AB", "Accepted")]
    history = ChargerHistory({1: PortHistory(spans, [session])}, [], asked)
    window, now = [Window(60 * MINUTE, END)], END
    assert measured(since(history, 30 * MINUTE), window, ALWAYS, now).needs < 30 * MINUTE
    assert measured(history, window, ALWAYS, now).attempts[1][0].start == 20 * MINUTE


@given(histories(), minutes, minutes)
def test_an_attempt_that_is_over_stays_as_it_was(
    history: ChargerHistory, now: float, later: float
) -> None:
    window = [Window(0.0, END)]
    now, later = sorted((now, later))
    before = measured(history, window, ALWAYS, now - TIMEOUT)
    after = measured(history, window, ALWAYS, later)
    for key, attempts in before.attempts.items():
        assert after.attempts[key][: len(attempts)] == attempts
