"""Hours of a week as a form has them: a text for each day, "08:00–12:00, 13:00–18:00"."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from inventory.opening_hours import DAYS, BadOpeningHours, parse, written

LABELS = (
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday")),
    *(_("Friday"), _("Saturday"), _("Sunday")),
)


class WeekForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a row with hours, all of them empty for always."""

    #: The model's field.
    hours_of = ""

    def add_week(self) -> None:
        """Add the seven fields, with what the row says."""
        try:
            known = parse(getattr(self.instance, self.hours_of))
        except BadOpeningHours:
            known = {}
        for day, label in zip(DAYS, LABELS, strict=True):
            pairs = known.get(day, [])
            self.fields[f"on_{day}"] = forms.CharField(
                label=label, required=False, max_length=200,
                initial=", ".join("–".join(map(written, pair)) for pair in pairs),
            )  # fmt: skip

    @property
    def week(self) -> list[BoundField]:
        """The seven fields."""
        return [self[f"on_{day}"] for day in DAYS]

    def clean(self) -> dict[str, Any]:
        """Return the values, the hours as the model keeps them."""
        cleaned = super().clean() or {}
        hours = {day: self._day(day, cleaned.get(f"on_{day}", "")) for day in DAYS}
        given = any(hours.values())
        setattr(self.instance, self.hours_of, hours if given else {})
        return cleaned

    def _day(self, day: str, text: str) -> list[list[str]]:
        """Return the day's intervals; what can't be read is an error of its field."""
        pairs = [part.replace("-", "–").split("–") for part in text.split(",") if part.strip()]
        intervals = [[edge.strip() for edge in pair] for pair in pairs]
        try:
            parse({day: intervals})
        except BadOpeningHours as problem:
            self.add_error(f"on_{day}", ValidationError(str(problem)))
        return intervals
