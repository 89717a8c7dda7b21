"""Files on their way: begun with a command, followed by what the charger reports, verified.

The truth is in the record's events; `review` reads those it hasn't read yet. It may be missed,
called twice, and called for chargers without any transfer.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import addresses, live, settlement, steps, vault
from cpms.control.models import Command, StoredFile, Transfer
from cpms.control.operations import OPERATIONS, BadRequest, Operation
from cpms.control.operations.files import (
    GetDiagnostics,
    GetLog,
    Installing,
    PublishFirmware,
    Transferring,
    UpdateFirmware,
)
from monitoring.models import Event

State, Kind = Transfer.State, Transfer.Kind
MEGABYTE = 1_000_000
#: Our addresses work this long after the command could last have gone out.
ADDRESS_WORKS = timedelta(hours=24)
#: Without news for so long, a transfer that should be under way is said to be stalled.
STALLED_AFTER = timedelta(minutes=30)
#: … and is given up after so long.
GIVEN_UP_AFTER = timedelta(days=3)
#: A charger boots its new firmware within this after it says that it is installed.
BOOTS_WITHIN = timedelta(hours=1)
#: What is over may get a late word, or a boot that shows better, for so long.
LATE_WORDS = timedelta(hours=1)
#: A file that is reported as sent has come by then, or doesn't.
FILE_COMES_WITHIN = timedelta(minutes=2)
#: The gateway's clock and the database's may differ by so much.
CLOCKS_DIFFER = timedelta(seconds=2)
#: Events read at once, and transfers looked after in one sweep.
MOST_EVENTS, MOST_SWEPT = 500, 2_000

KINDS: dict[type[Operation], Transfer.Kind] = {
    UpdateFirmware: Kind.FIRMWARE,
    PublishFirmware: Kind.PUBLISH,
    GetDiagnostics: Kind.DIAGNOSTICS,
    GetLog: Kind.LOG,
}
#: Kinds of the record's events -> what they tell of.
TOLD_BY = {
    "firmware_status": Kind.FIRMWARE,
    "published_firmware_status": Kind.PUBLISH,
    "diagnostics_status": Kind.DIAGNOSTICS,
    "log_status": Kind.LOG,
}
#: Kinds that have the charger fetch a file; the others have it send one.
FETCHED = frozenset({Kind.FIRMWARE, Kind.PUBLISH})


def begin(asked: Iterable[Command]) -> None:
    """Keep what follows from commands that were just stored, in their transaction.

    Raises `BadRequest` where the same is on its way to the charger: who clicks twice means one.
    """
    meant = [command for command in asked if command.operation in NAMES]
    made = [_begun(command, _operation(command)) for command in meant]
    if len(made) == 1:
        _refuse_repeated(made[0])
    Transfer.objects.bulk_create(made, batch_size=2_000)


def _operation(command: Command) -> Transferring:
    secret = orjson.loads(vault.unseal(bytes(command.sealed))) if command.sealed else {}
    asked = OPERATIONS[command.operation].read({**command.request, **secret})
    assert isinstance(asked, Transferring)
    return asked


def _refuse_repeated(new: Transfer) -> None:
    same = Transfer.objects.filter(
        charger_id=new.charger_id, kind=new.kind, log=new.log, image_id=new.image_id,
        address=new.address, command__state__in=[Command.State.PENDING, Command.State.SENT],
    ).exclude(command=new.command)  # fmt: skip
    other = same.select_related("command").first()
    if other is not None:
        raise BadRequest(
            _("%(who)s asked the same, and it is under way: wait for its end, or cancel it.")
            % {"who": other.command.requested_by_name}
        )


NAMES = frozenset(operation.name for operation in KINDS)


def _begun(command: Command, asked: Transferring) -> Transfer:
    token = addresses.token_in(asked.location or "")
    due = getattr(asked, "install_at", None) or getattr(asked, "retrieve_at", None)
    kind = KINDS[type(asked)]
    most = settings.FIRMWARE_MAX_MB if kind in FETCHED else settings.LOG_MAX_MB
    last = max(command.expires_at, due or command.expires_at)
    return Transfer(
        command=command,
        charger_id=command.charger_id,
        kind=kind,
        log=asked.log if isinstance(asked, GetLog) else "",
        request_id=None if isinstance(asked, GetDiagnostics) else asked.request_id,
        image_id=asked.image if isinstance(asked, Installing) else None,
        address=asked.address or "",
        digest=addresses.digest(token) if token else None,
        expires_at=last + ADDRESS_WORKS if token else None,
        limit=most * MEGABYTE,
        version=getattr(asked, "version", None) or "",
        version_before=command.charger.firmware_version,
        due_at=due,
    )


def answered(command: Command, kind: Transfer.Kind, about: dict[str, Any], at: datetime) -> None:
    """Take note of the charger's answer to the command; called in the settling transaction.

    `about` has what went out and came back: `request_id` and `address` (shown), for commands that
    were sent as raw OCPP messages, and `name`, what the charger will call the file.
    """
    found = Transfer.objects.select_for_update().filter(command=command).first()
    accepted = command.state == Command.State.ACCEPTED
    if found is None:
        if not accepted:
            return
        found = Transfer(
            command=command, charger_id=command.charger_id, kind=kind,
            request_id=about.get("request_id"), address=about.get("address") or "",
            version_before=command.charger.firmware_version,
        )  # fmt: skip
    if command.state in {Command.State.UNKNOWN, Command.State.TIMED_OUT}:
        return  # It may have heard it: what it reports will show.
    if not accepted:
        _end(found, State.FAILED, at)
        found.followed = False
    elif kind == Kind.DIAGNOSTICS and not about.get("name"):
        # OCPP 1.6 §5.9: no file name means that there is nothing to send.
        _end(found, State.DONE, at)
        command.verified, command.verified_at = False, at
        command.evidence = "nothing_to_send"
        found.followed = False
    elif found.state == State.WAITING:
        found.state = State.RUNNING
    found.said_name = str(about.get("name") or "")[:255]
    found.save()
    if accepted and command.result == "AcceptedCanceled":
        _supersede(found, at)


def _supersede(newer: Transfer, at: datetime) -> None:
    """End the older ones of its kind: the charger gave them up for this one."""
    older = Transfer.objects.filter(
        charger_id=newer.charger_id, kind=newer.kind, asked_at__lt=newer.asked_at,
        state__in=[State.RUNNING, State.STALLED],
    )  # fmt: skip
    older.update(state=State.CANCELLED, ended_at=at)


def _end(transfer: Transfer, state: Transfer.State, at: datetime) -> None:
    if transfer.state != state:
        transfer.state, transfer.ended_at = state, at


def review(charger_id: int, now: datetime) -> None:
    """Read what a charger has reported since, and conclude what can be concluded."""
    with transaction.atomic():
        found = list(
            Transfer.objects.select_for_update(of=["self"])
            .filter(charger_id=charger_id, followed=True)
            .select_related("command", "charger__site")
            .order_by("asked_at", "id")
        )
        if not found:
            return
        before = [_kept(transfer) for transfer in found]
        shown = [_shown(transfer) for transfer in found]
        _read(found)
        for transfer, kept in zip(found, before, strict=True):
            _conclude(transfer, now)
            if _kept(transfer) != kept:
                transfer.save(update_fields=LEARNT)
        if shown != [_shown(transfer) for transfer in found]:
            live.announce([found[0].charger])


#: What a review may change.
LEARNT = (
    "state", "status", "status_at", "steps", "last_event", "followed", "version_after",
    "booted_at", "published", "ended_at",
)  # fmt: skip


def _kept(transfer: Transfer) -> list[Any]:
    return [getattr(transfer, name) for name in LEARNT]


def _shown(transfer: Transfer) -> tuple[Any, ...]:
    return transfer.state, transfer.status, transfer.status_at, transfer.command.verified


def _read(followed: Sequence[Transfer]) -> None:
    sent = [t for t in followed if t.command.sent_at is not None]
    if not sent:
        return
    since = min(t.command.sent_at for t in sent if t.command.sent_at)
    events = Event.objects.filter(
        charger_id=sent[0].charger_id,
        kind__in=[*TOLD_BY, "boot"],
        at__gte=since - CLOCKS_DIFFER,
        id__gt=min(t.last_event for t in sent),
    )
    for event in events.order_by("id")[:MOST_EVENTS]:
        for transfer in _meant(event, sent):
            _note(transfer, event)
        for transfer in sent:
            transfer.last_event = max(transfer.last_event, event.pk)


def _meant(event: Event, sent: Sequence[Transfer]) -> list[Transfer]:
    """Return which transfers an event is about: the one it names, else the newest of its kind."""
    begun = [
        transfer for transfer in sent
        if transfer.last_event < event.pk and _sent(transfer) - CLOCKS_DIFFER <= event.received
    ]  # fmt: skip
    if event.kind == "boot":
        return [t for t in begun if t.kind == Kind.FIRMWARE and _sent(t) <= event.received]
    of_kind = [t for t in begun if t.kind == TOLD_BY[event.kind]]
    named = event.data.get("requestId")
    if named is not None:
        return [t for t in of_kind if t.request_id in {None, named}][-1:]
    return of_kind[-1:]


def _sent(transfer: Transfer) -> datetime:
    return transfer.command.sent_at or transfer.asked_at


def _note(transfer: Transfer, event: Event) -> None:
    if event.kind == "boot":
        transfer.version_after = str(event.data.get("firmware_version") or "")[:50]
        transfer.booted_at = event.received
        return
    status = event.code[:40]
    transfer.steps = steps.added(transfer.steps, status, event.received)
    transfer.status, transfer.status_at = status, event.received
    if status == "Published":
        said = event.data.get("location")
        transfer.published = [str(one)[:512] for one in said[:10]] if isinstance(said, list) else []


def _conclude(transfer: Transfer, now: datetime) -> None:
    """Say how it stands, and whether the command did what it should."""
    _judge_words(transfer)
    if transfer.kind == Kind.FIRMWARE:
        _judge_version(transfer, now)
    elif transfer.file_id is not None:
        _end(transfer, State.DONE, now)
        _verify(transfer, now, "file_received")
    elif transfer.state == State.DONE:
        _judge_word_alone(transfer, now)
    else:
        _judge_failure(transfer, now)
    _judge_silence(transfer, now)


def _judge_words(transfer: Transfer) -> None:
    end = steps.ends(transfer.steps)
    if end:
        _end(transfer, State(end), transfer.status_at or timezone.now())
    elif transfer.steps and (not transfer.is_over or transfer.state == State.FAILED):
        # It goes on, also where it was said to be stalled or had failed: it tries again.
        transfer.state, transfer.ended_at = State.RUNNING, None


def _judge_version(transfer: Transfer, now: datetime) -> None:
    """The version that it boots with shows whether it runs the new firmware."""
    booted = transfer.booted_at is not None and transfer.version_after != ""
    if transfer.version:
        fits = steps.same_version(transfer.version_after, transfer.version)
        was_it_before = steps.same_version(transfer.version_before, transfer.version)
        evidence = "firmware_version", "firmware_wrong_version"
    else:
        known = bool(transfer.version_before)
        fits = known and not steps.same_version(transfer.version_after, transfer.version_before)
        was_it_before = False
        evidence = "firmware_changed", "firmware_unchanged"
    if booted and fits and (transfer.state == State.DONE or not was_it_before):
        _end(transfer, State.DONE, transfer.booted_at or now)
        _verify(transfer, now, evidence[0])
    elif transfer.state == State.DONE and _over_for(transfer, now) > BOOTS_WITHIN:
        _verify(transfer, now, evidence[1] if booted else "no_boot", holds=False)
    elif transfer.state == State.DONE and booted and _booted_since_end(transfer):
        _verify(transfer, now, evidence[1], holds=False)
    else:
        _judge_failure(transfer, now)


def _judge_failure(transfer: Transfer, now: datetime) -> None:
    if transfer.state == State.FAILED:
        _verify(transfer, now, "transfer_failed", holds=False)
    elif transfer.state == State.CANCELLED:
        _verify(transfer, now, "transfer_cancelled", holds=False)


def _booted_since_end(transfer: Transfer) -> bool:
    return bool(transfer.booted_at and transfer.ended_at and transfer.booted_at > transfer.ended_at)


def _judge_word_alone(transfer: Transfer, now: datetime) -> None:
    """The charger says that it is done, and no file of ours shows it."""
    if transfer.kind == Kind.PUBLISH:
        _verify(transfer, now, "firmware_published")
    elif transfer.digest is None:
        _verify(transfer, now, "log_status")
    elif _over_for(transfer, now) > FILE_COMES_WITHIN:
        _verify(transfer, now, "no_file", holds=False)


def _judge_silence(transfer: Transfer, now: datetime) -> None:
    if transfer.is_over:
        command = transfer.command
        settled = command.verified is not None or command.state != Command.State.ACCEPTED
        over_for = _over_for(transfer, now)
        transfer.followed = over_for <= (LATE_WORDS if settled else GIVEN_UP_AFTER)
        return
    quiet = now - max(_news(transfer), transfer.due_at or _news(transfer))
    never_sent = transfer.command.sent_at is None and transfer.command.is_over
    if never_sent or quiet > GIVEN_UP_AFTER:
        _end(transfer, State.FAILED, now)
        transfer.followed = False
        _verify(transfer, now, "no_report", holds=False)
    elif transfer.command.sent_at is not None and quiet > STALLED_AFTER:
        transfer.state = State.STALLED


def _news(transfer: Transfer) -> datetime:
    said = (transfer.status_at, transfer.fetched_at, transfer.booted_at)
    return max([_sent(transfer), *(moment for moment in said if moment)])


def _over_for(transfer: Transfer, now: datetime) -> timedelta:
    return now - (transfer.ended_at or now)


def _verify(transfer: Transfer, now: datetime, evidence: str, *, holds: bool = True) -> None:
    """Record whether it was done; what came later than it should corrects what was said."""
    command = transfer.command
    if command.state != Command.State.ACCEPTED or command.verified in {holds, True}:
        return
    if command.verified is False:
        Command.objects.filter(pk=command.pk).update(verified=None)
    settlement.verify(command, now, evidence, holds=holds)
    command.verified = holds


def arrived(transfer_id: int, file: StoredFile, now: datetime) -> bool:
    """Keep a file that a charger has sent; False where another was there before it."""
    with transaction.atomic():
        taken = Transfer.objects.filter(pk=transfer_id, file=None, digest__isnull=False)
        locked = taken.select_for_update(of=["self"])
        transfer = locked.select_related("command", "charger__site").first()
        if transfer is None:  # Unless it was stored just now, and our connection broke.
            return Transfer.objects.filter(pk=transfer_id, file__key=file.key).exists()
        file.save(force_insert=True)
        transfer.file = file
        _conclude(transfer, now)
        transfer.save()
        live.announce([transfer.charger])
    return True


def fetched(transfer_id: int, upto: int, now: datetime) -> None:
    """Note how much of our file a charger has been sent."""
    row = Transfer.objects.filter(pk=transfer_id)
    row.filter(Q(fetched__lt=upto) | Q(fetched_at=None)).update(fetched=upto, fetched_at=now)


def sweep(now: datetime) -> int:
    """Look after every transfer that is followed; return how many."""
    followed = Transfer.objects.filter(followed=True).order_by()
    chargers = set(followed.values_list("charger_id", flat=True))
    # Of more than one sweep can look after, chance gives each its turn.
    some = random.sample(sorted(chargers), min(MOST_SWEPT, len(chargers)))
    for charger_id in some:
        review(charger_id, now)
    return len(some)
