"""How commands look, everywhere the same."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms.boundfield import BoundWidget
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpms.control.models import Bulk, Command
from cpms.web.operate import asked, words
from cpms.web.operate.forms import FORMS
from cpms.web.operate.target import Running
from inventory.access import ABILITIES

register = template.Library()

register.filter("command_name", words.name)
register.filter("command_icon", words.icon_of)
register.filter("verification", words.verification)
register.filter("operation_name", words.operation_name)
#: Raw messages shown are cut here.
LONGEST_SHOWN = 50_000
#: Characters of a field that an address fills in.
MOST_GIVEN = 300
#: Frames shown before and after a command.
AROUND = timedelta(minutes=1)
#: What waits for running sessions may show so late.
WHEN_IT_CAN = timedelta(hours=24)


@register.simple_tag
def said(command: Command, now: datetime, online: bool | None = None) -> words.Said:
    """Return where a command stands, in words."""
    return words.said(command, now, online=online)


@register.inclusion_tag("web/operate/_list.html")
def command_list(
    commands: Iterable[Command], zone: str = "", of: str = "charger", online: bool | None = None
) -> Any:
    """Draw commands as lines: of a charger, whose `zone` it is; of "all"; or of one "bulk".

    `online`: whether the charger is, where that is known.
    """
    now = timezone.now()
    lines = [
        {
            "command": command,
            "said": words.said(command, now, online=online),
            "name": words.name(command),
            "icon": words.icon_of(command),
            "verification": words.verification(command),
            "identity": command.charger.identity,
            "zone": zone or command.charger.site.timezone,
        }
        for command in commands
    ]
    return {"lines": lines, "of": of}


@register.inclusion_tag("web/operate/_past.html")
def past_command(identity: str, told: Mapping[str, Any]) -> Any:
    """Draw a command's cells of the list of what happened (`cpms.control.timeline`)."""
    tone, icon = words.LOOKS[told["end"]]
    name = words.operation_name(told["name"])
    end = {"tone": tone, "icon": icon, "label": words.ending(told["end"])}
    return {"identity": identity, "key": told["command"], "name": name, "who": told["who"], **end}


@register.filter
def awaits_verification(command: Command, now: datetime) -> bool:
    """Tell whether it may still be seen that the charger did it."""
    form = FORMS.get(command.operation)
    if command.state != Command.State.ACCEPTED or command.verified is not None or form is None:
        return False
    if command.result == "EmptyResultSet":
        return False  # No report comes.
    waits = WHEN_IT_CAN if command.result == "Scheduled" else form.shows_within
    return command.answered_at is not None and now - command.answered_at < waits


@register.filter
def asked_for(command: Command, zone: str) -> list[tuple[str, str]]:
    """Return what was asked, field by field, in words; `zone`: the site's, for times."""
    return list(asked.facts(command, zone))


@register.simple_tag
def again(command: Command) -> str:
    """Return the query string that fills the form in as it was."""
    form = FORMS.get(command.operation)
    names = (form.base_fields.keys() if form is not None else set()) - asked.TOKENS
    written = {name: _written(v) for name, v in command.request.items() if name in names}
    given = {name: text for name, text in written.items() if text}
    return f"?{urlencode(given)}" if given else ""


def _written(value: Any) -> str:
    """Write a value as a form's field has it; what isn't plain, or is long, is left out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = "\n".join(asked.setting(one) for one in value if isinstance(one, dict))
    text = str(value) if isinstance(value, str | int | float) else ""
    return text if len(text) <= MOST_GIVEN else ""


@register.simple_tag
def frames_around(command: Command) -> str:
    """Return the query string of the flight recorder at the time that it was sent."""
    at = (command.sent_at or command.requested_at).astimezone(UTC)
    ends = max(command.answered_at or at, at).astimezone(UTC)
    window = {"from": (at - AROUND).isoformat(), "to": (ends + AROUND).isoformat()}
    return f"?{urlencode(window)}"


@register.simple_tag
def session_told(session: Running, now: datetime) -> str:
    """Say of a running session whose it is, for how long, and its energy."""
    return session.told(now)


@register.simple_tag
def bulk_link(bulk: Bulk) -> SafeString:
    """Name a bulk operation."""
    named = f"{words.operation_name(bulk.operation)} × {bulk.size}"
    return format_html('<a href="{}">{}</a>', reverse("bulk", args=[bulk.pk]), named)


@register.simple_tag(takes_context=True)
def may_ask(context: template.Context) -> bool:
    """Tell whether the reader may ask chargers somewhere, by what the shell knows already."""
    held = {membership.role for membership in context["shell"].get("memberships", ())}
    return bool(context["request"].user.is_superuser or held & ABILITIES["command"])


@register.filter
def pretty(value: Mapping[str, Any]) -> str:
    """Write JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)[:LONGEST_SHOWN]


@register.filter
def radio_control(radio: BoundWidget) -> SafeString:
    """Draw a radio button as all controls look."""
    radio.data["attrs"]["class"] = "form-check-input"
    return SafeString(radio.tag())
