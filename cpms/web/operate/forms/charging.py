"""Starting, stopping and asking after sessions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.access import tokens_in_full
from cpms.control.models import Token
from cpms.control.operations import charging
from cpms.web.operate.forms.base import MINUTE, Harm, OperationForm, PortField, at
from cpms.web.operate.target import Running

#: Kinds of tokens, and what they are called.
TOKEN_TYPES = [
    ("ISO14443", _("RFID card (ISO 14443)")),
    ("ISO15693", _("RFID card (ISO 15693)")),
    ("eMAID", _("Contract ID (eMAID)")),
    ("Central", _("Made by us (Central)")),
    ("KeyCode", _("PIN (KeyCode)")),
    ("Local", _("Made by the charger (Local)")),
    ("MacAddress", _("MAC address")),
    ("NoAuthorization", _("None needed (NoAuthorization)")),
]


class Suggested(forms.TextInput):
    """A text with suggestions: (value, what it is)."""

    def __init__(self, attrs: Any = None) -> None:
        """Suggest nothing yet."""
        super().__init__(attrs)
        self.suggestions: list[tuple[str, str]] = []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw the field and its list."""
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-list"}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        return format_html('{}<datalist id="{}-list">{}</datalist>', field, name, options)


class StartForm(OperationForm):
    """Start a session."""

    operation = charging.Start
    title = _("Start a session")
    does = _(
        "The charger starts to charge for a token, as if it had been held to the reader; the "
        "energy goes to that token's account."
    )
    group = "sessions"
    icon = "player-play"
    shows_within = 5 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted: it starts as soon as a vehicle is plugged in."),
        "rejected": _(
            "It refuses to start. Is a vehicle plugged in, the port free and in service, and the "
            "token valid?"
        ),
        "timed_out": _(
            "No answer came. It may have started all the same: look at its sessions before you "
            "ask again."
        ),
        "unknown": _(
            "Nobody knows whether it heard it: look at its sessions before you ask again."
        ),
    }  # fmt: skip

    id_token = forms.CharField(
        label=_("Token"), max_length=255, widget=Suggested,
        help_text=_("Type a part of it, or of its holder's name: what we know is suggested."),
    )  # fmt: skip
    token_type = forms.ChoiceField(label=_("Kind of token"), choices=TOKEN_TYPES)
    evse = PortField(label=_("Where"), empty=_("Any port: the charger or the driver chooses"))
    limit = forms.FloatField(
        label=_("At most (ampere per phase)"),
        required=False,
        min_value=0,
        max_value=1_000,
        help_text=_("Optional. The session charges with no more than this from its start on."),
    )

    def offer(self) -> None:
        """1.6 knows no kinds of tokens, and at most 20 characters. (OCPP 1.6 §7.28)"""
        if self.target.is_old:
            del self.fields["token_type"]
            self.fields["id_token"].max_length = 20  # type: ignore[attr-defined]
            self.fields["id_token"].widget.attrs["maxlength"] = 20
        widget = self.fields["id_token"].widget
        widget.attrs |= {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}
        if isinstance(widget, Suggested):
            widget.suggestions = [(t.id_token, t.holder or t.note) for t in self._known()]

    def _known(self) -> Iterable[Token]:
        """Return tokens that may charge, if whoever asks may read them."""
        charger, user = self.target.charger, self.target.user
        if charger is None or user is None:
            return ()
        mine = tokens_in_full(user).filter(organisation=charger.site.organisation_id)
        return mine.filter(status=Token.Status.ACCEPTED)[:MOST_SUGGESTED]

    def _kind(self, asked: dict[str, Any]) -> str:
        """Return the kind of the token: what we know of it, else what was said."""
        charger = self.target.charger
        owner = charger.site.organisation_id if charger is not None else None
        ours = Token.objects.filter(organisation=owner, id_token__iexact=asked["id_token"])
        return ours.values_list("type", flat=True).first() or asked["token_type"]

    def clean(self) -> dict[str, Any]:
        """A limit is one port's."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("limit") is not None and said.get("evse") is None:
            self.add_error("evse", gettext("A session with a limit needs its port."))
        return said

    def fields_asked(self) -> dict[str, Any]:
        """Return them with the limit as a profile of the session's own. (1.6 §5.11, 2.x K05)"""
        asked, limit = super().fields_asked(), self.cleaned_data.get("limit")
        if "token_type" in asked:
            asked["token_type"] = self._kind(asked)
        if limit is None:
            return asked
        schedule = {"unit": "A", "periods": [{"start": 0, "limit": limit}]}
        profile = {"purpose": "TxProfile", "kind": "Relative", "schedules": [schedule]}
        return {**asked, "profile": profile}

    def clean_id_token(self) -> str:
        """Refuse what is too long for 1.6."""
        token: str = self.cleaned_data["id_token"]
        if self.target.is_old and len(token) > 20:
            raise forms.ValidationError(gettext("OCPP 1.6 takes 20 characters at most."))
        return token

    def other_harms(self) -> Iterator[Harm]:
        """Somebody else pays, or is charging there."""
        for session in self.target.running:
            if session.port is not None and session.port == self.cleaned_data.get("evse"):
                text = gettext(
                    "At port %(port)s a session runs already (%(told)s): the charger will most "
                    "likely refuse."
                )
                told = {"port": session.port, "told": session.told(self.target.now)}
                yield Harm(f"session-{session.key}", text % told)


#: Tokens suggested at once.
MOST_SUGGESTED = 300


class SessionField(forms.ChoiceField):
    """A running session, with whose it is and for how long."""

    def offer(self, form: OperationForm) -> None:
        """Offer the sessions that run."""
        self.choices = self.offered(form)
        if len(form.target.running) <= MOST_OFFERED:
            self.widget = forms.RadioSelect(choices=self.choices)
        if len(form.target.running) == 1:
            self.initial = form.target.running[0].transaction_id

    @staticmethod
    def offered(form: OperationForm) -> list[tuple[str, str]]:
        """Return what is offered."""
        return [(s.transaction_id, _session(s, form)) for s in form.target.running]


MOST_OFFERED = 8


def _session(session: Running, form: OperationForm) -> str:
    where = gettext("Port %s") % session.port if session.port else gettext("Port unknown")
    return f"{where}: {session.told(form.target.now)}"


class StopForm(OperationForm):
    """Stop a session."""

    operation = charging.Stop
    title = _("Stop a session")
    does = _("The charger ends a running session; the driver can unplug.")
    group = "sessions"
    icon = "player-stop"
    shows_within = 5 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted, and ends the session."),
        "rejected": _(
            "It refuses: most likely it knows no such session any more. Ask it for its status."
        ),
        "timed_out": _("No answer came. See whether the session has ended before you ask again."),
    }  # fmt: skip

    transaction_id = SessionField(label=_("Session"))

    def offer(self) -> None:
        """Offer the running sessions."""
        field = self.fields["transaction_id"]
        assert isinstance(field, SessionField)
        field.offer(self)

    @classmethod
    def why_not(cls, target: Any) -> str:
        """There must be one."""
        why: str = super().why_not(target)
        if not why and not target.running:
            return gettext("No session runs.")
        return why

    def ends(self) -> Iterable[Running] | None:
        """Just that one."""
        wanted = self.cleaned_data["transaction_id"]
        return [s for s in at(self.target.running, None) if s.transaction_id == wanted]


class AskTransactionForm(OperationForm):
    """Ask after a session."""

    operation = charging.AskTransaction
    title = _("Ask after a session")
    does = _(
        "The charger says whether a session goes on, and whether it still has messages about it "
        "to send."
    )
    group = "ask"
    icon = "help-circle"
    button = _("Ask")

    @classmethod
    def told(cls, answer: Mapping[str, Any]) -> str:
        """Whether it goes on, and what is yet to come. (OCPP 2.0.1 E14)"""
        on, queued = answer.get("ongoingIndicator"), answer.get("messagesInQueue")
        goes_on = gettext("The session goes on.") if on else gettext("The session is over.")
        waiting = gettext("Messages that it couldn't deliver yet wait in its queue.")
        nothing = gettext("No message waits in its queue.")
        said = [goes_on] if isinstance(on, bool) else []
        return " ".join([*said, waiting if queued else nothing])

    transaction_id = SessionField(label=_("Session"), required=False)

    def offer(self) -> None:
        """Offer the running sessions, and all that waits."""
        field = self.fields["transaction_id"]
        assert isinstance(field, SessionField)
        field.offer(self)
        offered = [("", gettext("Any: are messages waiting?")), *field.offered(self)]
        field.choices = field.widget.choices = offered
        field.initial = ""
