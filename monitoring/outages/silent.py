"""Silent runs: stretches in which a port fails every driver while it says that it is fine. Pure.

KPIS.md, "silently failing": from the first failed attempt of an unbroken run of failed ones by
several drivers until the next success.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from monitoring.kpis.attempts import Outcome

#: The port's failures. Refused and missing authorizations are the driver's, and of one that got
#: stuck finishing the driver was served: these neither make a run nor break it.
FAILED = frozenset(
    {Outcome.NOT_STARTED, Outcome.NO_ENERGY, Outcome.FAULT, Outcome.POWER_OR_LINK_LOSS}
)


class Tried(NamedTuple):
    """An attempt that is over, as a run sees it."""

    start: float
    outcome: Outcome
    token: str = ""


class Run(NamedTuple):
    """A run [start, end) of failed attempts; `end` inf: no success yet."""

    start: float
    end: float
    attempts: int
    tokens: int


@dataclass(slots=True)
class _Failures:
    start: float
    attempts: int = 0
    tokens: set[str] = field(default_factory=set)
    #: Attempts without a token: each is a driver of its own.
    unknown: int = 0

    def add(self, attempt: Tried) -> None:
        self.attempts += 1
        if attempt.token:
            self.tokens.add(attempt.token.lower())
        else:
            self.unknown += 1

    def until(self, end: float) -> Run:
        return Run(self.start, end, self.attempts, len(self.tokens) + self.unknown)


def runs(attempts: Iterable[Tried], least: int, least_tokens: int) -> Iterator[Run]:
    """Yield a port's runs of at least so many failed attempts by so many drivers.

    The attempts come in order of start.
    """
    failures: _Failures | None = None
    for attempt in attempts:
        if attempt.outcome in FAILED:
            failures = failures or _Failures(attempt.start)
            failures.add(attempt)
        elif attempt.outcome is Outcome.SUCCESS and failures is not None:
            yield from _long_enough(failures.until(attempt.start), least, least_tokens)
            failures = None
    if failures is not None:
        yield from _long_enough(failures.until(inf), least, least_tokens)


def _long_enough(run: Run, least: int, least_tokens: int) -> Iterator[Run]:
    if run.attempts >= least and run.tokens >= least_tokens:
        yield run
