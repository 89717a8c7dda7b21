"""What rates are made of, worked by hand: Germany's, the first time, and by what came of them."""

from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given

from monitoring.kpis.attempts import Attempt, Outcome, repeated
from monitoring.kpis.figures import Metric, figure
from monitoring.kpis.history import (
    Authorization,
    ChargerHistory,
    Connection,
    PortHistory,
    Reported,
    Rules,
    Session,
)
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LinkTotals, PortTotals
from tests.monitoring.histories import LENGTH, MINUTE, histories

ALWAYS = Window(-inf, inf)


def at(hour: int, minute: int = 0) -> float:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC).timestamp()


DAY = Window(at(0), at(0) + 86_400)


def visit(hour: int, *states: str) -> list[Reported]:
    """Make a visit of an hour: ten minutes in each state, then Available until the next full."""
    starts = [at(hour, 10 * place) for place in range(len(states))] + [at(hour, 10 * len(states))]
    ends = [*starts[1:], at(hour + 1)]
    named = zip(starts, ends, [*states, "Available"], strict=True)
    return [Reported(start, end, state) for start, end, state in named]


def charge(hour: int, energy: float | None, **said: object) -> Session:
    told: dict[str, object] = {"token": "AB", "answer": "Accepted", "reason": "Local", **said}
    return Session(at(hour, 10), at(hour, 20), hour, energy=energy, **told)  # type: ignore[arg-type]


def totals(
    visits: list[list[Reported]],
    *sessions: Session,
    asked: tuple[Authorization, ...] = (),
    least_energy: float = 100.0,
) -> PortTotals:
    history = ChargerHistory(
        {1: PortHistory([span for visit in visits for span in visit], list(sessions))},
        [Connection(at(0), inf)],
        list(asked),
        Rules(least_energy=least_energy),
    )
    return measured(history, [DAY], ALWAYS, DAY.end + 3_600).ports[1][0]


def value(metric: Metric, ports: PortTotals) -> float | None:
    return figure(metric, ports, LinkTotals()).value


CHARGED = ("Preparing", "Charging", "Finishing")


def test_germanys_rate_counts_a_regular_end_after_any_energy_and_ours_asks_for_enough() -> None:
    ports = totals(
        [visit(hour, *CHARGED) for hour in (6, 8, 10)],
        charge(6, 9_000.0),
        charge(8, 40.0),
        charge(10, 9_000.0, reason="EmergencyStop"),
    )
    assert (ports.attempts, ports.successes) == (3, 1)
    assert (ports.authorized, ports.regular) == (3, 2)
    assert value(Metric.CHARGING_SUCCESS, ports) == pytest.approx(2 / 3)
    assert value(Metric.SESSION_SUCCESS, ports) == pytest.approx(1 / 3)


def test_germanys_rate_begins_with_the_authentication() -> None:
    nobody = visit(6, "Preparing")
    refused = visit(8, "Preparing"), Authorization(at(8, 1), "XY", "Invalid")
    not_started = visit(10, "Preparing"), Authorization(at(10, 1), "AB", "Accepted")
    ports = totals([nobody, refused[0], not_started[0]], asked=(refused[1], not_started[1]))
    assert dict(ports.failures) == {"no_authorization": 1, "not_started": 1}
    assert (ports.refused, ports.authorized, ports.regular) == (1, 1, 0)


def test_energy_that_no_meter_told_flowed_where_the_port_said_so() -> None:
    visits = [visit(6, *CHARGED), visit(8, "Preparing", "SuspendedEVSE", "Finishing")]
    ports = totals(visits, charge(6, None), charge(8, None))
    assert (ports.authorized, ports.regular, ports.successes) == (2, 1, 0)


def test_a_meter_that_ran_backwards_takes_no_energy_from_anybody() -> None:
    history = ChargerHistory({1: PortHistory(visit(6, *CHARGED), [charge(6, -5_000.0)])})
    (attempt,) = measured(history, [DAY], ALWAYS, DAY.end).attempts[1]
    assert (attempt.energy, attempt.outcome) == (0.0, Outcome.NO_ENERGY)


def test_how_much_a_success_delivers_can_be_set() -> None:
    visits = [visit(6, *CHARGED)]
    assert totals(visits, charge(6, 40.0), least_energy=40.0).successes == 1
    assert totals(visits, charge(6, 9_000.0), least_energy=10_000.0).successes == 0


def tried(start: float, end: float, outcome: Outcome = Outcome.FAULT, token: str = "AB") -> Attempt:
    return Attempt(at(10) + start * MINUTE, at(10) + end * MINUTE, outcome, token)


SECOND = tried(40, 60, Outcome.SUCCESS, "ab")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (tried(0, 10), True),
        (tried(0, 9), False),  # more than half an hour ago
        (tried(35, 70), True),  # not over yet at the other port
        (tried(40, 50), False),  # at the same moment
        (tried(0, 39, Outcome.SUCCESS), False),
        (tried(0, 39, Outcome.REFUSED), False),  # no failure of the charger
        (tried(0, 39, token="CD"), False),
        (tried(0, 39, token=""), False),
    ],
)
def test_a_second_try_is_one_after_a_failure_of_the_same_token(
    before: Attempt, expected: bool
) -> None:
    assert repeated([before, SECOND])[1] is expected
    assert repeated([SECOND, before])[0] is expected


def test_tries_without_a_token_are_all_first() -> None:
    assert repeated([tried(0, 1, token=""), tried(2, 3, token="")]) == [False, False]


@given(histories())
def test_what_is_counted_of_attempts_stays_within_the_attempts(history: ChargerHistory) -> None:
    found = measured(history, [Window(0.0, LENGTH * MINUTE)], ALWAYS, LENGTH * MINUTE)
    for windows in found.ports.values():
        for ports in windows.values():
            assert 0 <= ports.successes <= ports.regular <= ports.authorized <= ports.attempts
            assert ports.attempts - ports.successes == ports.failures.total()


def test_a_remote_start_that_the_charger_refuses_is_an_attempt_at_the_port_it_named() -> None:
    asked = [
        Authorization(at(9), "AB", "Accepted", port=2, start="Rejected"),
        Authorization(at(12), "CD", "Accepted", port=1, start="Accepted"),
    ]
    spans = visit(12, *CHARGED)
    session = charge(12, 9_000.0, token="CD")
    free = [Reported(at(0), inf, "Available")]
    history = ChargerHistory(
        {1: PortHistory(spans, [session]), 2: PortHistory(free)},
        [Connection(at(0), inf)],
        asked,
    )
    found = measured(history, [DAY], ALWAYS, DAY.end + 3_600)
    (refused,), (started,) = found.attempts[2], found.attempts[1]
    assert refused[:4] == (at(9), at(9, 30), Outcome.NOT_STARTED, "AB")
    assert refused.detail == "Rejected"
    assert (started.start, started.outcome) == (at(12), Outcome.SUCCESS)
    assert found.links[0].refusals == 0


@pytest.mark.parametrize(
    ("session", "detail"),
    [
        ({"answer": "Invalid", "reason": "DeAuthorized"}, "Invalid"),
        ({"answer": "Accepted", "reason": "DeAuthorized"}, "DeAuthorized"),
        ({"answer": "", "reason": "DeAuthorized"}, "DeAuthorized"),
    ],
)
def test_a_refusal_says_whether_we_refused_or_the_chargers_own_list(
    session: dict[str, str], detail: str
) -> None:
    history = ChargerHistory({1: PortHistory(visit(6, *CHARGED), [charge(6, 0.0, **session)])})
    (attempt,) = measured(history, [DAY], ALWAYS, DAY.end).attempts[1]
    assert (attempt.outcome, attempt.detail) == (Outcome.REFUSED, detail)
