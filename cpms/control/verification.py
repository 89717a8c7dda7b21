"""Finds out whether chargers did what they accepted, and keeps it on the command.

A sweep over what is accepted and not verified yet: it may be missed, and run twice at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from cpms.control import live
from cpms.control.evidence import (
    LONGEST,
    OF_SESSIONS,
    RULES,
    Asked,
    Port,
    Seen,
    Session,
    Verdict,
    judge,
)
from cpms.control.models import Command
from monitoring.models import ChargerState, ConnectionSpan, PortState
from monitoring.models import Session as SessionRow

#: Commands that are looked at together.
PORTION = 2_000
#: A charger's clock may be as wrong, for a session that began since to be found.
CLOCKS_DIFFER = timedelta(days=2)


def sweep(now: datetime) -> int:
    """Record what can be said by now of accepted commands; return of how many."""
    return sum(_judge(some, now) for some in _portions(now))


def _portions(now: datetime) -> Iterator[Sequence[Command]]:
    """Yield what is to be verified, the newest first: somebody waits for that."""
    accepted = Command.objects.filter(
        state=Command.State.ACCEPTED,
        verified=None,
        operation__in=list(RULES),
        answered_at__gt=now - LONGEST,
        sent_at__isnull=False,
    )
    newest = accepted.select_related("charger__site").order_by("-answered_at", "-pk")
    some = list(newest[:PORTION])
    while some:
        yield some
        last = some[-1]
        older = Q(answered_at__lt=last.answered_at) | Q(
            answered_at=last.answered_at, pk__lt=last.pk
        )
        some = list(newest.filter(older)[:PORTION]) if len(some) == PORTION else []


def _judge(waiting: Sequence[Command], now: datetime) -> int:
    seen = _seen(waiting)
    verdicts: dict[Verdict, list[Command]] = defaultdict(list)
    for command in waiting:
        verdict = judge(_asked(command), seen[command.charger_id], now)
        if verdict is not None:
            verdicts[verdict].append(command)
    for verdict, commands in verdicts.items():
        _record(verdict, commands, now)
    return sum(map(len, verdicts.values()))


def _asked(command: Command) -> Asked:
    assert command.sent_at is not None
    return Asked(
        operation=command.operation,
        request=command.request,
        payload=command.payload or {},
        result=command.result,
        sent=command.sent_at,
        answered=command.answered_at or command.sent_at,
    )


def _record(verdict: Verdict, commands: Sequence[Command], now: datetime) -> None:
    with transaction.atomic():
        Command.objects.filter(pk__in=[c.pk for c in commands], verified=None).update(
            verified=verdict.holds, verified_at=now, evidence=verdict.evidence
        )
        live.announce(command.charger for command in commands)


def _seen(commands: Sequence[Command]) -> dict[int, Seen]:
    """Return what is known now of the chargers of these commands, in four statements."""
    chargers = {command.charger_id for command in commands}
    states = ChargerState.objects.in_bulk(chargers)
    spans = ConnectionSpan.objects.filter(charger__in=chargers, closed=None).order_by("opened")
    came = {span.charger_id: span for span in spans}
    ports = _ports(chargers)
    sessions = _sessions([c for c in commands if c.operation in OF_SESSIONS])
    return {
        charger: Seen(
            booted=states[charger].booted_at if charger in states else None,
            ports=ports[charger],
            sessions=sessions[charger],
            opened=came[charger].opened if charger in came else None,
            profile=came[charger].security_profile if charger in came else 0,
        )
        for charger in chargers
    }


def _ports(chargers: Iterable[int]) -> dict[int, dict[int, Port]]:
    found: dict[int, dict[int, Port]] = defaultdict(dict)
    states = PortState.objects.filter(evse__charger__in=chargers).select_related("evse")
    for state in states:
        port = Port(state.status, state.since, state.connectors)
        found[state.evse.charger_id][state.evse.number] = port
    return found


def _sessions(commands: Sequence[Command]) -> dict[int, list[Session]]:
    found: dict[int, list[Session]] = defaultdict(list)
    if not commands:
        return found
    oldest = min(command.sent_at for command in commands if command.sent_at)
    stopped = {str(c.request["transaction_id"]) for c in commands if c.operation == "stop"}
    rows = SessionRow.objects.filter(
        Q(started__gte=oldest - CLOCKS_DIFFER) | Q(ended=None) | Q(transaction_id__in=stopped),
        charger__in={command.charger_id for command in commands},
    ).select_related("evse")
    for row in rows:
        found[row.charger_id].append(
            Session(
                transaction_id=row.transaction_id,
                id_token=row.id_token,
                evse=row.evse.number if row.evse else row.connector,
                heard=row.received,
                ended=row.ended,
                remote_start_id=row.remote_start_id,
            )
        )
    return found
