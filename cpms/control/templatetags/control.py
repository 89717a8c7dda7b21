"""What is asked of chargers, on pages of the rooms below: sessions' stories, reservations."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from cpms.control import session_stories
from cpms.control.cost import Cost
from cpms.control.models import Reservation
from cpms.control.session_stories import Story
from inventory import access
from inventory.models import Charger
from monitoring.models import Session

register = template.Library()


@register.simple_tag
def session_story(session: Session, charger: Charger) -> Story:
    """Return who started a session of the charger, why it stopped and what it costs."""
    return session_stories.tell([_at(session, charger)], timezone.now())[session.pk]


@register.simple_tag
def session_costs(rows: Sequence[Any], charger: Charger) -> Mapping[int, Story]:
    """Return the stories of the sessions that a list's `rows` show."""
    shown = [_at(row.session, charger) for row in rows]
    return session_stories.tell(shown, timezone.now())


def _at(session: Session, charger: Charger) -> Session:
    session.charger = charger
    return session


@register.filter
def story_of(stories: Mapping[int, Story], session: Session) -> Story | None:
    """Return the story of one session."""
    return stories.get(session.pk)


@register.filter
def money(cost: Cost | None) -> str:
    """Return a total with its currency; a dash where there is none."""
    return "–" if cost is None else _amount(cost.total, cost)


def _amount(value: Any, cost: Cost) -> str:
    """Return a part of a cost with its currency."""
    return f"{number_format(value, cost.decimals, use_l10n=True)} {cost.currency}"


@register.filter
def cost_parts(cost: Cost) -> str:
    """Return what a cost is made of, in words; parts that are nothing are left out."""
    parts = [
        (_("energy %s"), cost.energy),
        (_("time %s"), cost.time),
        (_("session %s"), cost.session),
        (_("after charging %s"), cost.idle),
        (_("VAT in it %s"), cost.tax),
    ]
    return " · ".join(said % _amount(value, cost) for said, value in parts if value)


@register.simple_tag(takes_context=True)
def may_command(context: Mapping[str, Any], charger: Charger) -> bool:
    """Tell whether who looks may ask anything of the charger."""
    user = context["request"].user
    return access.may(user, "command", charger.site.organisation_id)


@register.simple_tag
def reservations_of(charger: Charger) -> Mapping[int | None, list[Reservation]]:
    """Return the live reservations of a charger by port; None: of any port."""
    kept = Reservation.objects.filter(charger=charger)
    live = kept.filter(state__in=Reservation.LIVE, until__gt=timezone.now())
    found: dict[int | None, list[Reservation]] = {}
    for row in live.order_by("until"):
        found.setdefault(row.evse, []).append(row)
    return found


@register.filter
def at_port(found: Mapping[int | None, list[Reservation]], number: int | None) -> Any:
    """Return the live reservations of one port, or of any."""
    return found.get(number, [])
