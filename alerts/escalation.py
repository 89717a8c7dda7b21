"""Escalation decisions: what a policy's steps say, when they are due, whether they still apply.

Pure: no framework, no clock.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

#: A policy may wait a week; longer is a typing error.
LONGEST_WAIT = timedelta(days=7)
MOST_STEPS = 10
ROLES = ("noc_operator", "noc_lead", "contractor", "manager", "administrator")

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)


class BadSteps(ValueError):
    """Steps that can't be followed; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Step:
    """Tell `roles`, `after` the incident opened; `unless_acknowledged`: only if nobody is on it."""

    after: timedelta
    roles: tuple[str, ...]
    unless_acknowledged: bool = True


#: What happens where nobody has written a policy.
STANDARD = (
    Step(timedelta(0), ("noc_operator",)),
    Step(timedelta(minutes=15), ("noc_lead",)),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a due step is carried out, and the reason if not."""

    notify: bool
    reason: str = ""


def parse(stored: object) -> tuple[Step, ...]:
    """Return the steps of a stored policy: [{"after": s, "roles": […], "unless_acknowledged": b}].

    Raises BadSteps.
    """
    if not isinstance(stored, list) or not 1 <= len(stored) <= MOST_STEPS:
        raise BadSteps(f"A policy has 1 to {MOST_STEPS} steps.")
    steps = tuple(_parse_step(number, item) for number, item in enumerate(stored, 1))
    if any(later.after < earlier.after for earlier, later in pairwise(steps)):
        raise BadSteps("A step can't come before the one above it; sort them by time.")
    return steps


def _parse_step(number: int, item: Any) -> Step:
    if not isinstance(item, dict) or item.keys() - {"after", "roles", "unless_acknowledged"}:
        raise BadSteps(f"Step {number} must have after, roles and unless_acknowledged.")
    after, roles = item.get("after"), item.get("roles")
    if type(after) is not int or not 0 <= after <= LONGEST_WAIT.total_seconds():
        raise BadSteps(f"Step {number}: after is a whole number of seconds, at most a week.")
    if not isinstance(roles, list) or not roles or set(map(str, roles)) - set(ROLES):
        raise BadSteps(f"Step {number}: roles are one or more of {', '.join(ROLES)}.")
    unless = item.get("unless_acknowledged", True)
    if type(unless) is not bool:
        raise BadSteps(f"Step {number}: unless_acknowledged is true or false.")
    return Step(timedelta(seconds=after), tuple(dict.fromkeys(roles)), unless)


def dump(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Return `steps` as they are stored; the inverse of `parse`."""
    return [
        {
            "after": int(step.after.total_seconds()),
            "roles": list(step.roles),
            "unless_acknowledged": step.unless_acknowledged,
        }
        for step in steps
    ]


def due_times(steps: Iterable[Step], opened_at: datetime) -> list[datetime]:
    """Return each step's instant for an incident opened (or opened again) at `opened_at`."""
    return [opened_at + step.after for step in steps]


def decide(step: Step, *, acknowledged: bool, resolved: bool) -> Verdict:
    """Say whether a step that is due still has to be carried out."""
    if resolved:
        return Verdict(False, "resolved")
    if acknowledged and step.unless_acknowledged:
        return Verdict(False, "acknowledged")
    return Verdict(True)


def retry_after(attempts: int, chance: random.Random) -> timedelta:
    """Return how long to wait after the `attempts`-th failed try: doubled each time, with jitter.

    "Equal jitter" (AWS Architecture Blog, Exponential Backoff and Jitter): at least half of the
    wait, so that a server that is down isn't hammered, and never all at one instant.
    """
    doublings = min(max(attempts, 1) - 1, 16)
    wait = min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
    return wait * (0.5 + chance.random() / 2)
