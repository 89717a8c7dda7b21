"""Escalation decisions, without a database."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import escalation
from alerts.escalation import ROLES, BadSteps, Step, Verdict, decide, dump, parse, retry_after

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEPS = st.lists(
    st.builds(
        Step,
        after=st.integers(0, 7 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
        roles=st.lists(st.sampled_from(ROLES), min_size=1, unique=True).map(tuple),
        unless_acknowledged=st.booleans(),
    ),
    min_size=1,
    max_size=escalation.MOST_STEPS,
).map(lambda steps: tuple(sorted(steps, key=lambda step: step.after)))


@given(STEPS)
def test_what_is_dumped_parses_to_the_same(steps: tuple[Step, ...]) -> None:
    assert parse(dump(steps)) == steps


@given(STEPS)
def test_due_times_keep_the_order_and_never_precede_the_opening(steps: tuple[Step, ...]) -> None:
    due = escalation.due_times(steps, NOON)
    assert due == sorted(due)
    assert due[0] >= NOON
    assert len(due) == len(steps)


def test_the_standard_policy_tells_operators_at_once_and_leads_after_a_quarter_hour() -> None:
    assert parse(dump(escalation.STANDARD)) == escalation.STANDARD
    assert escalation.due_times(escalation.STANDARD, NOON) == [
        NOON,
        datetime(2026, 3, 2, 12, 15, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        ["now"],
        [{}],
        [{"after": 0}],
        [{"after": 0, "roles": []}],
        [{"after": 0, "roles": ["noc_lead", "president"]}],
        [{"after": 0, "roles": "noc_lead"}],
        [{"after": -1, "roles": ["noc_lead"]}],
        [{"after": 1.5, "roles": ["noc_lead"]}],
        [{"after": True, "roles": ["noc_lead"]}],
        [{"after": 604_801, "roles": ["noc_lead"]}],
        [{"after": 0, "roles": ["noc_lead"], "unless_acknowledged": "no"}],
        [{"after": 0, "roles": ["noc_lead"], "tell": "everybody"}],
        [{"after": 60, "roles": ["noc_lead"]}, {"after": 0, "roles": ["noc_lead"]}],
        [{"after": 0, "roles": ["noc_lead"]}] * 11,
    ],
)
def test_steps_that_cannot_be_followed_are_refused_with_a_reason(stored: object) -> None:
    with pytest.raises(BadSteps, match=r"\w+ .*\."):
        parse(stored)


@pytest.mark.parametrize(
    ("step", "acknowledged", "resolved", "expected"),
    [
        (Step(timedelta(0), ("noc_lead",)), False, False, Verdict(True)),
        (Step(timedelta(0), ("noc_lead",)), True, False, Verdict(False, "acknowledged")),
        (Step(timedelta(0), ("noc_lead",), False), True, False, Verdict(True)),
        (Step(timedelta(0), ("noc_lead",), False), False, True, Verdict(False, "resolved")),
        (Step(timedelta(0), ("noc_lead",)), True, True, Verdict(False, "resolved")),
    ],
)
def test_a_due_step_is_decided_with_its_reason(
    step: Step, acknowledged: bool, resolved: bool, expected: Verdict
) -> None:
    assert decide(step, acknowledged=acknowledged, resolved=resolved) == expected


@given(st.integers(1, 10**6), st.integers())
def test_retries_wait_at_least_half_and_at_most_the_longest(attempts: int, seed: int) -> None:
    wait = retry_after(attempts, random.Random(seed))
    assert escalation.FIRST_RETRY / 2 <= wait <= escalation.LONGEST_RETRY


def test_retries_back_off_and_do_not_come_all_at_once() -> None:
    chance = random.Random(7)
    longest = [max(retry_after(n, chance) for _ in range(50)) for n in range(1, 8)]
    assert longest == sorted(longest)
    assert len({retry_after(3, chance) for _ in range(50)}) == 50
