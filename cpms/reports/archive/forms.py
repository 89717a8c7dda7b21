"""Forms: asking for a report, subscribing to one, an organisation's logo."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cpms.reports.kinds import words
from cpms.reports.kinds.kind import Kind
from cpms.reports.models import Every, Format, Subscription
from cpms.reports.orders import BadOrder, Wish, check
from cpms.reports.schedule import Every as Rhythm
from cpms.reports.schedule import next_due, period_before, period_of
from inventory import access
from inventory.models import Membership, Organisation
from inventory.models.site import validate_timezone
from monitoring.kpis.figures import LENS_LABELS

#: Past periods that are offered.
MOST_PERIODS = 8
MOST_ADDRESSES = 50
OTHER = "other"


class KindForm(forms.Form):
    """What every report of a kind wants to know: which sites, by which rules, in what form."""

    lens = forms.ChoiceField(label=gettext_lazy("Rules for the uptime"))
    sites: Any = forms.ModelMultipleChoiceField(
        queryset=None, label=gettext_lazy("Sites"), required=False,
        help_text=gettext_lazy("None chosen: all of the organisation's."),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    contractor: Any = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("Contractor"), empty_label=None
    )
    target = forms.FloatField(
        label=gettext_lazy("Target for the uptime, %"), required=False, min_value=0.01,
        max_value=100, help_text=gettext_lazy("Empty: what the rules ask."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    pdf = forms.BooleanField(label=gettext_lazy("PDF, to read and to sign"), required=False)
    xlsx = forms.BooleanField(label=gettext_lazy("XLSX, one workbook"), required=False)
    csv = forms.BooleanField(label=gettext_lazy("CSV, a file for each table"), required=False)

    def __init__(
        self, user: User, organisation: Organisation, kind: Kind, *args: Any, **kwargs: Any
    ) -> None:
        """Offer what the user sees of the organisation, and what the kind can be."""
        super().__init__(*args, **kwargs)
        self.user, self.organisation, self.kind = user, organisation, kind
        self._offer_lenses()
        self._offer_sites()
        self._offer_contractors()
        if "target" in self.fields and kind.name not in ("monthly", "site"):
            del self.fields["target"]
        for name in ("pdf", "xlsx", "csv"):
            if name not in kind.formats:
                del self.fields[name]
            else:
                self.initial.setdefault(name, True)

    def _offer_lenses(self) -> None:
        field = self.fields["lens"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(lens, LENS_LABELS[lens]) for lens in self.kind.lenses]
        if len(self.kind.lenses) == 1:
            del self.fields["lens"]

    def _offer_sites(self) -> None:
        seen = access.sites(self.user).filter(organisation=self.organisation).order_by("name")
        if self.kind.one_site:
            self.fields["sites"] = forms.ModelChoiceField(
                queryset=seen, label=_("Site"), empty_label=None
            )
            return
        field = self.fields["sites"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = seen
        self.whole = access.sees_every_site(self.user, self.organisation.pk)
        if not self.whole:
            field.required, field.help_text = True, ""

    def _offer_contractors(self) -> None:
        field = self.fields["contractor"]
        assert isinstance(field, forms.ModelChoiceField)
        if self.kind.of_contractor:
            field.queryset = self.organisation.contractors.order_by("name")
        else:
            del self.fields["contractor"]

    @property
    def formats(self) -> list[str]:
        """The formats that are chosen."""
        return [name for name in ("pdf", "xlsx", "csv") if self.cleaned_data.get(name)]

    def clean(self) -> dict[str, Any]:
        """See that there is something to make."""
        cleaned = super().clean() or {}
        if not self.errors and not self.formats:
            raise ValidationError(_("Choose at least one format."))
        return cleaned

    def site_keys(self) -> list[int] | None:
        """Return the keys of the sites chosen, None for all."""
        chosen = self.cleaned_data["sites"]
        if self.kind.one_site:
            return [chosen.pk]
        return sorted(site.pk for site in chosen) or None

    def parameters(self) -> dict[str, Any]:
        """Return what the kind's own parameters are."""
        found: dict[str, Any] = {}
        if self.cleaned_data.get("target") is not None:
            found["target"] = round(self.cleaned_data["target"] / 100, 6)
        if self.kind.of_contractor:
            found["contractor"] = self.cleaned_data["contractor"].pk
        if self.kind.one_site:
            found["site"] = self.cleaned_data["sites"].pk
        return found

    def wished(self, first: date, end: date) -> Wish:
        """Return what is asked for."""
        return Wish(
            self.organisation, self.kind.name, first, end, self.cleaned_data.get("lens", ""),
            self.site_keys(), self.parameters(), self.cleaned_data["language"], self.formats,
        )  # fmt: skip


def periods(every: Rhythm, today: date) -> Iterator[tuple[str, str]]:
    """Yield the past periods that are offered, latest first, and the one under way."""
    first, end = period_before(every, today)
    for _number in range(MOST_PERIODS):
        yield f"{first}/{end}", words.window(first, end)
        first, end = period_before(every, first)
    first, end = period_of(every, today)
    yield f"{first}/{end}", _("%s, so far") % words.window(first, end)


class OrderForm(KindForm):
    """A report to be made now."""

    period = forms.ChoiceField(label=gettext_lazy("Period"))
    first = forms.DateField(
        label=gettext_lazy("From"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    last = forms.DateField(
        label=gettext_lazy("To, included"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    field_order = ("period", "first", "last")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the last periods."""
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        assert isinstance(field, forms.ChoiceField)
        today = timezone.now().date()
        field.choices = [*periods(self.kind.every, today), (OTHER, _("other days, as below"))]

    def clean(self) -> dict[str, Any]:
        """Have the window in `window`, and see that the report can be made."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        try:
            cleaned["window"] = self._window(cleaned)
            check(self.wished(*cleaned["window"]), timezone.now())
        except BadOrder as problem:
            raise ValidationError(str(problem)) from problem
        return cleaned

    def _window(self, cleaned: Mapping[str, Any]) -> tuple[date, date]:
        if cleaned["period"] != OTHER:
            first, end = (date.fromisoformat(day) for day in cleaned["period"].split("/"))
            return first, end
        if not cleaned.get("first") or not cleaned.get("last"):
            raise BadOrder(_("Write the first and the last day."))
        if cleaned["last"] == date.max:
            raise BadOrder(_("These days haven't begun."))
        return cleaned["first"], cleaned["last"] + timedelta(days=1)

    @property
    def wish(self) -> Wish:
        """What is asked for."""
        return self.wished(*self.cleaned_data["window"])


class SubscriptionForm(KindForm):
    """A report to be made again and again."""

    every = forms.ChoiceField(label=gettext_lazy("How often"), choices=Every.choices)
    day = forms.IntegerField(
        label=gettext_lazy("Day"), min_value=1, max_value=28, initial=3,
        help_text=gettext_lazy(
            "Of the month, or of the first month of a quarter, half-year or year; of the week 1 "
            "(Monday) to 7. Later days know more: a day is settled some hours after it ends."
        ),
    )  # fmt: skip
    hour = forms.IntegerField(
        label=pgettext_lazy("of the day", "Hour"), min_value=0, max_value=23, initial=6
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, validators=[validate_timezone]
    )
    recipients: Any = forms.ModelMultipleChoiceField(
        queryset=None, label=gettext_lazy("To people"), required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )  # fmt: skip
    addresses = forms.CharField(
        label=gettext_lazy("To addresses"), required=False, max_length=10_000,
        help_text=gettext_lazy(
            "With commas or on lines of their own. Whoever reads mail there gets the files: you "
            "answer for it."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    field_order = ("every", "day", "hour", "timezone", "recipients", "addresses")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the organisation's members who have an address."""
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(organisation=self.organisation)
        people = User.objects.filter(pk__in=members.values("user"), is_active=True)
        field = self.fields["recipients"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = people.exclude(email="").order_by("username")
        self.initial.setdefault("every", self.kind.every.value)
        place = access.sites(self.user).filter(organisation=self.organisation).first()
        self.initial.setdefault("timezone", place.timezone if place else "UTC")

    def clean_addresses(self) -> list[str]:
        """Return the addresses, each once."""
        text = self.cleaned_data["addresses"].replace(";", ",").replace("\n", ",")
        found = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if len(found) > MOST_ADDRESSES:
            raise ValidationError(_("Fifty addresses at most: use a mailing list."))
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                sentence = _("“%s” is no e-mail address.") % address[:80]
                raise ValidationError(sentence) from None
        return found

    def clean(self) -> dict[str, Any]:
        """See that somebody gets it and that it can be made."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        if not cleaned["addresses"] and not cleaned["recipients"]:
            raise ValidationError(_("Choose somebody who gets it, or write an address."))
        if cleaned["every"] == Every.WEEK and cleaned["day"] > 7:
            self.add_error("day", _("Of the week 1 (Monday) to 7 (Sunday)."))
        first, end = period_before(Rhythm(cleaned["every"]), timezone.now().date())
        try:
            check(self.wished(first, end), timezone.now())
        except BadOrder as problem:
            raise ValidationError(str(problem)) from problem
        return cleaned

    def save(self, subscription: Subscription) -> Subscription:
        """Write it down; who saves it answers for it."""
        cleaned = self.cleaned_data
        for name in ("every", "day", "hour", "timezone", "addresses", "language"):
            setattr(subscription, name, cleaned[name])
        subscription.organisation, subscription.kind = self.organisation, self.kind.name
        subscription.sites, subscription.parameters = self.site_keys(), self.parameters()
        subscription.lens = cleaned.get("lens") or self.kind.lens
        subscription.formats, subscription.owner = self.formats, self.user
        subscription.problem = ""
        subscription.next_due = next_due(subscription.schedule, timezone.now())
        subscription.save()
        subscription.recipients.set(cleaned["recipients"])
        return subscription

    @staticmethod
    def of(subscription: Subscription) -> dict[str, Any]:
        """Return a subscription as the form's initial values."""
        parameters = subscription.parameters
        names = ("lens", "language", "every", "day", "hour", "timezone")
        found = {name: getattr(subscription, name) for name in names}
        sites = subscription.sites or []
        return {
            **found,
            "sites": parameters.get("site") or sites,
            "contractor": parameters.get("contractor"),
            "target": parameters["target"] * 100 if "target" in parameters else None,
            "recipients": list(subscription.recipients.values_list("pk", flat=True)),
            "addresses": ", ".join(subscription.addresses),
            **{format: format in subscription.formats for format in Format.values},  # noqa: A001
        }


class VerifyForm(forms.Form):
    """A file, or its hash, that is to be known."""

    file = forms.FileField(label=gettext_lazy("A file"), required=False)
    sha256 = forms.CharField(
        label=gettext_lazy("Or its SHA-256"), required=False, max_length=200,
        help_text=gettext_lazy("64 digits and letters a to f, as sha256sum prints it."),
    )  # fmt: skip

    def clean_sha256(self) -> str:
        """Return the hash in lower case."""
        text = "".join(self.cleaned_data["sha256"].lower().split())
        if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
            raise ValidationError(_("A SHA-256 has 64 digits and letters a to f."))
        return text

    def clean(self) -> dict[str, Any]:
        """See that there is one of the two."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not cleaned.get("sha256"):
            raise ValidationError(_("Choose a file, or paste a hash."))
        return cleaned
