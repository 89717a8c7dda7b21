"""How a charger decides on tokens when it can't ask us, and what it remembers: its settings.

One table for both worlds: the key of OCPP 1.6 (§9.1, §9.4) and the variable of 2.x (part 2, §2.7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.control.operations import BadRequest
from cpms.control.operations.configuration import Change, ChangeSettings, ReadSettings, Setting
from inventory.models import Charger
from monitoring.models import ReportedVariable

Kind = Literal["flag", "whole", "text"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting that says who may charge; `old` is 1.6's key, empty where it has none."""

    name: str
    title: str | Promise
    means: str | Promise
    old: str
    component: str
    variable: str
    kind: Kind = "flag"

    def place(self, version: str) -> tuple[str, str]:
        """Return the component ("" in 1.6) and name that the setting has in a version."""
        return ("", self.old) if version == "1.6" else (self.component, self.variable)


RULES = (
    Rule(
        "list",
        gettext_lazy("Uses its local list"),
        gettext_lazy("It keeps the list of tokens that we send, and decides by it."),
        "LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled",
    ),
    Rule(
        "cache",
        gettext_lazy("Remembers tokens"),
        gettext_lazy("It remembers what we said of tokens that it asked for."),
        "AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled",
    ),
    Rule(
        "cache_life",
        gettext_lazy("Remembers them for (s)"),
        gettext_lazy("So long after a token was last used it forgets it."),
        "", "AuthCacheCtrlr", "LifeTime", "whole",
    ),
    Rule(
        "offline",
        gettext_lazy("Offline: lets known tokens charge"),
        gettext_lazy("While it can't reach us, tokens of its list or memory may charge."),
        "LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline",
    ),
    Rule(
        "offline_unknown",
        gettext_lazy("Offline: lets anybody charge"),
        gettext_lazy("While it can't reach us, tokens that it doesn't know may charge, too."),
        "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled",
    ),
    Rule(
        "at_once",
        gettext_lazy("Online: starts known tokens without asking"),
        gettext_lazy("A token of its list or memory starts at once; we are asked afterwards."),
        "LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize",
    ),
    Rule(
        "stop_invalid",
        gettext_lazy("Stops who turns out not to be allowed"),
        gettext_lazy("It ends a session that it let begin if we then say that the token is bad."),
        "StopTransactionOnInvalidId", "TxCtrlr", "StopTxOnInvalidId",
    ),
    Rule(
        "most_invalid",
        gettext_lazy("… after so much energy (Wh)"),
        gettext_lazy("What such a session may still take, so that nobody is stranded."),
        "MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId", "whole",
    ),
    Rule(
        "remote",
        gettext_lazy("Asks us about remote starts"),
        gettext_lazy("It has the token of a remote start authorized first, as if it were held up."),
        "AuthorizeRemoteTxRequests", "AuthCtrlr", "AuthorizeRemoteStart",
    ),
    Rule(
        "master_pass",
        gettext_lazy("Master pass group"),
        gettext_lazy("Tokens of this group end anybody's session."),
        "", "AuthCtrlr", "MasterPassGroupId", "text",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Told:
    """A rule as a charger last told it; `value` None: it never did, or says it has none."""

    rule: Rule
    setting: str
    value: str | None = None
    unknown: bool = False
    writable: bool = True
    at: datetime | None = None


def told(charger: Charger) -> list[Told]:
    """Return the rules that the charger's OCPP version has, with what is known of each."""
    version = charger.ocpp_version or "1.6"
    rows = ReportedVariable.objects.filter(
        charger=charger, evse=0, attribute="Actual", component_instance="", instance="",
        variable__in=[name for rule in RULES if (name := rule.place(version)[1])],
    )  # fmt: skip
    known = {(row.component, row.variable): row for row in rows}
    return [
        _told(rule, version, known.get(rule.place(version)))
        for rule in RULES
        if rule.place(version)[1]
    ]


def _told(rule: Rule, version: str, row: ReportedVariable | None) -> Told:
    setting = ".".join(part for part in rule.place(version) if part)
    if row is None:
        return Told(rule, setting)
    if row.unknown:
        return Told(rule, setting, unknown=True, at=row.reported_at)
    writable = row.mutability != "ReadOnly"
    return Told(rule, setting, row.value, writable=writable, at=row.reported_at)


def change(version: str, wanted: Mapping[str, str]) -> ChangeSettings:
    """Return the operation that sets rules by their names; raise `BadRequest`."""
    settings = [_change(version, name, value) for name, value in wanted.items()]
    if not settings:
        raise BadRequest(_("Nothing was changed."))
    return ChangeSettings(settings=settings)


def _change(version: str, name: str, value: str) -> Change:
    rule = BY_NAME.get(name)
    component, setting = rule.place(version) if rule else ("", "")
    if rule is None or not setting:
        raise BadRequest(_("OCPP %(version)s has no rule “%(name)s”.") % {
            "version": version, "name": name[:40],
        })  # fmt: skip
    if rule.kind == "flag" and value not in {"true", "false"}:
        raise BadRequest(_("“%s” is true or false.") % rule.title)
    if rule.kind == "whole" and not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise BadRequest(_("“%s” is a whole number.") % rule.title)
    return Change(component=component or None, name=setting, value=value)


def read(version: str) -> ReadSettings:
    """Return the operation that has all rules told."""
    places = [rule.place(version) for rule in RULES]
    return ReadSettings(
        settings=[Setting(component=c or None, name=name) for c, name in places if name]
    )
