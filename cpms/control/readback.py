"""Reads settings back that were changed, and compares: accepted isn't applied. (FIELD-NOTES 22)

A sweep over the changes of the last day; it may be missed, and run twice at once. What needs a
restart is read after the next boot. Secrets can't be read back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from cpms.control import commands, settlement
from cpms.control.commands import SYSTEM, Refused
from cpms.control.models import Command
from cpms.control.operations.configuration import (
    ChangeSettings,
    ReadSettings,
    SetClock,
    Setting,
)
from inventory import quirks
from inventory.models import Charger
from monitoring.masking import MASK
from monitoring.models import ChargerState, ReportedVariable
from monitoring.models.variables import Source

#: Changes older than this are looked after no more.
LOOKED_AFTER = timedelta(hours=24)
#: A charger has so long to apply what it accepted, or to settle after a boot, until it is asked.
APPLIED_AFTER = timedelta(seconds=10)
SETTLED_AFTER = timedelta(seconds=30)
#: A clock that is off by more than this is wrong; one that was set is right within so long.
CLOCK_BOUND = timedelta(seconds=10)
SET_WITHIN = timedelta(minutes=10)
MOST = 2_000

#: Evidence of a change, and of a clock.
READ_BACK, READ_OTHERWISE = "read_back", "read_otherwise"
CLOCK_RIGHT, CLOCK_WRONG = "clock_right", "clock_wrong"

Key = tuple[Any, ...]


class Wanted(NamedTuple):
    """What a setting is to be, and since when it may be so."""

    key: Key
    value: str
    since: datetime


def sweep(now: datetime) -> None:
    """Verify changes whose settings have been read since; have the others read."""
    _settings(now)
    _clocks(now)


def _settings(now: datetime) -> None:
    by_charger: dict[int, list[Command]] = defaultdict(list)
    for command in _accepted(ChangeSettings.name, now):
        by_charger[command.charger_id].append(command)
    states = ChargerState.objects.in_bulk(by_charger)
    for charger_id, changes in by_charger.items():
        state = states.get(charger_id)
        if state is not None:
            _of_charger(changes, state, now)


def _accepted(operation: str, now: datetime) -> Sequence[Command]:
    found = Command.objects.filter(
        state=Command.State.ACCEPTED,
        verified=None,
        operation=operation,
        answered_at__gt=now - LOOKED_AFTER,
    )
    return list(found.select_related("charger__model").order_by("answered_at")[:MOST])


def _of_charger(changes: Sequence[Command], state: ChargerState, now: datetime) -> None:
    unread: list[Wanted] = []
    newest: set[Key] = set()
    for command in reversed(changes):
        wanted = [one for one in _wanted(command, state) if one.key not in newest]
        newest |= {one.key for one in wanted}
        unread += _judge(command, wanted, now)
    due = [one for one in unread if now - one.since > APPLIED_AFTER]
    if due and state.online:
        _read(changes[0].charger, due)


def _wanted(command: Command, state: ChargerState) -> list[Wanted]:
    """Return what can be read back of a change; nothing while it waits for a restart."""
    since = command.answered_at
    if since is None:
        return []
    if "RebootRequired" in _words(command):
        if state.booted_at is None or state.booted_at < since:
            return []
        since = state.booted_at + SETTLED_AFTER
    return [
        Wanted(_key(one), one["value"], since)
        for one in command.request.get("settings", ())
        if one["value"] != MASK
    ]


def _words(command: Command) -> Iterable[str]:
    """Yield the charger's words for each setting."""
    yield command.result
    response = command.response or {}
    for entry in [*response.get("parts", ()), *response.get("setVariableResult", ())]:
        yield str(entry.get("status") or entry.get("attributeStatus"))


def _key(setting: dict[str, Any]) -> Key:
    return (
        setting.get("component") or "",
        setting.get("component_instance") or "",
        setting.get("evse") or 0,
        setting.get("connector") or 0,
        setting["name"],
        setting.get("instance") or "",
        setting.get("attribute") or "Actual",
    )


def _judge(command: Command, wanted: Sequence[Wanted], now: datetime) -> list[Wanted]:
    """Verify a change where all of it was read since; return what wasn't."""
    if not wanted:
        return []
    read = _read_since(command.charger_id, wanted)
    unread = [one for one in wanted if one.key not in read]
    if not unread:
        holds = all(same(read[one.key], one.value) for one in wanted)
        evidence = READ_BACK if holds else READ_OTHERWISE
        settlement.verify(command, now, evidence, holds=holds)
    return unread


def _read_since(charger_id: int, wanted: Sequence[Wanted]) -> dict[Key, str]:
    rows = ReportedVariable.objects.filter(
        charger=charger_id,
        variable__in={one.key[4] for one in wanted},
        source__in=(Source.READ, Source.REPORT),
        reported_at__gte=min(one.since for one in wanted),
    )
    since = {one.key: one.since for one in wanted}
    names = (
        *("component", "component_instance", "evse", "connector", "variable", "instance"),
        *("attribute", "value", "reported_at"),
    )
    found = {row[:7]: row[7:] for row in rows.values_list(*names)}
    return {key: value for key, (value, at) in found.items() if key in since and at >= since[key]}


def same(one: str, other: str) -> bool:
    """Tell whether two values mean the same: case, blanks and zeros aside."""
    return _plain(one) == _plain(other)


def _plain(value: str) -> object:
    text = ",".join(part.strip() for part in value.casefold().split(","))
    try:
        return float(text)
    except ValueError:
        return text


def _read(charger: Charger, due: Sequence[Wanted]) -> None:
    """Have settings read, once for each time they were changed."""
    known = quirks.parse(charger.model.quirks if charger.model else {})
    asked = Command.objects.filter(
        charger=charger,
        operation=ReadSettings.name,
        source=Command.Source.SYSTEM,
        requested_at__gte=max(one.since for one in due),
    )
    if not known.reads_back or asked.exists():
        return
    settings = [_setting(one.key) for one in due[:200]]
    try:
        why = _("Reads back what was changed.")
        commands.request(charger, ReadSettings(settings=settings), SYSTEM, reason=why)
    except Refused:
        return  # It is asked too much already, or is gone: the next sweep looks again.


def _setting(key: Key) -> Setting:
    component, component_instance, evse, connector, name, instance, attribute = key
    return Setting(
        component=component or None,
        component_instance=component_instance or None,
        evse=evse or None,
        connector=connector or None,
        name=name,
        instance=instance or None,
        attribute=None if attribute == "Actual" else attribute,
    )


def _clocks(now: datetime) -> None:
    """Verify that clocks which were set are right."""
    found = _accepted(SetClock.name, now)
    states = ChargerState.objects.in_bulk([command.charger_id for command in found])
    for command in found:
        state = states.get(command.charger_id)
        if state is None or state.clock_offset is None or command.answered_at is None:
            continue
        heard = state.last_seen is not None and state.last_seen > command.answered_at
        right = abs(state.clock_offset) <= CLOCK_BOUND / timedelta(milliseconds=1)
        if right and heard:
            settlement.verify(command, now, CLOCK_RIGHT)
        elif now - command.answered_at > SET_WITHIN:
            settlement.verify(command, now, CLOCK_WRONG, holds=False)
