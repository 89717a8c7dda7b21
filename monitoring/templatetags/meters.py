"""How verdicts on meters are drawn."""

from typing import Any

from django import template

from monitoring.decimals import per_cent
from monitoring.models import Session, SessionReconciliation
from monitoring.reconciliation import words

register = template.Library()


@register.filter
def verdict_tone(row: SessionReconciliation) -> str:
    """Return the tone of the verdict's pill."""
    return words.tone(row)


@register.filter
def billing_reason(row: SessionReconciliation) -> str:
    """Say why billing should use what it should."""
    return words.why(row)


@register.filter
def share_of(share: float) -> str:
    """Write a share of 0 to 1 in per cent."""
    return per_cent(share, 1)


@register.inclusion_tag("monitoring/_meters.html")
def session_meters(session: Session) -> dict[str, Any]:
    """Draw the verdict on a session's meters, nothing where there is none yet."""
    return {"row": SessionReconciliation.objects.filter(session=session).first()}
