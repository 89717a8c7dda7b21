"""Keeping a port for a driver, and giving it free again."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import reservations
from cpms.web.operate.forms.base import HOUR, MINUTE, OperationForm, PortField
from cpms.web.operate.forms.charging import TOKEN_TYPES

#: For how long a port may be kept.
LENGTHS: tuple[tuple[timedelta, Any], ...] = (
    (5 * MINUTE, _("5 minutes")),
    (15 * MINUTE, _("15 minutes")),
    (30 * MINUTE, _("30 minutes")),
    (HOUR, _("1 hour")),
    (2 * HOUR, _("2 hours")),
    (6 * HOUR, _("6 hours")),
    (24 * HOUR, _("24 hours")),
)
#: OCPP 2.0.1 ConnectorEnumType, the usual ones first.
CONNECTORS: list[tuple[str, str | Promise]] = [
    ("cCCS2", "CCS 2"),
    ("cCCS1", "CCS 1"),
    ("sType2", _("Type 2 socket")),
    ("cType2", _("Type 2 cable")),
    ("cType1", _("Type 1 cable")),
    ("cG105", "CHAdeMO"),
    ("cTesla", "Tesla"),
    ("sCEE-7-7", "Schuko"),
]


class ReserveForm(OperationForm):
    """Reserve a port."""

    operation = reservations.Reserve
    title = _("Reserve a port")
    does = _("The charger keeps a port for one token, and lets nobody else charge there meanwhile.")
    group = "sessions"
    icon = "bookmark"
    button = _("Reserve it")
    shows_within = MINUTE
    says: ClassVar = {
        "accepted": _("It keeps the port."),
        "Occupied": _("It refused: something is plugged in there, or it is reserved already."),
        "Rejected": _("It refused: it takes no reservations, or is set up not to."),
    }
    values: ClassVar = {"connector_type": dict(CONNECTORS)}

    id_token = forms.CharField(label=_("For the token"), max_length=255)
    token_type = forms.ChoiceField(label=_("Kind of token"), choices=TOKEN_TYPES)
    group_token = forms.CharField(
        label=_("Or any token of this group"),
        max_length=255,
        required=False,
        help_text=_("Optional: the group (1.6: parent) whose other tokens may use it as well."),
    )
    evse = PortField(label=_("Where"))
    connector_type = forms.ChoiceField(
        label=_("Only a connector of this kind"), choices=[("", _("any")), *CONNECTORS],
        required=False,
    )  # fmt: skip
    minutes = forms.TypedChoiceField(label=_("For how long"), coerce=int, initial="30")

    def offer(self) -> None:
        """1.6 knows neither kinds of tokens nor of connectors."""
        where = self.fields["evse"]
        where.choices = [("", gettext("Any port")), *list(where.choices)[1:]]  # type: ignore[attr-defined]
        where.widget.choices = where.choices  # type: ignore[attr-defined]
        offered = [(str(length // MINUTE), label) for length, label in LENGTHS]
        self.fields["minutes"].choices = offered  # type: ignore[attr-defined]
        if self.target.is_old:
            del self.fields["token_type"], self.fields["connector_type"]
            self.fields["id_token"].max_length = 20  # type: ignore[attr-defined]
        self.fields["id_token"].widget.attrs |= {"autocapitalize": "off", "spellcheck": "false"}

    def clean_id_token(self) -> str:
        """Refuse what is too long for 1.6."""
        token: str = self.cleaned_data["id_token"]
        if self.target.is_old and len(token) > 20:
            raise forms.ValidationError(gettext("OCPP 1.6 takes 20 characters at most."))
        return token

    def fields_asked(self) -> dict[str, Any]:
        """Reckon the end from now, and name the group as the operation does."""
        asked = super().fields_asked()
        asked["until"] = self.target.now + self.cleaned_data["minutes"] * MINUTE
        if self.cleaned_data.get("group_token"):
            asked["group"] = self.cleaned_data["group_token"]
        return asked


class CancelReservationForm(OperationForm):
    """Cancel a reservation."""

    operation = reservations.CancelReservation
    title = _("Cancel a reservation")
    does = _("The charger gives a reserved port free again; the driver is not told.")
    group = "sessions"
    icon = "x"
    button = _("Cancel it")
    says: ClassVar = {
        "accepted": _("The port is free again."),
        "Rejected": _("It knows no such reservation (any more)."),
    }

    number = forms.IntegerField(
        label=_("Reservation no."), min_value=0, max_value=2**31 - 1,
        help_text=_("As the list of reservations has it."),
    )  # fmt: skip
