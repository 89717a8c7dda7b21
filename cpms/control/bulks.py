"""One operation over many chargers: bounded, watched, stopped with one button."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import transfers
from cpms.control.commands import Asker, Refused, made, nudge, unsupported
from cpms.control.models import Bulk, Command
from cpms.control.operations import Operation
from inventory.audit import record_deed
from inventory.models import Charger, Lifecycle, Organisation

State = Command.State
#: Chargers that one bulk operation may have.
MOST = 20_000
ROWS_AT_ONCE = 2_000
#: Commands of bulk operations that may wait in one organisation.
MOST_WAITING = 100_000
#: First key of the advisory lock under which one starts; its second is the organisation's.
ONE_AT_A_TIME = 0x6B77_0002


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a bulk's commands are in each state; `skipped` were never asked."""

    size: int
    states: dict[str, int]

    @property
    def over(self) -> int:
        """How many have ended."""
        open_ = {State.PENDING, State.SENT}
        return sum(count for state, count in self.states.items() if state not in open_)

    @property
    def is_over(self) -> bool:
        """Whether none waits or is out any more."""
        return self.over == sum(self.states.values())

    @property
    def skipped(self) -> int:
        """How many chargers were left out."""
        return self.size - sum(self.states.values())


def start(
    organisation: Organisation,
    chargers: QuerySet[Charger],
    operation: Operation,
    asker: Asker,
    *,
    chosen_by: str = "",
    reason: str = "",
    lasts: timedelta | None = None,
) -> Bulk:
    """Ask `operation` of every one of `chargers` that can do it; raise `Refused`.

    Decommissioned chargers, and those whose OCPP version hasn't the operation, are left out, and
    those of which the same was asked, where that hurts twice and is under way. Each waits at
    most `lasts` until its charger is there.
    """
    operation.check()
    operation = operation.resolved(organisation.pk)
    asked = chargers.filter(site__organisation=organisation).exclude(
        lifecycle=Lifecycle.DECOMMISSIONED
    )
    found = list(asked.order_by("pk")[: MOST + 1])
    if not found:
        raise Refused(_("No charger was chosen."))
    if len(found) > MOST:
        raise Refused(_("More than %s chargers: choose fewer.") % MOST)
    with transaction.atomic():
        free = _not_under_way(organisation, operation, found)
        _refuse_flood(organisation, len(free))
        bulk = Bulk.objects.create(
            organisation=organisation, operation=operation.name, chosen_by=chosen_by[:2000],
            request=operation.kept()[0],
            reason=reason, requested_by=asker.user, requested_by_name=asker.name[:150],
            size=len(found),
        )  # fmt: skip
        unfit = operation.obstacles(free)
        able = [c for c in free if c.pk not in unfit and not unsupported(c, type(operation))]
        commands = [made(c, operation, asker, reason=reason, lasts=lasts, bulk=bulk) for c in able]
        Command.objects.bulk_create(commands, batch_size=ROWS_AT_ONCE)
        transfers.begin(commands)
        record_deed(
            asker.user, bulk, {"bulk": operation.name, "size": len(found), "reason": reason}
        )
        nudge()
    return bulk


def _not_under_way(
    organisation: Organisation, operation: Operation, found: list[Charger]
) -> list[Charger]:
    """Leave out who was asked the same, if that isn't over; raise `Refused` if none is left.

    Who clicks twice, or sees the same fault as a colleague, means one.
    """
    if operation.repeatable:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ONE_AT_A_TIME, organisation.pk])
    wanted, alone = operation.kept()[0], operation.completed().kept()[0]
    out = Command.objects.filter(
        charger__site__organisation=organisation, operation=operation.name,
        state__in=[State.PENDING, State.SENT], expires_at__gt=timezone.now(),
    )  # fmt: skip
    asked = {
        charger: who
        for charger, who, bulk, asked_for in out.values_list(
            "charger_id", "requested_by_name", "bulk__request", "request"
        ).iterator()
        if operation.alike(*((bulk, wanted) if bulk is not None else (asked_for, alone)))
    }
    left = [charger for charger in found if charger.pk not in asked]
    if not left:
        raise Refused(
            _("%(who)s asked the same, and it is under way: wait for its end, or stop it.")
            % {"who": asked[found[0].pk]}
        )
    return left


def _refuse_flood(organisation: Organisation, more: int) -> None:
    waiting = Command.objects.filter(bulk__organisation=organisation, state=State.PENDING)
    if waiting[:MOST_WAITING].count() + more > MOST_WAITING:
        raise Refused(
            _("More than %s commands would wait: stop bulk operations, or wait for their end.")
            % MOST_WAITING
        )


def stop(bulk: Bulk, asker: Asker) -> int:
    """Take back what wasn't sent yet; return how many. What is out can't be taken back."""
    now = timezone.now()
    with transaction.atomic():
        gone = Command.objects.filter(bulk=bulk, state=State.PENDING).update(
            state=State.CANCELLED, answered_at=now, sealed=None,
            error={"code": "Cancelled", "description": asker.name},
        )  # fmt: skip
        Bulk.objects.filter(pk=bulk.pk, stopped_at=None).update(
            stopped_at=now, stopped_by_name=asker.name[:150]
        )
        record_deed(
            asker.user, bulk, {"bulk": bulk.operation, "deed": "stopped", "taken back": gone}
        )
    return gone


def progress(bulk: Bulk) -> Progress:
    """Return how far it is."""
    counted = Command.objects.filter(bulk=bulk).values_list("state").annotate(count=Count("pk"))
    return Progress(bulk.size, dict(counted.order_by()))
