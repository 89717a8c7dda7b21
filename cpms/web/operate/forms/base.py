"""What the form of every operation is: what it does, whom it hurts, what it asks for."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import BadRequest, Operation
from cpms.web.operate.target import Port, Running, Target
from cpms.web.templatetags.kilowatch import state_label

#: Groups of the list of operations, in its order, and what they are called.
GROUPS: dict[str, str | Promise] = {
    "sessions": _("Sessions and ports"),
    "restart": _("Restart and availability"),
    "ask": _("Ask the charger"),
    "tokens": _("Tokens"),
    "charging": _("Charging profiles"),
    "configuration": _("Configuration"),
    "firmware": _("Firmware"),
    "logs": _("Logs and monitors"),
    "certificates": _("Keys and certificates"),
    "display": _("Drivers and display"),
    "vendor": _("The vendor's own"),
}
#: More ports than these are a menu, not buttons.
MOST_BUTTONS = 6
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: How long a command may wait for its charger.
WAITS: tuple[tuple[timedelta, str | Promise], ...] = (
    (MINUTE, _("1 minute")),
    (2 * MINUTE, _("2 minutes")),
    (5 * MINUTE, _("5 minutes")),
    (10 * MINUTE, _("10 minutes")),
    (HOUR, _("1 hour")),
    (6 * HOUR, _("6 hours")),
    (DAY, _("24 hours")),
    (7 * DAY, _("7 days")),
    (30 * DAY, _("30 days")),
)
#: Where msgspec says that something is wrong.
PLACE = re.compile(r" - at `\$\.(\w+)[^`]*`")


@dataclass(frozen=True, slots=True)
class Harm:
    """Somebody it would hurt, in words; `key` says whether this was confirmed already."""

    key: str
    text: str


class OperationForm(forms.Form):
    """An operation as a person asks it of one charger, or of many.

    The names of its fields are those of the operation; what is left empty is left out.
    """

    operation: ClassVar[type[Operation]]
    title: ClassVar[str | Promise]
    #: One sentence: what the charger will do.
    does: ClassVar[str | Promise]
    #: One of `GROUPS`.
    group: ClassVar[str]
    icon: ClassVar[str] = "player-play"
    #: The label of its button; the title where there is none.
    button: ClassVar[str | Promise] = ""
    #: Whether it may be asked of many chargers at once.
    bulk: ClassVar[bool] = False
    #: What its ends mean: an answer's status word, a state, or an evidence -> a sentence
    #: (`words.py` has what is true of every operation).
    says: ClassVar[Mapping[str, str | Promise]] = {}
    #: Of fields whose choices depend on the charger: value -> what it is called.
    values: ClassVar[Mapping[str, Mapping[str, str | Promise]]] = {}
    #: Shows its fields where one below the other won't do; given `form`, `target`, `charger`.
    template: ClassVar[str] = ""
    #: For so long after it was accepted it may show whether the charger did it; 0: it never does.
    shows_within: ClassVar[timedelta] = timedelta(0)

    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        required=False,
        help_text=_("Optional. Kept with the command, for whoever reads it later."),
    )
    lasts = forms.ChoiceField(label=_("If the charger is offline"), required=False)

    def __init__(self, target: Target, data: Any = None, *, initial: Any = None) -> None:
        """Ask it of `target`."""
        super().__init__(data, initial=initial)
        self.target = target
        self._offer_waits()
        for field in self.fields.values():
            if isinstance(field, PortField):
                field.offer(target)
        self.offer()

    # --- What a form of its own says ---------------------------------------------------------

    def offer(self) -> None:
        """Adapt the fields to `self.target`: other choices, or fewer fields."""

    def fields_asked(self) -> dict[str, Any]:
        """Return the operation's fields, of what was typed in."""
        names = {field.name for field in msgspec.structs.fields(self.operation)}
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in names and value not in (None, "")
        }

    def ends(self) -> Iterable[Running] | None:
        """Return the sessions that it would end; None: none of them, nor those of many."""
        return None

    def ending(self) -> str:
        """Say what becomes of the sessions of `ends`."""
        return gettext("would be ended")

    def other_harms(self) -> Iterator[Harm]:
        """Yield what it does to drivers beside sessions that it ends."""
        yield from ()

    # --- What the pages ask of every form ----------------------------------------------------

    def asked(self) -> Operation | None:
        """Return the operation that was asked for; None, with errors, where it makes no sense."""
        try:
            return self.operation.read(self.fields_asked())
        except BadRequest as problem:
            self.refuse(str(problem))
            return None

    def refuse(self, problem: str) -> None:
        """Say that it can't be asked like this, at the field that it is about."""
        place = PLACE.search(problem)
        name = place[1] if place else ""
        text = PLACE.sub("", problem)
        if text.startswith("Expected `"):  # The words of a schema.
            text = gettext("It isn't as OCPP has it: %s.") % text
        self.add_error(name if name in self.fields else None, text)

    def waits(self) -> timedelta:
        """Return how long it may wait for a charger that is offline."""
        seconds = self.cleaned_data.get("lasts")
        return timedelta(seconds=int(seconds)) if seconds else self.operation.lasts

    @property
    def repeats(self) -> bool:
        """Whether it is sent again where the connection broke off."""
        return self.operation.repeatable

    def harms(self) -> list[Harm]:
        """Return whom it would hurt, as things are now; nobody: it is asked without a question."""
        ended = self.ends()
        harms = [] if ended is None else list(self._harms(ended))
        return [*harms, *self.other_harms()]

    def main_fields(self) -> list[forms.BoundField]:
        """Return the fields of the operation itself."""
        return [self[name] for name in self.fields if name not in ("reason", "lasts")]

    @classmethod
    def told(cls, answer: Mapping[str, Any]) -> str:
        """Say what a charger that accepted it told in its answer; "" where that is in `says`."""
        return ""

    @classmethod
    def why_not(cls, target: Target) -> str:
        """Return why the target can't do this; empty if it can, or may."""
        if not target.versions or target.versions & cls.operation.versions:
            return ""
        return gettext("Not in OCPP %(version)s, which it speaks.") % {
            "version": ", ".join(sorted(target.versions))
        }

    def _harms(self, ended: Iterable[Running]) -> Iterator[Harm]:
        if self.target.charger is None:
            if self.target.sessions:
                yield Harm(f"sessions-{self.target.sessions}", self._many())
            return
        for session in ended:
            if session.is_left_over:
                continue
            yield Harm(f"session-{session.key}", self._one(session))

    def _one(self, session: Running) -> str:
        said = {"told": session.told(self.target.now), "ending": self.ending()}
        if session.port is None:
            return gettext("A running session (%(told)s) %(ending)s.") % said
        text = gettext("The session at port %(port)s (%(told)s) %(ending)s.")
        return text % {**said, "port": session.port}

    def _many(self) -> str:
        return ngettext(
            "%(count)s running session at %(busy)s of these chargers %(ending)s.",
            "%(count)s running sessions at %(busy)s of these chargers: each %(ending)s.",
            self.target.sessions,
        ) % {"count": self.target.sessions, "busy": self.target.busy, "ending": self.ending()}

    def _offer_waits(self) -> None:
        given = self.operation.lasts
        offered = [(str(int(w.total_seconds())), label) for w, label in WAITS]
        default = str(int(given.total_seconds()))
        if default not in dict(offered):
            offered.insert(0, (default, gettext("%s minutes") % (given // MINUTE)))
        field = self.fields["lasts"]
        field.choices = [(value, _waits(label)) for value, label in offered]  # type: ignore[attr-defined]
        self.initial.setdefault("lasts", default)
        self.order_fields(
            [*(n for n in self.fields if n not in ("lasts", "reason")), "reason", "lasts"]
        )


def _waits(label: str | Promise) -> str:
    return gettext("it waits up to %s, then it is given up") % label


#: What a port's field offers beside the ports.
WHOLE = _("The whole charger")


class PortField(forms.TypedChoiceField):
    """A port of the charger, offered with its present state; empty: the charger as a whole."""

    def __init__(self, *, whole: bool = True, empty: str | Promise = WHOLE, **options: Any) -> None:
        """Offer the whole charger, too, where that makes sense, or what else `empty` means."""
        self.whole, self.empty = whole, empty
        options.setdefault("label", _("Port"))
        super().__init__(coerce=int, empty_value=None, required=not whole, **options)

    def offer(self, target: Target) -> None:
        """Offer the ports of a charger."""
        ports = [(str(port.number), _port(port)) for port in target.ports]
        whole = [("", str(self.empty))] if self.whole else []
        self.choices = [*whole, *ports]
        few = len(self.choices) <= MOST_BUTTONS
        if few:
            self.widget = forms.RadioSelect(choices=self.choices)
        if not self.whole and len(ports) == 1:
            self.initial = ports[0][0]
        if not ports:
            self.help_text = gettext("It has reported no port yet.") if target.charger else ""


def _port(port: Port) -> str:
    said = gettext("Port %(number)s: %(state)s") % {
        "number": port.number,
        "state": state_label(port.state),
    }
    return f"{said} · {port.session.token}" if port.session and port.session.token else said


def at(sessions: Iterable[Running], port: int | None) -> list[Running]:
    """Return the sessions at a port (None: at any), and those that say no port."""
    return [s for s in sessions if port is None or s.port in (None, port)]
