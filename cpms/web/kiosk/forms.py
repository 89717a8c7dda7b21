"""The form by which a wall is hung or changed."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cpms.web.models import KioskLink
from inventory import access
from inventory.models import Organisation, Site

#: A board that is on for less can't be read, for more it is missed.
SHORTEST, LONGEST = 5, 3600


class SiteChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Sites by name and city."""

    def label_from_instance(self, obj: Any) -> str:
        """Return what the site is called in the list."""
        return f"{obj.name} · {obj.city}" if obj.city else str(obj.name)


class KioskForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a wall shows: of an organisation where the user may hang walls, of sites they see."""

    boards = forms.MultipleChoiceField(
        label=_("Boards"),
        choices=KioskLink.Board.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[KioskLink.Board.FLEET, KioskLink.Board.INCIDENTS],
        help_text=_("With more than one they take turns, in this order."),
    )
    rotation = forms.IntegerField(
        label=_("Seconds for each board"),
        min_value=0,
        max_value=LONGEST,
        initial=20,
        help_text=_("0 stays on the first board."),
    )
    sites = SiteChoice(
        queryset=Site.objects.none(),
        label=_("Only these sites"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("None chosen: all sites of the organisation, new ones too."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.CharField(
        label=_("Time zone of the clock"), max_length=64, help_text=_("E.g. Europe/Berlin.")
    )

    class Meta:
        model = KioskLink
        fields = (
            *("name", "organisation", "sites", "boards", "site"),
            *("rotation", "theme", "language", "timezone"),
        )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer only what the user sees."""
        super().__init__(*args, **kwargs)
        self.user = user
        organisations = access.organisations_where(user, "hang_walls")
        sites = access.sites(user).filter(organisation__in=organisations).order_by("name")
        self._offer("organisation", organisations)
        self._offer("sites", sites)
        self._offer("site", sites)
        self.zones = sorted(available_timezones())

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices

    def clean_name(self) -> str:
        """Return the name without what no screen shows."""
        return str(self.cleaned_data["name"]).replace("\0", "").strip()

    def clean_rotation(self) -> int:
        """Return the seconds; 1 to 4 are a mistake."""
        seconds = int(self.cleaned_data["rotation"])
        if 0 < seconds < SHORTEST:
            raise ValidationError(
                _("Nobody reads a board in less than %(least)s seconds."),
                params={"least": SHORTEST},
            )
        return seconds

    def clean(self) -> dict[str, Any]:
        """Hold the sites against the organisation and against what the user sees."""
        cleaned: dict[str, Any] = super().clean() or {}
        owner, sites = cleaned.get("organisation"), list(cleaned.get("sites") or ())
        if owner is not None:
            self._check_scope(owner, sites)
            self._check_site(owner, sites, cleaned)
        return cleaned

    def _check_scope(self, owner: Organisation, sites: list[Site]) -> None:
        if any(site.organisation_id != owner.pk for site in sites):
            self.add_error("sites", _("These sites are not all of the chosen organisation."))
        if not sites and not access.sees_every_site(self.user, owner.pk):
            self.add_error("sites", _("You see only some sites: choose which of them to show."))

    def _check_site(self, owner: Organisation, sites: list[Site], cleaned: dict[str, Any]) -> None:
        site: Site | None = cleaned.get("site")
        if KioskLink.Board.SITE not in cleaned.get("boards", ()):
            return
        if site is None:
            self.add_error("site", _("Choose the site that its board shows."))
        elif site.organisation_id != owner.pk or (sites and site not in sites):
            self.add_error("site", _("The wall doesn't show this site."))

    def save(self, commit: bool = True) -> KioskLink:
        """Store the link; sites that were chosen limit it for good."""
        self.instance.limited = bool(self.cleaned_data["sites"])
        link: KioskLink = super().save(commit)
        return link
