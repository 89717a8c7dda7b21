"""What is kept for drivers, in words."""

from django import template
from django.utils.translation import gettext

from cpms.control.models import DisplayMessage, Reservation
from cpms.web.operate.forms.display import STATES
from cpms.web.operate.forms.reservations import CONNECTORS
from cpms.web.times import absolute

register = template.Library()


@register.filter
def place(row: Reservation) -> str:
    """Return which port is reserved."""
    if row.evse is not None:
        return gettext("Port %s") % row.evse
    if row.connector_type:
        kind = str(dict(CONNECTORS).get(row.connector_type, row.connector_type))
        return gettext("Any port with %s") % kind
    return gettext("Any port")


@register.filter
def became(row: Reservation) -> str:
    """Return how a reservation ended."""
    state = Reservation.State
    said = {
        state.ASKED: gettext("No answer came; its time is over."),
        state.ACTIVE: gettext("Its time is over."),
        state.REFUSED: gettext("The charger refused it."),
        state.USED: gettext("The driver charged."),
        state.CANCELLED: gettext("It was cancelled."),
        state.EXPIRED: gettext("Nobody came in time."),
        state.REMOVED: gettext("The charger removed it: it was faulted, or doesn't know it."),
    }[Reservation.State(row.state)]
    why = {
        "Occupied": gettext("Something was plugged in there."),
        "Faulted": gettext("The port was faulted."),
        "Unavailable": gettext("The port was out of service."),
    }.get(row.word, "")
    return f"{said} {why}".strip()


@register.filter
def shown_when(row: DisplayMessage, zone: str) -> str:
    """Return when a message is shown."""
    parts = [str(row.get_priority_display() or row.priority)]
    if row.while_state:
        parts.append(gettext("while %s") % STATES.get(row.while_state, row.while_state))
    if row.starts_at:
        parts.append(gettext("from %s") % absolute(row.starts_at, zone))
    if row.ends_at:
        parts.append(gettext("until %s") % absolute(row.ends_at, zone))
    if row.transaction_id:
        parts.append(gettext("for one session"))
    return ", ".join(parts)
