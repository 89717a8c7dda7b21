"""Sessions that a driver's app starts and stops for its user.

The app is known by its API token; a session belongs to the app that started it. Whether the
user's token may charge is decided before anything is asked of the charger.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace, Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import commands
from cpms.control.authorization import Decision, Known, decide
from cpms.control.commands import Asker, Refused
from cpms.control.models import AppSession, Command, Token
from cpms.control.operations.charging import Start, Stop
from inventory.access import with_identity
from inventory.models import ApiToken, Charger, Evse, Lifecycle
from monitoring import words
from monitoring.facts import Status
from monitoring.models import ChargerState, PortState, Session

#: A session begins so long after its start was accepted: somebody may still have to plug in.
BEGINS_WITHIN = timedelta(minutes=5)
#: A charger's clock may be behind ours by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
#: Starts of one token that may be on their way at once.
MOST_STARTING = 3
#: Ports in these statuses can't begin a session.
UNFIT = {Status.FAULTED, Status.UNAVAILABLE}
ON_THE_WAY = (Command.State.PENDING, Command.State.SENT)


class State(StrEnum):
    """How far an app's session is."""

    STARTING = "starting"
    CHARGING = "charging"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, in a sentence for the app's user, and the session as far as it is known."""

    state: State
    message: str
    session: Session | None


def port(chargers: QuerySet[Charger], identity: str, number: int) -> Evse | None:
    """Return the port of a charger that is seen, None where there is none."""
    found = Evse.objects.select_related("charger__site__organisation")
    return found.filter(charger__in=with_identity(chargers, identity), number=number).first()


def port_by_code(chargers: QuerySet[Charger], code: str) -> Evse | None:
    """Return the port whose EVSE-ID a QR code says, with or without its asterisks."""
    plain = Upper(Replace("evse_id", Value("*"), Value("")))
    found = Evse.objects.select_related("charger__site__organisation").alias(plain=plain)
    ports = list(found.filter(charger__in=chargers, plain=code.upper().replace("*", ""))[:2])
    return ports[0] if len(ports) == 1 and ports[0].evse_id else None


def known(token: Token) -> Known:
    """Return a token as it is decided on."""
    limited = token.limited
    return Known(
        token.status,
        token.expires_at,
        token.group,
        token.master_pass,
        token.one_at_a_time,
        token.language,
        frozenset(token.sites.values_list("pk", flat=True)) if limited else None,
        frozenset(token.chargers.values_list("pk", flat=True)) if limited else frozenset(),
    )


def decision(token: Token | None, charger: Charger, now: datetime) -> Decision:
    """Return whether a token may start a session at a charger, as the gateways decide."""
    if token is None:
        return decide(None, charger.pk, charger.site_id, now)
    running = Session.objects.filter(
        ended=None, updated__gt=now - timedelta(days=1), id_token__iexact=token.id_token,
        charger__site__organisation=token.organisation_id,
    )  # fmt: skip
    busy = token.one_at_a_time and running.exists()
    return decide(known(token), charger.pk, charger.site_id, now, busy=busy)


def start(app: ApiToken, id_token: str, evse: Evse) -> AppSession:
    """Ask a port's charger to start a session for a user's token; raise `Refused`."""
    now, charger = timezone.now(), evse.charger
    found = Token.objects.filter(organisation=charger.site.organisation_id)
    token = found.alias(key=Upper("id_token")).filter(key=id_token.upper()).first()
    decided = decision(token, charger, now)
    if token is None or not decided.accepted:
        raise Refused(_("Not started: %s.") % words.answer(decided.status))
    _refuse_where_it_cannot(evse)
    with transaction.atomic():
        Token.objects.select_for_update().get(pk=token.pk)  # Two taps at once are one after other.
        _refuse_too_many(token, now)
        asked = Start(
            id_token=token.id_token,
            token_type=token.type,  # type: ignore[arg-type]
            group=token.group or None,
            evse=evse.number,
            remote_start_id=secrets.randbelow(2**31),
        )
        asker = Asker(app.name, Command.Source.APP, app.user)
        command = commands.request(charger, asked, asker)
        return AppSession.objects.create(
            app=app, app_name=app.name, token=token, charger=charger, evse=evse.number,
            started_by=command,
        )  # fmt: skip


def _refuse_where_it_cannot(evse: Evse) -> None:
    """Raise `Refused` where there is no use in asking; the app's user stands there and waits."""
    charger = evse.charger
    state = ChargerState.objects.filter(charger=charger).first()
    if charger.lifecycle not in {Lifecycle.ACTIVE, Lifecycle.COMMISSIONING}:
        raise Refused(_("This charger is not in service."))
    if state is None or not state.online:
        raise Refused(_("This charger is offline: it can't be started from afar now."))
    at = PortState.objects.filter(evse=evse).first()
    if at is not None and at.status in UNFIT:
        raise Refused(_("This port is out of order."))
    if at is not None and at.session_id is not None:
        raise Refused(_("This port is in use."))


def _refuse_too_many(token: Token, now: datetime) -> None:
    starting = AppSession.objects.filter(
        token=token, session=None, asked_at__gt=now - BEGINS_WITHIN, stopped_by=None
    ).exclude(started_by__state__in=_failed())
    if starting[:MOST_STARTING].count() >= MOST_STARTING:
        raise Refused(_("Starts of this token are on their way already; wait for them."))


def _failed() -> list[str]:
    return [s for s in Command.State.values if s not in {*ON_THE_WAY, Command.State.ACCEPTED}]


def stop(asked: AppSession, app: ApiToken) -> AppSession:
    """Stop an app's session, or take its start back; asking again changes nothing.

    Raises `Refused` where there is nothing to stop.
    """
    now = timezone.now()
    with transaction.atomic():
        kept = AppSession.objects.select_for_update(of=["self"]).select_related(
            "started_by", "stopped_by", "session", "charger__site"
        ).get(pk=asked.pk)  # fmt: skip
        found = progress(kept, now)
        if found.state in {State.STOPPING, State.ENDED}:
            return kept
        asker = Asker(app.name, Command.Source.APP, app.user)
        if found.session is None:
            if not commands.cancel(kept.started_by, asker):
                raise Refused(_("It hasn't begun yet: there is nothing to stop so far."))
            kept.started_by.refresh_from_db()
            return kept
        operation = Stop(transaction_id=found.session.transaction_id)
        kept.stopped_by = commands.request(kept.charger, operation, asker)
        kept.save(update_fields=["stopped_by"])
        return kept


def progress(asked: AppSession, now: datetime) -> Progress:
    """Return how far an app's session is; its charger's session is found and kept by the way."""
    if asked.session is None:
        link(asked)
    session, command = asked.session, asked.started_by
    if session is None:
        return _not_begun(command, now)
    if session.ended is not None:
        reason = words.stop_reason(session.stop_reason)
        return Progress(State.ENDED, _("Ended: %s.") % (reason or "–"), session)
    if asked.stopped_by is None:
        return Progress(State.CHARGING, _("The session is running."), session)
    if asked.stopped_by.state in {*ON_THE_WAY, Command.State.ACCEPTED}:
        return Progress(State.STOPPING, _("The charger is asked to stop."), session)
    return Progress(State.CHARGING, _("The charger didn't stop it; try again."), session)


def _not_begun(command: Command, now: datetime) -> Progress:
    if command.state in ON_THE_WAY:
        return Progress(State.STARTING, _("The charger is asked to start."), None)
    if command.state != Command.State.ACCEPTED:
        return Progress(State.FAILED, _why_not(command), None)
    if now - (command.answered_at or now) > BEGINS_WITHIN:
        return Progress(State.FAILED, _("The charger accepted, but no vehicle was there."), None)
    return Progress(State.STARTING, _("Accepted: plug in, if that isn't done yet."), None)


def _why_not(command: Command) -> str:
    said = {
        Command.State.CANCELLED: _("The start was taken back."),
        Command.State.REJECTED: _("The charger refused to start."),
        Command.State.EXPIRED: _("The charger couldn't be reached."),
    }
    return said.get(Command.State(command.state), _("The charger didn't start a session."))


def link(asked: AppSession) -> None:
    """Find the session that the charger began for it, where there is one by now.

    2.x says by the request's number which it is; in 1.6 it is the first at the port, with the
    token, since the start was sent. (OCPP 2.0.1 F01.FR.25)
    """
    command = asked.started_by
    if command.sent_at is None:
        return
    number = command.request.get("remote_start_id")
    mine = Q(remote_start_id=number) | Q(
        remote_start_id=None,
        evse__number=asked.evse,
        id_token__iexact=str(command.request.get("id_token")),
        received__gte=command.sent_at,
    )
    since = command.sent_at - CLOCKS_DIFFER
    free = Session.objects.filter(mine, charger=asked.charger, started__gte=since, app_session=None)
    found = free.order_by(F("remote_start_id").asc(nulls_last=True), "started").first()
    if found is None:
        return
    asked.session = found
    try:
        with transaction.atomic():
            asked.save(update_fields=["session"])
    except IntegrityError:  # Another start of the token took it just now.
        asked.session = None


def told(asked: AppSession, now: datetime) -> dict[str, Any]:
    """Return what the app is told of its session; energy in Wh, power in W, times aware."""
    at = progress(asked, now)
    session, port_now = at.session, None
    if session is not None and session.ended is None and session.evse_id is not None:
        port_now = PortState.objects.filter(evse=session.evse_id, session_id=session.pk).first()
    return {
        "id": asked.pk,
        "state": at.state.value,
        "message": at.message,
        "charger": asked.charger.identity,
        "evse": asked.evse,
        "id_token": asked.started_by.request.get("id_token", ""),
        "asked_at": asked.asked_at,
        "started": session.started if session else None,
        "ended": session.ended if session else None,
        "energy": (port_now.energy if port_now else None) or (session.energy if session else None),
        "power": port_now.power if port_now else None,
        "soc": (port_now.soc if port_now else None) or (session.soc if session else None),
        "transaction_id": session.transaction_id if session else None,
    }
