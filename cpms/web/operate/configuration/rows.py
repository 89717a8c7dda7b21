"""A charger's settings as its page shows them: found, in order, and understood."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cpms.web.operate.configuration import names
from cpms.web.operate.configuration.keys import GROUPS, KEYS, OWN, Known
from cpms.web.operate.configuration.variables import ANYWHERE, COMPONENTS, VARIABLES
from cpms.web.operate.forms.configuration import RISKY
from inventory.models import Charger
from monitoring.masking import MASK
from monitoring.models import ReportedVariable

#: Settings on one page.
PAGE_SIZE = 100
ORDER = (
    *("component", "component_instance", "evse", "connector", "variable", "instance"),
    "attribute",
)
#: Types of values that are written as text.
WORDY = frozenset({"string", "dateTime", "OptionList", "SequenceList", "MemberList", ""})
LONGEST_LIST = 40


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its name, what it is now, what it may be, and what it means."""

    row: ReportedVariable
    name: str
    #: The name within its component.
    label: str
    group: str | Promise
    meaning: str | Promise
    type: str
    unit: str
    #: Why it can't be changed; empty if it can.
    fixed: str | Promise
    secret: bool

    @property
    def options(self) -> list[str]:
        """The values it may have, where it must be one of them."""
        if self.type == "boolean":
            return ["true", "false"]
        listed = self._listed
        return listed if self.type == "OptionList" and len(listed) <= LONGEST_LIST else []

    @property
    def members(self) -> str:
        """What a list may be made of."""
        return ", ".join(self._listed) if self.type in {"MemberList", "SequenceList"} else ""

    @property
    def _listed(self) -> list[str]:
        values = str((self.row.characteristics or {}).get("values") or "")
        return [value.strip() for value in values.split(",") if value.strip()]

    @property
    def limits(self) -> str:
        """Between what it must be."""
        low, high = self.least, self.most
        if low is None and high is None:
            return ""
        if self.type in WORDY:
            return _("at most %s characters") % high if high is not None else ""
        if low is None:
            return _("at most %s") % high
        return _("at least %s") % low if high is None else f"{low} – {high}"

    @property
    def least(self) -> str | None:
        """The least number."""
        return _plain((self.row.characteristics or {}).get("min"))

    @property
    def most(self) -> str | None:
        """The largest number, or the most characters."""
        return _plain((self.row.characteristics or {}).get("max"))

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.type in {"integer", "decimal"}

    @property
    def risky(self) -> bool:
        """Whether a wrong value may cut the charger off."""
        return self.row.variable.lower() in RISKY


def _plain(number: Any) -> str | None:
    return f"{number:g}" if isinstance(number, int | float) else None


def of(charger: Charger) -> QuerySet[ReportedVariable]:
    """Return all that is known of a charger's settings."""
    return ReportedVariable.objects.filter(charger=charger)


def narrowed(
    rows: QuerySet[ReportedVariable], *, q: str, group: str, show: str
) -> QuerySet[ReportedVariable]:
    """Return those that are asked for, in their order."""
    if q:
        rows = rows.filter(_found(q))
    if group:
        rows = rows.filter(_in_group(group))
    rows = {
        "editable": rows.filter(unknown=False).exclude(mutability="ReadOnly"),
        "changed": rows.filter(changed_at__isnull=False),
        "unknown": rows.filter(unknown=True),
    }.get(show, rows.filter(unknown=False))
    return rows.order_by(*(("-changed_at", *ORDER) if show == "changed" else ORDER))


def _found(q: str) -> Q:
    """Return what finds `q` in names, values and what they mean."""
    text = q.lower()
    keys = [key for key, known in KEYS.items() if text in str(known.meaning).lower()]
    found = Q(component__icontains=q) | Q(variable__icontains=q) | Q(instance__icontains=q)
    found |= Q(value__icontains=q) | Q(component="", variable__in=keys)
    for (component, variable), meaning in VARIABLES.items():
        if text in str(meaning).lower():
            found |= Q(component=component, variable=variable)
    return found


def _in_group(group: str) -> Q:
    """Return what is of a component (2.x) or a feature profile (1.6)."""
    kind, _colon, name = group.partition(":")
    if kind == "component":
        return Q(component=name)
    known = [key for key, one in KEYS.items() if one.group == name]
    if known:
        return Q(component="", variable__in=known)
    return Q(component="") & ~Q(variable__in=list(KEYS))


def groups(charger: Charger) -> list[tuple[str, str]]:
    """Return the groups that there are: what the address calls them, and their names."""
    told = of(charger).filter(unknown=False)
    counted = told.exclude(component="").values_list("component").annotate(Count("pk"))
    found = [
        (f"component:{name}", f"{name} ({count})") for name, count in counted.order_by("component")
    ]
    keys = told.filter(component="").values_list("variable", flat=True)
    profiles = Counter(KEYS[key].group if key in KEYS else OWN for key in keys)
    return found + [
        (f"profile:{group}", f"{name} ({profiles[group]})")
        for group, name in GROUPS.items()
        if profiles[group]
    ]


def understood(rows: Sequence[ReportedVariable]) -> list[Setting]:
    """Return settings with what they mean."""
    return [setting(row) for row in rows]


def setting(row: ReportedVariable) -> Setting:
    """Return a setting with what it means."""
    known = KEYS.get(row.variable) if not row.component else None
    told = row.characteristics or {}
    label = row.variable + (f"[{row.instance}]" if row.instance else "")
    if row.attribute != "Actual":
        label += f" · {row.attribute}"
    return Setting(
        row,
        names.written(fields(row)),
        label,
        _group(row, known),
        known.meaning if known else _meaning(row),
        str(told.get("type") or (known.type if known else "")),
        str(told.get("unit") or (known.unit if known else "")),
        _fixed(row),
        row.value == MASK,
    )


def _group(row: ReportedVariable, known: Known | None) -> str | Promise:
    if row.component:
        return COMPONENTS.get(row.component, "")
    return GROUPS[known.group if known else OWN]


def _meaning(row: ReportedVariable) -> str | Promise:
    if not row.component:
        return ""
    return VARIABLES.get((row.component, row.variable)) or ANYWHERE.get(row.variable, "")


def _fixed(row: ReportedVariable) -> str:
    if row.variable.lower() in {"authorizationkey", "basicauthpassword"}:
        return _("The charger's own key: “Change the key” changes it.")
    if row.unknown:
        return _("The charger says that it hasn't this setting.")
    return _("The charger doesn't let it be changed.") if row.mutability == "ReadOnly" else ""


def fields(row: Any) -> dict[str, Any]:
    """Return a row's name as an operation's fields."""
    named = {
        "component": row.component,
        "component_instance": row.component_instance,
        "evse": row.evse,
        "connector": row.connector,
        "name": row.variable,
        "instance": row.instance,
        "attribute": "" if row.attribute == "Actual" else row.attribute,
    }
    return {name: value for name, value in named.items() if value}


def find(charger: Charger, name: str) -> ReportedVariable | None:
    """Return the setting of this name, as `names.written` writes it."""
    for keys in (False, True):
        wanted = names.read(name, keys=keys)
        row = of(charger).filter(
            component=wanted.get("component", ""),
            component_instance=wanted.get("component_instance", ""),
            evse=wanted.get("evse", 0),
            connector=wanted.get("connector", 0),
            variable=wanted["name"],
            instance=wanted.get("instance", ""),
            attribute=wanted.get("attribute", "Actual"),
        ).first()  # fmt: skip
        if row is not None:
            return row
    return None


def last_told(charger: Charger) -> datetime | None:
    """Return when a setting was last read or reported."""
    newest = of(charger).order_by("-reported_at").values_list("reported_at", flat=True)
    return newest.first()
