"""What vehicles ask for over ISO 15118, the profile they are given, and what they make of it.

(OCPP 2.0.1 part 2, K15–K17) A follow-up that is lost leaves a vehicle without a profile of its
own: then the charger goes by its other profiles, as the standard has it (K15.FR.08).
"""

from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import commands, profiles
from cpms.control.charging import plan
from cpms.control.charging.compare import Span, of_steps
from cpms.control.charging.composite import SESSION, Port, composite
from cpms.control.charging.words import amount
from cpms.control.commands import SYSTEM, Refused
from cpms.control.models import ChargingNeeds
from cpms.control.operations import BadRequest
from cpms.control.operations.profiles import SetProfile
from inventory.models import Charger
from monitoring.models import Session

log = structlog.get_logger(__name__)

Answer, Fit = ChargingNeeds.Answer, ChargingNeeds.Fit
#: A vehicle waits this long for its profile. (K15.FR.03: 60 s)
LASTS = timedelta(seconds=60)
#: Needs kept of one charger.
MOST = 50
#: Needs that a charger may say in an hour; each asks for a profile.
HOUR, MOST_IN_AN_HOUR = timedelta(hours=1), 40
#: How often a vehicle that exceeds its profile is sent it again. (K16)
MOST_ROUNDS = 3


def needed(
    charger_id: int, evse: int, needs: plan.Needs, told: dict[str, Any], at: datetime
) -> ChargingNeeds | None:
    """Keep what a session's vehicle needs, and give it a profile.

    A charger that says needs all the time gets no more of them; None then.
    """
    charger = Charger.objects.select_related("site").get(pk=charger_id)
    lately = ChargingNeeds.objects.filter(charger=charger, at__gt=at - HOUR).count()
    if lately >= MOST_IN_AN_HOUR:
        log.warning("vehicle_needs_too_often", charger=charger.identity)
        return None
    with transaction.atomic():
        row = ChargingNeeds(charger=charger, evse=evse, at=at, told=told)
        row.needs = msgspec.to_builtins(needs)
        row.session = _running(charger_id, evse)
        _give(row, needs, timezone.now())
        row.save()
        _trim(charger_id)
    return row


def _running(charger_id: int, evse: int) -> Session | None:
    running = Session.objects.filter(charger_id=charger_id, evse__number=evse, ended=None)
    return running.order_by("-started").first()


def _give(row: ChargingNeeds, needs: plan.Needs, now: datetime) -> None:
    """Plan, and ask the charger to take the plan as the session's profile."""
    if row.session is None:
        row.answer, row.why = Answer.NO_SESSION, ""
        return
    transaction_id = row.session.transaction_id
    zone = ZoneInfo(row.charger.site.timezone)
    made = plan.plan(needs, _ceiling(row.charger, row.evse, needs, now, zone), now)
    number = profiles.number_for(row.charger, row.evse, SESSION, 0, transaction_id)
    wanted = plan.profile(made, needs, transaction_id, number)
    row.why = told_why(made, needs, zone)
    try:
        operation = SetProfile(evse=row.evse, profile=wanted)
        row.command = commands.request(row.charger, operation, SYSTEM, reason=row.why, lasts=LASTS)
        row.answer = Answer.GIVEN
    except (Refused, BadRequest) as problem:
        row.answer, row.why = Answer.REFUSED, str(problem)[:300]


def _ceiling(
    charger: Charger, evse: int, needs: plan.Needs, now: datetime, zone: tzinfo
) -> list[Span]:
    """Return what is allowed without a profile of the session's own."""
    stack = [one for one in profiles.layers(charger, now) if one.profile.purpose != SESSION]
    port = Port(evse, supply=needs.supply, zone=zone)
    return of_steps(composite(stack, port, now, plan.horizon(needs, now)))


def told_why(made: plan.Plan, needs: plan.Needs, zone: tzinfo) -> str:
    """Return why the vehicle is given what it is given."""
    most = max((span.watts or 0.0) for span in made.spans)
    about = {
        "energy": _("%s kWh") % round((needs.energy or 0) / 1000, 1),
        "until": f"{needs.departure.astimezone(zone):%H:%M}" if needs.departure else "",
        "most": amount(most, "W"),
    }
    if made.reason == "spread":
        return _("%(energy)s until %(until)s: %(most)s are enough.") % about
    if made.reason == "short":
        return _("%(energy)s until %(until)s: all that is allowed, at most %(most)s.") % about
    return _("The vehicle says no energy and departure to plan by: at most %(most)s.") % about


def scheduled(
    charger_id: int, evse: int, schedule: dict[str, Any], at: datetime, *, fits: bool
) -> None:
    """Keep the schedule that a vehicle made of its profile; send the profile again if it exceeds.

    At most `MOST_ROUNDS` times. (K15.FR.12, K16)
    """
    with transaction.atomic():
        session = _running(charger_id, evse)
        if session is None:
            return
        rows = ChargingNeeds.objects.select_for_update(of=["self"]).select_related("charger__site")
        row = rows.filter(charger_id=charger_id, session=session).first()
        if row is None:
            return
        row.schedule, row.schedule_at = schedule, at
        row.fit = Fit.FITS if fits else Fit.EXCEEDS
        if not fits and row.renegotiated < MOST_ROUNDS:
            row.renegotiated += 1
            _give(row, msgspec.convert(row.needs, plan.Needs), timezone.now())
        row.save()


def given(charger_id: int) -> list[ChargingNeeds]:
    """Return the needs of a charger's running sessions, newest first, one of each session."""
    running = ChargingNeeds.objects.filter(
        charger_id=charger_id, session__isnull=False, session__ended=None
    )
    newest: dict[int | None, ChargingNeeds] = {}
    for row in running.select_related("command", "session"):
        newest.setdefault(row.session_id, row)
    return list(newest.values())


def _trim(charger_id: int) -> None:
    rows = ChargingNeeds.objects.filter(charger_id=charger_id).order_by("-at", "-pk")
    ChargingNeeds.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[MOST:])).delete()
