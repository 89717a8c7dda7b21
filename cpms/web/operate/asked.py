"""What was asked of a charger, field by field: in words, as its form calls them, not as JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.charging import words as charging
from cpms.control.charging.profile import Profile
from cpms.control.models import Command
from cpms.web import times, zones
from cpms.web.operate.configuration import names
from cpms.web.operate.forms import FORMS, OperationForm
from cpms.web.operate.forms.monitors import SEVERITIES, TYPES
from monitoring.templatetags.monitoring import masked

#: Fields that name a driver: masked, and in no address.
TOKENS = frozenset({"id_token", "group", "add", "remove"})
#: Fields that are made here, and mean nothing to who reads.
OURS = frozenset({"request_id", "remote_start_id", "sources"})
MOMENTS = frozenset({"until", "since", "starts_at", "ends_at", "retrieve_at", "install_at"})
#: Lines shown of a field that is a list.
MOST_LINES = 30
#: What fields are called that no form has under their own name.
LABELS: dict[str, str | Promise] = {
    "address": _("Address"),
    "certificate": _("Certificate"),
    "clear": _("It forgets it"),
    "group": _("Group"),
    "identity": _("Identity"),
    "ids": _("Numbers"),
    "monitors": _("What"),
    "number": _("Number"),
    "numbers": _("Numbers"),
    "password": _("Key"),
    "profile": _("Limit"),
    "report": _("It reports it"),
    "translations": _("In other languages"),
    "transport": _("Transport"),
    "until": _("Until"),
    "vpn": "VPN",
}


def facts(command: Command, zone: str) -> Iterator[tuple[str, str]]:
    """Yield each field's name and value; times are the site's, whose `zone` it is."""
    form = FORMS.get(command.operation)
    if form is None:
        return
    for name, value in command.request.items():
        told = "" if name in OURS else _told(form, name, value, zone)
        if told:
            yield _label(form, name), told


def _label(form: type[OperationForm], name: str) -> str:
    field = form.base_fields.get(name)
    found = field.label if field and field.label else LABELS.get(name)
    return str(found or name.replace("_", " "))


def _told(form: type[OperationForm], name: str, value: Any, zone: str) -> str:
    if isinstance(value, list):
        lines = [_told(form, name, one, zone) for one in value[:MOST_LINES]]
        return "\n".join([*lines, *["…"] * (len(value) > MOST_LINES)])
    if isinstance(value, dict):
        return _part(value, zone)
    if name in TOKENS:
        return masked(str(value))
    if name in MOMENTS:
        return times.clock_time(datetime.fromisoformat(str(value)), zone, with_zone=True)
    return _chosen(form, name, value)


def _chosen(form: type[OperationForm], name: str, value: Any) -> str:
    """Return what its form calls a value."""
    choices = getattr(form.base_fields.get(name), "choices", None) or ()
    own = form.values.get(name, {}).items()
    named = {str(key): str(label) for key, label in own or choices}
    if isinstance(value, bool):
        plain = gettext("yes") if value else gettext("no")
        return named.get("yes" if value else "no") or (not value and named.get("")) or plain
    written = f"{value:g}" if isinstance(value, float) else str(value)
    return named.get(written, written)


def _part(one: Mapping[str, Any], zone: str) -> str:
    """Write a field that has fields of its own: a profile, a monitor, a setting."""
    if "schedules" in one:
        return _profile(msgspec.convert(one, Profile), zone)
    if "severity" in one:
        what = f"{TYPES.get(one['type'], one['type'])}: {one['value']:g}"
        return f"{names.written(one)} · {what} · {SEVERITIES[one['severity']]}"
    if "component" in one or "name" in one:
        return setting(one)
    return ", ".join(str(value) for value in one.values())


def setting(one: Mapping[str, Any]) -> str:
    """Write a setting, or what it is to be, in a line as the forms take it."""
    return names.written(one) + (f" = {one['value']}" if "value" in one else "")


def _profile(profile: Profile, zone: str) -> str:
    named = gettext("%(purpose)s %(id)s, level %(level)s") % {
        "purpose": charging.PURPOSES.get(profile.purpose, profile.purpose),
        "id": profile.id or "",
        "level": profile.stack_level,
    }
    return f"{charging.summary(profile, ZoneInfo(zones.shown(zone)))} · {named}"
