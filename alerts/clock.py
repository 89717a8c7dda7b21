"""The clock alerts go by: the database's, the same for every worker, watched for jumps.

A server's clock may be set an hour or a day ahead or back while steps are pending. Between
two looks the host's time since power-on, which nobody sets, says how much time really
passed; if the database's clock says otherwise, what is due is moved along with the jump.
"""

import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet

from alerts.models import EscalationStep, Incident, Notification, Watch

log = structlog.get_logger(__name__)

#: A clock that is off by less than this is being set right gently, or we were slow.
JUMP = timedelta(seconds=30)
#: Not having looked for this long counts as having been blind.
BLIND = timedelta(seconds=30)
#: Hosts that haven't looked for this long are forgotten.
FORGET = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Uptime:
    """Seconds since power-on (CLOCK_BOOTTIME: sleep counts), in which run of which host."""

    host: str
    boot_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Look:
    """The instant, how long we have been looking without a break, and the last jump."""

    now: datetime
    watching_since: datetime
    jumped_at: datetime | None


def now() -> datetime:
    """Return the database's time, aware UTC: not the transaction's start but this instant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant


def read_uptime() -> Uptime:
    """Return this host's time since power-on."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Uptime(socket.gethostname(), boot_id, time.clock_gettime(time.CLOCK_BOOTTIME))


def look() -> Look:
    """Note that somebody looks now, and put right what a jump of the clock would break."""
    with transaction.atomic():
        rows = list(Watch.objects.select_for_update().order_by("host"))
        return note(rows, now(), read_uptime())


def note(rows: list[Watch], instant: datetime, uptime: Uptime) -> Look:
    """Store a look at `instant`; `rows` are all earlier ones, locked."""
    mine = next((row for row in rows if row.host == uptime.host), None)
    jump = _jump(mine, instant, uptime) if mine else timedelta(0)
    if jump:
        log.warning("clock_jumped", seconds=jump.total_seconds())
        _move(rows, jump)
    recent = [row for row in rows if abs(instant - row.looked_at) <= BLIND]
    since = min((row.watching_since for row in recent), default=instant)
    jumps = [row.jumped_at for row in rows if row.jumped_at and row.jumped_at <= instant]
    jumped_at = instant if jump else max(jumps, default=None)
    _store(instant, uptime, since, jumped_at)
    return Look(instant, since, jumped_at)


def _jump(before: Watch, instant: datetime, uptime: Uptime) -> timedelta:
    if before.boot_id != uptime.boot_id:
        return timedelta(0)
    really = timedelta(seconds=uptime.seconds - before.uptime)
    jump = instant - before.looked_at - really
    return jump if abs(jump) > JUMP else timedelta(0)


def _move(rows: list[Watch], jump: timedelta) -> None:
    """Move every pending instant, and the looks of all hosts: they see no jump any more."""
    for row in rows:
        row.looked_at += jump
        row.watching_since += jump
    Watch.objects.update(looked_at=F("looked_at") + jump, watching_since=F("watching_since") + jump)
    _shift(EscalationStep.objects.filter(state="pending"), jump, "counted_from", "due_at")
    _shift(Notification.objects.filter(state__in=["pending", "sending"]), jump, "next_try_at")
    _shift(Incident.objects.exclude(state="resolved"), jump, "cleared_at")


def _shift(
    rows: QuerySet[EscalationStep] | QuerySet[Notification] | QuerySet[Incident],
    jump: timedelta,
    *fields: str,
) -> None:
    rows.update(**{field: F(field) + jump for field in fields})


def _store(instant: datetime, uptime: Uptime, since: datetime, jumped_at: datetime | None) -> None:
    Watch.objects.filter(looked_at__lt=instant - FORGET).delete()
    Watch.objects.update_or_create(
        host=uptime.host,
        defaults={
            "boot_id": uptime.boot_id,
            "uptime": uptime.seconds,
            "looked_at": instant,
            "watching_since": since,
            "jumped_at": jumped_at,
        },
    )
