"""The site, charger or port that a form is about, and times as they are written there."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from inventory import access
from inventory.models import Charger, Evse, Site
from monitoring.days import zone_of
from monitoring.outages.scope import Scope
from monitoring.views.asked import number

SHAPE = "%Y-%m-%dT%H:%M:%S"
#: Sites in a list one chooses from; whoever has more types the charger.
MOST_SITES = 300


def scope_of(user: User, text: str) -> Scope | None:
    """Return what `written` wrote, of what the user sees; None if it isn't there."""
    kind, _colon, key = text.partition(":")
    found: Site | Charger | Evse | None = None
    if kind == "site":
        found = access.sites(user).filter(pk=number(key, 0)).first()
    elif kind == "charger":
        chargers = access.chargers(user).select_related("site")
        found = chargers.filter(pk=number(key, 0)).first()
    elif kind == "port":
        found = access.evses(user).select_related("charger__site").filter(pk=number(key, 0)).first()
    return Scope.at(found) if found else None


def written(scope: Scope) -> str:
    """Return the scope as a form's value."""
    if scope.evse is not None:
        return f"port:{scope.evse.pk}"
    if scope.charger is not None:
        return f"charger:{scope.charger.pk}"
    return f"site:{scope.site.pk}"


def typed(user: User, text: str) -> Scope | None:
    """Return the charger or port ("CP-1", "CP-1/2") that somebody typed; None if there is none."""
    asked = text.replace("\0", "").strip()[:60]
    identity, slash, port = asked.rpartition("/")
    chargers = access.chargers(user).select_related("site")
    charger = access.with_identity(chargers, asked if not slash else identity).first()
    if charger is None or not slash:
        return Scope.at(charger) if charger else None
    evse = charger.evses.filter(number=number(port, 0)).first()
    return Scope(charger.site, charger, evse) if evse else None


def around(scope: Scope) -> list[tuple[str, str]]:
    """Return the choices of a form: the ports, the charger and the site around a scope."""
    found: list[tuple[Scope, str]] = []
    if scope.charger is not None:
        for evse in scope.charger.evses.order_by("number")[:50]:
            one = Scope(scope.site, scope.charger, evse)
            found.append((one, _("Port %(port)s only") % {"port": one}))
        whole = Scope(scope.site, scope.charger)
        found.append((whole, _("All ports of %(charger)s") % {"charger": whole}))
    found.append((Scope(scope.site), _("The whole site %(site)s") % {"site": scope.site}))
    return [(written(one), label) for one, label in found]


def sites(among: QuerySet[Site]) -> Sequence[tuple[str, str]]:
    """Return sites to choose from; none where there are too many for a list."""
    found = list(among.order_by("name").values_list("pk", "name")[: MOST_SITES + 1])
    return [(f"site:{pk}", name) for pk, name in found] if len(found) <= MOST_SITES else []


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return a time as a browser's own input shows it."""
    return at.astimezone(zone).strftime(SHAPE)


class LocalTime(forms.Field):
    """A time of the site, or with its own offset; of one that the clocks show twice, `fold`."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format=SHAPE)

    def __init__(self, *args: Any, fold: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fold = fold
        self.zone = ZoneInfo("UTC")

    def in_zone(self, name: str) -> None:
        """Read and write times of this zone."""
        self.zone = zone_of(name)

    def prepare_value(self, value: Any) -> Any:
        """Return what the input shows."""
        return local(value, self.zone) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        """Return the time, aware; raise `ValidationError` if it can't be read."""
        if not value:
            return None
        try:
            read = datetime.fromisoformat(str(value)[:40])
            aware = read if read.tzinfo else read.replace(tzinfo=self.zone, fold=self.fold)
            return aware.astimezone(UTC)
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Write a time like 2026-03-02 14:30.")) from None
