"""Facts of one session, merged: any order, any number of times, one result."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from monitoring.facts import SessionChanged

T = TypeVar("T")
N = TypeVar("N", int, float)


def merge(first: SessionChanged, second: SessionChanged) -> SessionChanged:
    """Return one fact that says what both say; `first` arrived first.

    Starts take the earliest time, ends the earliest end, registers and names the first
    that was said, progress (power, SoC, charging state) the latest by sequence and time.
    """
    soc, soc_said = _newest(first, second, "soc")
    state, state_said = _newest(first, second, "charging_state")
    return replace(
        first,
        at=min(first.at, second.at),
        received=min(first.received, second.received),
        create=first.create or second.create,
        new_id=first.new_id if first.new_id is not None else second.new_id,
        start_key=first.start_key or second.start_key,
        evse=_said(first.evse, second.evse),
        connector=_said(first.connector, second.connector),
        id_token=_said(first.id_token, second.id_token),
        started=_earliest(first.started, second.started),
        ended=_earliest(first.ended, second.ended),
        meter_start=_said(first.meter_start, second.meter_start),
        meter_stop=_said(first.meter_stop, second.meter_stop),
        energy=_largest(first.energy, second.energy),
        power=_largest(first.power, second.power),
        soc=soc,
        soc_said=soc_said,
        charging_state=state,
        state_said=state_said,
        stop_reason=first.stop_reason or second.stop_reason,
        stop_token=first.stop_token or second.stop_token,
        seq_no=_largest(first.seq_no, second.seq_no),
        offline=first.offline or second.offline,
        remote_start_id=_said(first.remote_start_id, second.remote_start_id),
        authorization=_said(first.authorization, second.authorization),
        flags=_flags(first.flags, second.flags),
    )


def _flags(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return both's; where one takes away what the other says, the second's word counts."""
    opposed = {flag[1:] if flag.startswith("-") else f"-{flag}" for flag in second}
    return tuple(sorted({*first, *second} - opposed))


SAID = {"soc": "soc_said", "charging_state": "state_said"}


def _newest(first: SessionChanged, second: SessionChanged, name: str) -> tuple[Any, Any]:
    """Return what was said last, by number and time, and by which number and when."""
    said = [
        (getattr(fact, SAID[name]) or _number(fact), getattr(fact, name))
        for fact in (second, first)
        if getattr(fact, name) is not None
    ]
    number, value = max(said, key=lambda each: each[0], default=(None, None))
    return value, number


def _number(fact: SessionChanged) -> tuple[int, datetime]:
    return (-1 if fact.seq_no is None else fact.seq_no, fact.at)


def _said(value: T | None, otherwise: T | None) -> T | None:
    return otherwise if value is None else value


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known, default=None)


def _largest(one: N | None, other: N | None) -> N | None:
    known = [number for number in (one, other) if number is not None]
    return max(known, default=None)
