"""Settings of a charger: read, changed and reported; where it connects to; its clock.

A setting is a configuration key in OCPP 1.6, and a variable of a component in 2.x. Where no
component is named, it is 1.6's.
"""

import secrets
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import NEWER, BadRequest, Operation
from monitoring.masking import MASK, is_secret, masked

Name = Annotated[str, Meta(min_length=1, max_length=50)]
Instance = Annotated[str, Meta(min_length=1, max_length=50)]
Number = Annotated[int, Meta(ge=1, le=32_767)]
RequestId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Attribute = Literal["Actual", "Target", "MinSet", "MaxSet"]
#: Settings that one command may read or change; sent in as many messages as it takes.
MOST = 200
#: A charger's own key: it has an operation of its own, which keeps both keys meanwhile.
KEYS = frozenset({("", "authorizationkey"), ("securityctrlr", "basicauthpassword")})


class Component(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A part of the charger, or of one of its EVSEs (2.x)."""

    component: Name | None = None
    component_instance: Instance | None = None
    evse: Number | None = None
    connector: Number | None = None

    def check(self) -> None:
        """Refuse a place within no component, and a connector of no EVSE."""
        within = (self.component_instance, self.evse, self.connector)
        if self.component is None and any(part is not None for part in within):
            raise BadRequest(_("Name the component that “evse”, “connector” or an instance is of."))
        if self.connector is not None and self.evse is None:
            raise BadRequest(_("A connector is one of an EVSE: name the EVSE as well."))


class Setting(Component, frozen=True, kw_only=True, omit_defaults=True):
    """A setting's name: a key of 1.6, or a variable of a component of 2.x."""

    name: Name
    instance: Instance | None = None
    #: Which of a variable's values (2.x); Actual where it isn't said.
    attribute: Attribute | None = None

    def check(self) -> None:
        """Refuse what only variables have, of a key."""
        super().check()
        if self.component is None and (self.instance or self.attribute):
            raise BadRequest(_("“%s”: only a component's variable has an instance.") % self.name)


class Change(Setting, frozen=True, kw_only=True, omit_defaults=True):
    """A setting, and what it is to be."""

    value: Annotated[str, Meta(max_length=2500)]


class Wanted(Component, frozen=True, kw_only=True, omit_defaults=True):
    """What a report is to be of: a variable, or all of a component (2.x)."""

    name: Name | None = None
    instance: Instance | None = None

    def check(self) -> None:
        """Refuse what is of no component."""
        super().check()
        if self.component is None:
            raise BadRequest(_("Name the component."))
        if self.instance and not self.name:
            raise BadRequest(_("An instance is one of a variable: name the variable as well."))


Settings = Annotated[list[Setting], Meta(min_length=1, max_length=MOST)]
Changes = Annotated[list[Change], Meta(min_length=1, max_length=MOST)]
WantedOnes = Annotated[list[Wanted], Meta(min_length=1, max_length=MOST)]


class Reporting(Operation, frozen=True):
    """What is answered with a report, in messages that come later and name the request."""

    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True

    #: Names the request in its report; made where it isn't given.
    request_id: RequestId | None = None

    def completed(self) -> Self:
        """Make the number of the request where none is given."""
        if self.request_id is not None:
            return self
        return msgspec.structs.replace(self, request_id=secrets.randbelow(2**31))


class ReadSettings(Reporting, frozen=True):
    """Read settings; all of them where none is named. (OCPP 1.6 §5.8, 2.0.1 B06, B07)"""

    name: ClassVar[str] = "read_settings"
    versions: ClassVar[frozenset[str]] = Operation.versions

    settings: Settings | None = None

    def check(self) -> None:
        """Check each."""
        for setting in self.settings or ():
            setting.check()


class ChangeSettings(Operation, frozen=True):
    """Change settings, in the order they are given. (OCPP 1.6 §5.3, 2.0.1 B05)"""

    name: ClassVar[str] = "change_settings"
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    settings: Changes

    def check(self) -> None:
        """Check each; a charger's own key isn't changed like this."""
        for change in self.settings:
            change.check()
            if ((change.component or "").lower(), change.name.lower()) in KEYS:
                raise BadRequest(
                    _(
                        "“%s” is the charger's own key: change it by “Change its key” "
                        "(change_password), which lets the charger in with both while the new one "
                        "isn't in force."
                    )
                    % change.name
                )
            if change.value == MASK and is_secret(change.name):
                raise BadRequest(
                    _("“%s”: write the secret, not the mark in its place.") % change.name
                )

    def kept(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Mask the values of secret settings."""
        whole = self.fields()
        if not any(is_secret(change.name) for change in self.settings):
            return whole, {}
        shown = [
            {**one, "value": MASK} if is_secret(one["name"]) else one for one in whole["settings"]
        ]
        return {"settings": shown}, whole


class BaseReport(Reporting, frozen=True):
    """Have the charger report its settings, all it knows of itself, or a summary.

    (OCPP 2.0.1 B07)
    """

    name: ClassVar[str] = "base_report"

    base: Literal["configuration", "full", "summary"] = "full"


class CustomReport(Reporting, frozen=True):
    """Have the charger report some components and variables. (OCPP 2.0.1 B08)"""

    name: ClassVar[str] = "custom_report"

    criteria: (
        Annotated[
            list[Literal["active", "available", "enabled", "problem"]],
            Meta(min_length=1, max_length=4),
        ]
        | None
    ) = None
    settings: WantedOnes | None = None

    def check(self) -> None:
        """Refuse a report of nothing in particular."""
        for wanted in self.settings or ():
            wanted.check()
        if not self.criteria and not self.settings:
            raise BadRequest(
                _(
                    "Say what the report is to be of; “Report the device model” (base_report) "
                    "reports everything."
                )
            )


class Apn(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How a charger gets into a mobile network."""

    apn: Annotated[str, Meta(min_length=1, max_length=512)]
    authentication: Literal["NONE", "PAP", "CHAP", "AUTO"] = "AUTO"
    user: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    password: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    sim_pin: Annotated[int, Meta(ge=0, le=99_999_999)] | None = None
    preferred_network: Annotated[str, Meta(pattern=r"^\d{5,6}$")] | None = None
    only_preferred_network: bool = False


class Vpn(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The tunnel that a charger connects through."""

    server: Annotated[str, Meta(min_length=1, max_length=512)]
    user: Annotated[str, Meta(min_length=1, max_length=50)]
    password: Annotated[str, Meta(min_length=1, max_length=64)]
    key: Annotated[str, Meta(min_length=1, max_length=255)]
    type: Literal["IKEv2", "IPSec", "L2TP", "PPTP"]
    group: Annotated[str, Meta(min_length=1, max_length=50)] | None = None


class SetNetworkProfile(Operation, frozen=True, kw_only=True):
    """Tell a charger a way to reach us; it isn't in use until it comes first. (OCPP 2.0.1 B09)"""

    name: ClassVar[str] = "set_network_profile"
    versions: ClassVar[frozenset[str]] = NEWER
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    slot: Annotated[int, Meta(ge=0, le=1000)]
    url: Annotated[str, Meta(pattern=r"^wss?://[^\s/]", max_length=512)]
    interface: Literal[
        "Wired0", "Wired1", "Wired2", "Wired3",
        "Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any",
    ] = "Wired0"  # fmt: skip
    security_profile: Annotated[int, Meta(ge=0, le=3)]
    #: Seconds a charger waits for an answer.
    message_timeout: Annotated[int, Meta(ge=1, le=3600)] = 30
    ocpp_version: Literal["OCPP16", "OCPP20", "OCPP201", "OCPP21"] = "OCPP20"
    transport: Literal["JSON", "SOAP"] = "JSON"
    #: 2.1: the identity and key with this way.
    identity: Annotated[str, Meta(min_length=1, max_length=48)] | None = None
    password: Annotated[str, Meta(min_length=16, max_length=64)] | None = None
    apn: Apn | None = None
    vpn: Vpn | None = None

    def check(self) -> None:
        """Refuse an address that the security profile doesn't fit."""
        if (self.security_profile >= 2) != self.url.startswith("wss://"):
            raise BadRequest(
                _("Security profiles 2 and 3 need a wss:// address, and 0 and 1 a ws:// one.")
            )

    def kept(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Mask passwords, the tunnel's key and the PIN."""
        whole = self.fields()
        shown = masked(whole)
        if self.apn is not None and self.apn.sim_pin is not None:
            shown["apn"]["sim_pin"] = MASK
        return shown, (whole if shown != whole else {})


class SetClock(Operation, frozen=True):
    """Set the charger's clock: by its setting where it has one, else by a heartbeat's answer.

    (OCPP 1.6 §4.6; OCPP 2.0.1 G02, ClockCtrlr)
    """

    name: ClassVar[str] = "set_clock"
    repeatable: ClassVar[bool] = True
