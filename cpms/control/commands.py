"""The life of a command: asked for, waiting, cancelled, expired, lost.

A gateway claims and sends it (`cpms.ocpp.dispatch`), and settles it with the charger's answer
(`settle`). Gateways hear of new rows by PostgreSQL's NOTIFY, in the transaction that writes
them: a nudge comes when, and only when, there is something to send, also while Redis is away.
A nudge that is lost costs seconds: gateways look for themselves, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import objections, transfers, vault
from cpms.control.models import Bulk, Command
from cpms.control.operations import OPERATIONS, BadRequest, Operation
from inventory.audit import record_deed
from inventory.models import Charger, Lifecycle

State = Command.State
#: The NOTIFY channel; its payload is a charger's key, or empty: look at all.
CHANNEL = "kilowatch_commands"
#: Commands that may wait for one charger.
MOST_WAITING = 200
#: First key of the advisory lock under which one asks a charger; its second is the charger's.
ONE_AT_A_TIME = 0x6B77_0001
#: Sending is tried so often, where it may be repeated.
MOST_ATTEMPTS = 3
#: A CALL that is out this long has no gateway any more that waits for its answer.
LONGEST_OUT = timedelta(minutes=10)


#: Messages that do harm where they are sent twice, also as they are.
HURT_TWICE = frozenset({
    "Reset", "RemoteStartTransaction", "RequestStartTransaction", "ReserveNow",
    "UpdateFirmware", "SignedUpdateFirmware", "PublishFirmware", "RequestBatterySwap",
})  # fmt: skip


class Refused(Exception):
    """This can't be asked of this charger; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and through which door."""

    name: str
    source: Command.Source
    user: User | None = None

    @classmethod
    def person(cls, user: User, source: Command.Source) -> "Asker":
        """Return a signed-in user, by a page or the API."""
        return cls(user.get_full_name() or user.get_username(), source, user)


SYSTEM = Asker("Kilowatch", Command.Source.SYSTEM)


def request(
    charger: Charger,
    operation: Operation,
    asker: Asker,
    *,
    reason: str = "",
    lasts: timedelta | None = None,
) -> Command:
    """Ask `operation` of a charger; it waits at most `lasts` until the charger is there.

    Raises `Refused`; `BadRequest` for fields that make no sense together.
    """
    operation.check()
    operation = operation.resolved(charger.site.organisation_id)
    _permit(charger, operation)
    with transaction.atomic():
        command = made(charger, operation, asker, reason=reason, lasts=lasts)
        _once(command)
        command.save(force_insert=True)
        transfers.begin([command])
        _note(command, asker)
        nudge(charger.pk)
    return command


def made(
    charger: Charger,
    operation: Operation,
    asker: Asker,
    *,
    reason: str = "",
    lasts: timedelta | None = None,
    bulk: Bulk | None = None,
) -> Command:
    """Return the command, not stored yet."""
    fields, secret = operation.completed().kept()
    return Command(
        charger=charger,
        operation=operation.name,
        request=fields,
        sealed=vault.seal(orjson.dumps(secret)) if secret else None,
        repeatable=operation.repeatable,
        expires_at=timezone.now() + (lasts or operation.lasts),
        reason=reason,
        requested_by=asker.user,
        requested_by_name=asker.name[:150],
        source=asker.source,
        bulk=bulk,
    )


def request_raw(
    charger: Charger,
    action: str,
    payload: Mapping[str, Any],
    shown: Mapping[str, Any],
    asker: Asker,
    *,
    reason: str = "",
    lasts: timedelta = Operation.lasts,
) -> Command:
    """Ask a charger with an OCPP message as it is, checked by the caller; never sent twice.

    `shown` is the payload with its secrets masked, the only one that is kept readable.
    Raises `Refused`.
    """
    _permit(charger, None)
    secret = payload != shown
    with transaction.atomic():
        command = Command(
            charger=charger,
            action=action,
            payload=dict(shown),
            sealed=vault.seal(orjson.dumps(dict(payload))) if secret else None,
            expires_at=timezone.now() + lasts,
            reason=reason,
            requested_by=asker.user,
            requested_by_name=asker.name[:150],
            source=asker.source,
        )
        if action in HURT_TWICE:
            _once(command)
        command.save(force_insert=True)
        _note(command, asker)
        nudge(charger.pk)
    return command


def operation_of(name: str, fields: Mapping[str, Any], sealed: bytes | None) -> Operation:
    """Return the typed request of a stored operation, with its secrets; raise `BadRequest`.

    Raises `vault.Lost` where the secrets can't be opened any more.
    """
    kind = OPERATIONS.get(name)
    if kind is None:
        raise BadRequest(f"There is no operation “{name}”.")
    secret = orjson.loads(vault.unseal(sealed)) if sealed else {}
    return kind.read({**fields, **secret})


def payload_of(shown: Mapping[str, Any], sealed: bytes | None) -> dict[str, Any]:
    """Return a raw message's payload as it is to be sent; raise `vault.Lost`."""
    return dict(orjson.loads(vault.unseal(sealed))) if sealed else dict(shown)


def unsupported(charger: Charger, operation: type[Operation]) -> str:
    """Return why a charger can't do this by its OCPP version; empty if it can, or may."""
    if not charger.ocpp_version or charger.ocpp_version in operation.versions:
        return ""
    return _("%(charger)s speaks OCPP %(version)s, which can't do this.") % {
        "charger": charger.identity,
        "version": charger.ocpp_version,
    }


def _permit(charger: Charger, operation: Operation | None) -> None:
    if charger.lifecycle == Lifecycle.DECOMMISSIONED:
        raise Refused(_("%s is decommissioned: nothing is asked of it any more.") % charger)
    if operation is not None:
        why = unsupported(charger, type(operation)) or objections.to(charger, operation)
        why = why or operation.obstacles([charger]).get(charger.pk, "")
        if why:
            raise Refused(why)
    waiting = Command.objects.filter(charger=charger, state=State.PENDING)[:MOST_WAITING].count()
    if waiting >= MOST_WAITING:
        raise Refused(
            _("%(most)s commands wait for %(charger)s already; cancel some, or wait.")
            % {"most": MOST_WAITING, "charger": charger}
        )


def _once(command: Command) -> None:
    """Raise `Refused` for what is under way already and would hurt twice.

    Two people who see the same fault ask the same within seconds, or one clicks twice.
    """
    if command.repeatable:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ONE_AT_A_TIME, command.charger_id])
    out = Command.objects.filter(
        charger=command.charger_id,
        operation=command.operation,
        state__in=[State.PENDING, State.SENT],
        expires_at__gt=timezone.now(),
    )
    same = next((one for one in out if _alike(one, command)), None)
    if same is not None:
        raise Refused(
            _("%(who)s asked the same, and it is under way: wait for its end, or cancel it.")
            % {"who": same.requested_by_name}
        )


def _alike(one: Command, other: Command) -> bool:
    """Tell whether two commands of the same operation, or two raw ones, ask the same."""
    if not one.operation:
        return one.action == other.action and one.payload == other.payload
    return OPERATIONS[one.operation].alike(one.request, other.request)


def nudge(charger_id: int | None = None) -> None:
    """Tell the gateways, once this transaction is committed, that a command waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(charger_id or "")])


def cancel(command: Command, asker: Asker) -> bool:
    """Take a command back that wasn't sent yet; False where it was, or is over."""
    with transaction.atomic():
        gone = Command.objects.filter(pk=command.pk, state=State.PENDING).update(
            state=State.CANCELLED, answered_at=timezone.now(), sealed=None,
            error={"code": "Cancelled", "description": asker.name},
        )  # fmt: skip
        if gone:
            _note(command, asker, "cancelled")
    return bool(gone)


def expire(now: datetime) -> int:
    """End what waited too long, and was never sent; return how many."""
    late = Command.objects.filter(state=State.PENDING, expires_at__lte=now)
    return late.update(state=State.EXPIRED, answered_at=now, sealed=None)


#: Out on a gateway that is dead, or for longer than any gateway waits. One that may be repeated
#: waits again; of the others nobody knows.
LOSE = """
WITH lost AS (
    SELECT c.id, c.repeatable AND c.attempts < %(most)s AND c.expires_at > %(now)s AS again
      FROM control_command c
      LEFT JOIN monitoring_gateway g ON g.id = c.gateway
     WHERE c.state = 'sent'
       AND (g.id IS NULL OR g.lease_until < %(now)s OR g.ended_at IS NOT NULL
            OR c.sent_at < %(now)s - %(longest)s)
       FOR UPDATE OF c SKIP LOCKED
)
UPDATE control_command c
   SET state = CASE WHEN again THEN 'pending' ELSE 'unknown' END,
       answered_at = CASE WHEN again THEN NULL ELSE %(now)s END,
       sealed = CASE WHEN again THEN sealed END,
       error = '{"code": "GatewayLost", "description": ""}'
  FROM lost WHERE c.id = lost.id
"""


def lose(now: datetime) -> int:
    """Settle what a gateway that died had sent: *unknown*, or waiting again; return how many."""
    with connection.cursor() as cursor:
        arguments: dict[str, Any] = {"now": now, "longest": LONGEST_OUT, "most": MOST_ATTEMPTS}
        cursor.execute(LOSE, arguments)
        found: int = cursor.rowcount
    if found:
        nudge()
    return found


def still_out(command_id: UUID) -> None:
    """Say that a command of many messages goes on: the next of them goes out now."""
    Command.objects.filter(pk=command_id, state=State.SENT).update(sent_at=Now())


def _note(command: Command, asker: Asker, deed: str = "requested") -> None:
    """Enter it in the audit trail."""
    record_deed(
        asker.user,
        command.charger,
        {
            "command": command.name,
            "id": str(command.pk),
            "deed": deed,
            "by": asker.name,
            "source": asker.source,
            "reason": command.reason,
        },
    )
