"""Restarting, unlocking, taking out of service, triggering, forgetting tokens."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import remote
from cpms.control.operations.base import V21
from cpms.web.operate.forms.base import MINUTE, Harm, OperationForm, PortField, at
from cpms.web.operate.target import Running


class ResetForm(OperationForm):
    """Restart."""

    operation = remote.Reset
    title = _("Restart")
    does = _("The charger restarts, and is offline for one to three minutes.")
    group = "restart"
    icon = "refresh"
    bulk = True
    shows_within = 10 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted, and restarts."),
        "Scheduled": _("It restarts as soon as the running sessions have ended."),
        "rejected": _(
            "It refuses to restart now. Many chargers do while a session runs: stop that first, "
            "or have it restart at once."
        ),
        "not_supported": _(
            "It can't restart this way. Try the whole charger, or the other way of restarting."
        ),
        "timed_out": _(
            "No answer came. Some chargers restart without one: see whether it reconnects."
        ),
    }  # fmt: skip

    evse = PortField(label=_("What restarts"))
    at_once = forms.TypedChoiceField(
        label=_("When"),
        choices=[
            ("", _("In order: it ends what is running properly, or waits for it")),
            ("yes", _("At once, whatever is running")),
        ],
        coerce=bool,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    def offer(self) -> None:
        """1.6 restarts all of a charger, and its soft reset stops sessions."""
        if self.target.is_old or self.target.charger is None:
            del self.fields["evse"]

    def ends(self) -> Iterable[Running] | None:
        """At once ends what runs; so does 1.6's soft reset, in order. (OCPP 1.6 §5.14)"""
        waits = not self.cleaned_data["at_once"] and "1.6" not in self.target.versions
        return None if waits else at(self.target.running, self.cleaned_data.get("evse"))

    def ending(self) -> str:
        """Of how it ends."""
        if self.cleaned_data["at_once"]:
            return gettext("would be cut off")
        return gettext("would be stopped")


class UnlockForm(OperationForm):
    """Unlock."""

    operation = remote.Unlock
    title = _("Unlock the cable")
    does = _("The charger lets go of the plug at a port, so that a stuck cable can be pulled.")
    group = "sessions"
    icon = "lock-open"
    shows_within = 5 * MINUTE
    button = _("Unlock")
    says: ClassVar = {
        "accepted": _("It let go of the plug."),
        "Unlocked": _("It let go of the plug."),
        "UnlockFailed": _(
            "It tried, but the lock didn't open. Somebody has to look at it on site."
        ),
        "OngoingAuthorizedTransaction": _(
            "It refuses while a session runs there: stop the session first."
        ),
        "UnknownConnector": _("It has no such connector."),
        "not_supported": _("It has no lock that can be opened from afar, as with a fixed cable."),
        "timed_out": _("No answer came. Ask whoever is there whether the plug is free."),
    }  # fmt: skip

    evse = PortField(whole=False)
    connector = forms.TypedChoiceField(
        label=_("Connector"), coerce=int, empty_value=None, required=False
    )

    def offer(self) -> None:
        """1.6 knows no connectors of a port, and most ports have one."""
        offer_connectors(self)

    def ends(self) -> Iterable[Running] | None:
        """A session at that port: 1.6 says that it is stopped. (OCPP 1.6 §5.18)"""
        return [s for s in self.target.running if s.port == self.cleaned_data["evse"]]

    def ending(self) -> str:
        """Of how it ends."""
        return gettext("would be stopped, if the charger unlocks at all while it runs")


class AvailabilityForm(OperationForm):
    """Take out of service, or put back."""

    operation = remote.ChangeAvailability
    title = _("Availability")
    does = _(
        "Takes the charger or a port out of service, or puts it back; it stays so over a restart."
    )
    group = "restart"
    icon = "power"
    button = _("Change the availability")
    bulk = True
    shows_within = 5 * MINUTE
    says: ClassVar = {
        "accepted": _("It changed its availability."),
        "Scheduled": _("It changes as soon as the running sessions have ended."),
        "rejected": _("It refuses to change its availability now."),
    }  # fmt: skip

    operative = forms.TypedChoiceField(
        label=_("What it becomes"),
        choices=[("no", _("Out of service")), ("yes", _("In service"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    evse = PortField()
    connector = forms.TypedChoiceField(
        label=_("Connector"), coerce=int, empty_value=None, required=False
    )

    def offer(self) -> None:
        """A port of many chargers isn't the same port."""
        offer_connectors(self)
        if self.target.charger is None:
            del self.fields["evse"]

    def other_harms(self) -> Iterator[Harm]:
        """Nobody can charge there until it is put back."""
        if self.cleaned_data.get("operative"):
            return
        port = self.cleaned_data.get("evse")
        if self.target.charger is None:
            text = gettext(
                "Nobody can start to charge at these chargers until they are put back in service."
            )
        elif port:
            text = (
                gettext("Nobody can start to charge at port %s until it is put back in service.")
                % port
            )
        else:
            text = gettext(
                "Nobody can start to charge at this charger until it is put back in service."
            )
        yield Harm("out-of-service", text)


#: Trigger.message -> what it is called. Which of them a version has: `TRIGGERS_OF`.
MESSAGES = {
    "boot": _("Boot notification: who it is, its firmware"),
    "heartbeat": _("Heartbeat: a sign of life"),
    "status": _("Status: how its ports are"),
    "meter_values": _("Meter values: what is measured now"),
    "transaction": _("Transaction: how the session is"),
    "log_status": _("Log upload: how far it is"),
    "diagnostics_status": _("Diagnostics upload: how far it is"),
    "firmware_status": _("Firmware update: how far it is"),
    "published_firmware_status": _("Firmware publishing: how far it is"),
    "sign_charger_certificate": _("A request for a new charger certificate"),
    "sign_v2g_certificate": _("A request for a new ISO 15118 certificate"),
    "sign_v2g20_certificate": _("A request for a new ISO 15118-20 certificate"),
    "sign_combined_certificate": _("A request for a certificate for both"),
    "custom": _("Another message, by its name"),
}
NEVER_IN_16 = frozenset({
    "transaction", "published_firmware_status", "sign_v2g_certificate", "sign_v2g20_certificate",
    "sign_combined_certificate", "custom",
})  # fmt: skip
ONLY_IN_21 = frozenset({"sign_v2g20_certificate", "custom"})
NEVER_IN_2 = frozenset({"diagnostics_status"})


def messages_of(versions: Iterable[str]) -> dict[str, Any]:
    """Return the messages that all of these versions can be asked for; of none known: all."""
    left_out: set[str] = set()
    for version in versions:
        left_out |= NEVER_IN_16 if version == "1.6" else NEVER_IN_2
        left_out |= frozenset() if version == V21 else ONLY_IN_21
    return {name: label for name, label in MESSAGES.items() if name not in left_out}


class TriggerForm(OperationForm):
    """Trigger."""

    operation = remote.Trigger
    title = _("Ask for a message")
    does = _("The charger sends a message now that it else sends by itself: nobody is hurt by it.")
    group = "ask"
    icon = "radar"
    button = _("Ask for it")
    bulk = True
    shows_within = MINUTE
    values: ClassVar = {"message": MESSAGES}
    says: ClassVar = {
        "accepted": _("It sends the message."),
        "rejected": _("It refuses to send that now."),
        "not_supported": _("It can't send that message when it is asked to."),
        "NotImplemented": _("It can't send that message when it is asked to."),
    }  # fmt: skip

    message = forms.ChoiceField(label=_("Message"))
    evse = PortField(label=_("About"))
    connector = forms.TypedChoiceField(
        label=_("Connector"), coerce=int, empty_value=None, required=False
    )
    custom = forms.CharField(
        label=_("Name of the other message"), max_length=50, required=False,
        help_text=_("Only with “Another message”."),
    )  # fmt: skip

    def offer(self) -> None:
        """Offer what its version has."""
        offered = messages_of(self.target.versions)
        self.fields["message"].choices = [*offered.items()]  # type: ignore[attr-defined]
        self.initial.setdefault("message", "status")
        if "custom" not in offered:
            del self.fields["custom"]
        offer_connectors(self)
        if self.target.charger is None:
            del self.fields["evse"]


class ClearCacheForm(OperationForm):
    """Forget tokens."""

    operation = remote.ClearCache
    title = _("Clear the token cache")
    does = _("The charger forgets which tokens it has seen, and asks us for each of them again.")
    group = "tokens"
    icon = "eraser"
    button = _("Clear the cache")
    bulk = True
    says: ClassVar = {
        "accepted": _("It has forgotten the tokens it remembered."),
        "rejected": _("It refuses: most likely its cache is switched off."),
    }  # fmt: skip

    def other_harms(self) -> Iterator[Harm]:
        """Who comes while it is offline is turned away."""
        if self.target.charger is None or not self.target.online:
            text = gettext(
                "While a charger is offline it knows no token any more, and turns drivers away, "
                "unless it has a local list."
            )
            yield Harm("cache", text)


class SendDataForm(OperationForm):
    """Vendor's own message."""

    operation = remote.SendData
    title = _("Send a vendor's message")
    does = _("Sends what the vendor has agreed beside OCPP (DataTransfer); its manual says what.")
    group = "vendor"
    icon = "send"
    button = _("Send it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It took the message."),
        "rejected": _("It refused the message."),
        "UnknownVendorId": _("It knows no such vendor."),
        "UnknownMessageId": _("It knows the vendor, but no such message."),
    }  # fmt: skip

    @classmethod
    def told(cls, answer: Mapping[str, Any]) -> str:
        """What it answered beside its status."""
        data = answer.get("data")
        if data in (None, ""):
            return ""
        return gettext("It took the message, and answered: “%s”.") % str(data)[:300]

    vendor = forms.CharField(label=_("Vendor's ID"), max_length=255)
    message = forms.CharField(label=_("Message's ID"), max_length=50, required=False)
    data = forms.CharField(  # type: ignore[assignment]  # A field; the form has a `data`, too.
        label=_("Data"), max_length=10_000, required=False, strip=False, widget=forms.Textarea
    )


def offer_connectors(form: OperationForm) -> None:
    """Offer the connectors of ports that have several; leave the field out where none has."""
    numbers = sorted({number for port in form.target.ports for number in port.connectors})
    if form.target.is_old or form.target.charger is None or len(numbers) < 2:
        del form.fields["connector"]
        return
    choices = [("", gettext("any")), *((str(n), gettext("Connector %s") % n) for n in numbers)]
    form.fields["connector"].choices = choices  # type: ignore[attr-defined]
