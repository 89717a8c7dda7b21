"""Limiting charging by hand, without knowing OCPP: how much, where, and when."""

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
