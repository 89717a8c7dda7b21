"""Charging profiles: made by hand without knowing OCPP, asked for, compared, cleared."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control import profiles as stored
from cpms.control.charging.profile import Purpose
from cpms.control.operations import profiles
from cpms.web.operate.forms.base import Harm, OperationForm, PortField, at
from cpms.web.operate.forms.charging import SessionField

#: Below this a vehicle doesn't charge, A. (IEC 61851-1)
LEAST = 6.0
VOLTS, PHASES = 230.0, 3

MAXIMUM, DEFAULT, SESSION = "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"
#: Where the numbers of profiles begin that are set at many chargers at once.
OF_MANY = {DEFAULT: 1_000_000, MAXIMUM: 1_100_000}
#: What a limit is for -> OCPP's purpose.
SCOPES: list[tuple[str, str | Promise]] = [
    (DEFAULT, _("Every session there, also those to come")),
    (SESSION, _("Only the session that runs there now")),
    (MAXIMUM, _("The charger as a whole: all ports together")),
]
WHEN: list[tuple[str, str | Promise]] = [
    ("until", _("From now until a time")),
    ("open", _("From now on, until it is cleared")),
    ("daily", _("Every day, between two times")),
    ("weekly", _("Every week, between two times of one day")),
]
DAYS: list[tuple[str, str | Promise]] = [
    ("0", _("Monday")), ("1", _("Tuesday")), ("2", _("Wednesday")), ("3", _("Thursday")),
    ("4", _("Friday")), ("5", _("Saturday")), ("6", _("Sunday")),
]  # fmt: skip
PURPOSES: list[tuple[str, str | Promise]] = [
    ("", _("Any")),
    (DEFAULT, _("Defaults of sessions (TxDefaultProfile)")),
    (SESSION, _("Of one session (TxProfile)")),
    (MAXIMUM, _("The charger's maximum")),
]
#: What profiles are cleared by.
CRITERIA = ("id", "evse", "purpose", "stack_level")
EXTERNAL = ("ChargingStationExternalConstraints", _("Limits of others"))


class LimitForm(OperationForm):
    """Limit charging."""

    operation = profiles.SetProfile
    title = _("Limit charging")
    does = _(
        "The charger gives no more than this much power. It keeps the limit when it is offline, "
        "until the limit is over, is cleared, or another one takes its place."
    )
    group = "charging"
    icon = "adjustments"
    bulk = True
    shows_within = timedelta(minutes=10)
    says: ClassVar = {
        "accepted": _(
            "It accepted the limit. Ask what it allows to see whether it applies it: accepted is "
            "not yet applied."
        ),
        "rejected": _(
            "It refuses this limit: it may not know the unit or the level, have one like it under "
            "another number, or the session may have ended."
        ),
    }  # fmt: skip

    evse = PortField(label=_("Where"))
    scope = forms.ChoiceField(label=_("For"), choices=SCOPES, widget=forms.RadioSelect)
    amount = forms.FloatField(label=_("At most"), min_value=0, max_value=1_000_000)
    unit = forms.ChoiceField(
        label=_("Unit"), choices=[("A", _("ampere per phase")), ("kW", _("kilowatt"))]
    )
    when = forms.ChoiceField(label=_("When"), choices=WHEN, widget=forms.RadioSelect)
    until = forms.DateTimeField(
        label=_("Until"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    day = forms.ChoiceField(label=_("Day of the week"), required=False, choices=DAYS)
    begins = forms.TimeField(
        label=_("From"), required=False, widget=forms.TimeInput({"type": "time"}, "%H:%M")
    )
    ends_at = forms.TimeField(
        label=_("To"), required=False, widget=forms.TimeInput({"type": "time"}, "%H:%M")
    )
    stack_level = forms.IntegerField(
        label=_("Level"),
        min_value=0,
        max_value=10_000,
        initial=0,
        help_text=_("Of several limits for the same thing the one of the highest level counts."),
    )

    def offer(self) -> None:
        """Say whose clock counts; sessions are offered where one runs."""
        self.initial.setdefault("scope", DEFAULT)
        self.initial.setdefault("when", "until")
        if self.target.charger is None:
            self._offer_many()
            return
        zone = gettext("The site's time (%s).") % self._zone
        self.fields["until"].help_text = zone
        drift = "" if self._by_wall else gettext(
            "It follows UTC, as OCPP has it: when the clocks change it moves by an hour."
        )  # fmt: skip
        self.fields["begins"].help_text = f"{zone} {drift}".strip()
        if not self.target.running:
            offered = [(value, label) for value, label in SCOPES if value != SESSION]
            field: Any = self.fields["scope"]
            field.choices = offered

    def _offer_many(self) -> None:
        """Of many chargers, in many places: what doesn't hang on one's sessions or clock."""
        scope: Any = self.fields["scope"]
        scope.choices = [(value, label) for value, label in SCOPES if value != SESSION]
        when: Any = self.fields["when"]
        when.choices = [(value, label) for value, label in WHEN if value in ("until", "open")]
        self.fields["until"].help_text = gettext("In UTC: the chargers may be in several places.")
        for name in ("day", "begins", "ends_at"):
            del self.fields[name]

    @property
    def _zone(self) -> ZoneInfo:
        charger = self.target.charger
        return ZoneInfo(charger.site.timezone if charger and charger.site_id else "UTC")

    @property
    def _by_wall(self) -> bool:
        """2.1 can have a profile recur by the clock on the wall."""
        return self.target.versions == frozenset({"2.1"})

    def clean(self) -> dict[str, Any]:
        """Ask for what goes with the choices made."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        when, scope = said.get("when"), said.get("scope")
        self._check_times(said)
        if scope == MAXIMUM and said.get("evse") is not None:
            self.add_error("evse", gettext("The charger's maximum is for the whole charger."))
        if scope == SESSION and self._session() is None:
            self.add_error("evse", gettext("Choose a port at which a session runs."))
        if scope == SESSION and when in ("daily", "weekly"):
            self.add_error("when", gettext("A session's limit doesn't come back every day."))
        return said

    def _check_times(self, said: dict[str, Any]) -> None:
        when = said.get("when")
        if when == "until" and not said.get("until"):
            self.add_error("until", gettext("Until when?"))
        elif when == "until" and self._until() <= timezone.now():
            self.add_error("until", gettext("This time is over."))
        if when in ("daily", "weekly"):
            for name in ("begins", "ends_at"):
                if said.get(name) is None:
                    self.add_error(name, gettext("Say from when until when."))

    def _session(self) -> Any:
        port = self.cleaned_data.get("evse")
        found = [s for s in self.target.running if s.port == port]
        return found[0] if found else None

    def fields_asked(self) -> dict[str, Any]:
        """Return the profile."""
        said = self.cleaned_data
        if self.errors:
            return {}
        evse, purpose = said["evse"] or 0, said["scope"]
        session = self._session() if purpose == SESSION else None
        transaction = {"transaction_id": session.transaction_id} if session else {}
        number = self._number(evse, purpose, transaction.get("transaction_id", ""))
        schedule, about = self._times(timezone.now())
        in_unit = ("A", said["amount"]) if said["unit"] == "A" else ("W", said["amount"] * 1000)
        schedule |= {"unit": in_unit[0], "periods": [{"start": 0, "limit": in_unit[1]}]}
        profile = {"purpose": purpose, "stack_level": said["stack_level"], **about, **transaction}
        return {"evse": evse, "profile": {**profile, "id": number, "schedules": [schedule]}}

    def _number(self, evse: int, purpose: Purpose, transaction_id: str) -> int:
        """Return the profile's number; of many chargers the same for what replaces each other."""
        level: int = self.cleaned_data["stack_level"]
        charger = self.target.charger
        if charger is None:
            return OF_MANY[purpose] + level
        return stored.number_for(charger, evse, purpose, level, transaction_id)

    def _times(self, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return when the schedule applies, and what kind of profile that makes it."""
        said = self.cleaned_data
        if said["when"] == "open":
            return {"start": _written(now)}, {"kind": "Absolute"}
        if said["when"] == "until":
            until = self._until()
            lasts = max(round((until - now).total_seconds()), 1)
            times = {"valid_from": _written(now), "valid_to": _written(until)}
            return {"start": _written(now), "duration": lasts}, {"kind": "Absolute", **times}
        start = self._first(now, said["begins"])
        recurrency = "Weekly" if said["when"] == "weekly" else "Daily"
        schedule = {"start": _written(start), "duration": _between(said["begins"], said["ends_at"])}
        if self._by_wall:
            schedule["local_time"] = True
        return schedule, {"kind": "Recurring", "recurrency": recurrency}

    def _until(self) -> datetime:
        """Return until when, as it was meant: by the site's clock."""
        typed: datetime = self.cleaned_data["until"]
        return timezone.make_naive(typed).replace(tzinfo=self._zone)

    def _first(self, now: datetime, begins: time) -> datetime:
        """Return the last time that a recurring window began, or begins today."""
        today = now.astimezone(self._zone)
        back = 1
        if self.cleaned_data["when"] == "weekly":
            back = (today.weekday() - int(self.cleaned_data["day"] or 0)) % 7 or 7
        day = today.date() - timedelta(days=back)
        return datetime.combine(day, begins, tzinfo=self._zone)

    def other_harms(self) -> Iterator[Harm]:
        """So little that a vehicle doesn't charge stops it."""
        said = self.cleaned_data
        watts = LEAST * VOLTS
        allowed = said["amount"] * VOLTS if said["unit"] == "A" else said["amount"] * 1000
        if allowed >= watts or said["when"] in ("daily", "weekly"):
            return
        if self.target.sessions and self.target.charger is None:
            yield Harm("pause", gettext("So little is not enough to charge: sessions would pause."))
        for session in at(self.target.running, said["evse"]):
            text = gettext(
                "So little is not enough to charge: the session at port %(port)s (%(told)s) would "
                "pause."
            )
            told = {"port": session.port or "?", "told": session.told(self.target.now)}
            yield Harm(f"pause-{session.key}", text % told)


def _written(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).isoformat(timespec="seconds")


def _between(begins: time, ends: time) -> int:
    """Return the seconds from one time to the other, over midnight where it is earlier."""
    seconds = (ends.hour - begins.hour) * 3600 + (ends.minute - begins.minute) * 60
    return seconds % 86_400 or 86_400


class PlaceField(forms.TypedChoiceField):
    """A port, the charger as a whole (0), or anywhere (empty)."""

    def __init__(self, *, anywhere: bool = True, **options: Any) -> None:
        """Offer `anywhere` where that makes sense."""
        self.anywhere = anywhere
        super().__init__(
            coerce=int, empty_value=None, required=not anywhere, label=_("Where"), **options
        )

    def offer(self, form: OperationForm) -> None:
        """Offer the ports."""
        ports = [(str(p.number), gettext("Port %s") % p.number) for p in form.target.ports]
        offered = [("0", gettext("The charger as a whole")), *ports]
        self.choices = [("", gettext("Anywhere")), *offered] if self.anywhere else offered


class _AboutProfiles(OperationForm):
    """A form with a place."""

    group = "charging"

    def offer(self) -> None:
        """Offer the ports."""
        for field in self.fields.values():
            if isinstance(field, PlaceField):
                field.offer(self)


class ClearForm(_AboutProfiles):
    """Clear limits."""

    operation = profiles.ClearProfiles
    title = _("Clear limits")
    does = _("The charger forgets the profiles that fit, and their limits with them.")
    icon = "circle-minus"
    bulk = True
    says: ClassVar = {
        "accepted": _("It cleared what fits."),
        "Unknown": _("It has none that fits: there was nothing to clear."),
        "rejected": _("It has none that fits, or doesn't clear it."),
    }  # fmt: skip

    id = forms.IntegerField(
        label=_("Number of the profile"),
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text=_("Either a number, or what is below; on 1.6 nothing at all clears everything."),
    )
    evse = PlaceField()
    purpose = forms.ChoiceField(label=_("Purpose"), choices=PURPOSES, required=False)
    stack_level = forms.IntegerField(
        label=_("Level"), min_value=0, max_value=10_000, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Ask what is meant before asking whether it is: only 1.6 clears everything at once."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        named = any(said.get(name) not in (None, "") for name in CRITERIA)
        if not named and not self.errors and self.target.versions - {"1.6"}:
            text = gettext(
                "From OCPP 2.0.1 on not all at once: choose a purpose, a port or a level."
            )
            self.add_error("purpose", text)
        return said

    def other_harms(self) -> Iterator[Harm]:
        """Everything at once is seldom meant."""
        if not any(value not in (None, "") for value in self.fields_asked().values()):
            yield Harm("all", gettext("Every limit of the charger is taken away."))


class AskProfilesForm(_AboutProfiles):
    """Ask for the profiles."""

    operation = profiles.AskProfiles
    title = _("Ask which limits it holds")
    does = _(
        "The charger reports its profiles, ours and those of others; what differs from what we "
        "know is shown at its charging profiles."
    )
    icon = "refresh"
    bulk = True
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It reports them: see its charging profiles."),
        "NoProfiles": _("It holds no profile that fits."),
    }  # fmt: skip

    evse = PlaceField()
    purpose = forms.ChoiceField(label=_("Purpose"), choices=[*PURPOSES, EXTERNAL], required=False)
    stack_level = forms.IntegerField(
        label=_("Level"), min_value=0, max_value=10_000, required=False
    )

    def fields_asked(self) -> dict[str, Any]:
        """Ask for those of everybody where nothing is chosen: one criterion must be said."""
        asked = super().fields_asked()
        return asked or {"sources": ["CSO", "EMS", "SO", "Other"]}


class AskCompositeForm(_AboutProfiles):
    """Ask what the charger allows."""

    operation = profiles.AskComposite
    title = _("Ask what it allows")
    does = _(
        "The charger says how much it allows over the next hours, by all its limits together; it "
        "is held against what we work out."
    )
    icon = "chart-line"
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It said what it allows: see its charging profiles."),
        "rejected": _("It can't say: it may not know the port, the unit or so long a time."),
    }  # fmt: skip

    evse = PlaceField(anywhere=False)
    duration = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        initial=86_400,
        choices=[(3600, _("1 hour")), (6 * 3600, _("6 hours")), (86_400, _("24 hours"))],
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        choices=[("", _("as the charger likes")), ("A", _("ampere")), ("W", _("watt"))],
    )


class PriorityForm(OperationForm):
    """Let a session charge first."""

    operation = profiles.UsePriority
    title = _("Let a session charge first")
    does = _("The charger charges this session by its priority profile, before the others.")
    group = "charging"
    icon = "bolt"
    says: ClassVar = {
        "accepted": _("It charges the session first from now on."),
        "NoProfile": _("It has no priority profile: set one first."),
        "rejected": _("It refuses: most likely the session has ended."),
    }  # fmt: skip

    transaction_id = SessionField(label=_("Session"))
    active = forms.TypedChoiceField(
        label=_("Charge first"),
        coerce=lambda said: said == "yes",
        choices=[("yes", _("from now on")), ("no", _("no longer"))],
    )

    def offer(self) -> None:
        """Offer the running sessions."""
        field = self.fields["transaction_id"]
        assert isinstance(field, SessionField)
        field.offer(self)

    @classmethod
    def why_not(cls, target: Any) -> str:
        """There must be one."""
        return super().why_not(target) or ("" if target.running else gettext("No session runs."))


class DynamicForm(OperationForm):
    """Change a dynamic limit."""

    operation = profiles.UpdateDynamic
    title = _("Change a dynamic limit")
    does = _("The charger applies another limit for a dynamic profile that it holds, at once.")
    group = "charging"
    icon = "adjustments"
    says: ClassVar = {
        "accepted": _("It applies the new limit."),
        "rejected": _("It refuses: it holds no dynamic profile of this number."),
    }  # fmt: skip

    id = forms.IntegerField(label=_("Number of the profile"), min_value=0, max_value=2**31 - 1)
    limit = forms.FloatField(
        label=_("At most"),
        min_value=0,
        max_value=1e8,
        help_text=_("In the profile's unit: ampere per phase, or watt."),
    )
