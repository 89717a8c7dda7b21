"""The form of a token, and of bringing many in."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cpms.control.models import Token
from inventory import access
from inventory.models import Charger, Organisation, Site

MOST_CHARGERS = 500
#: Characters of a file; some thirty thousand tokens.
LARGEST_FILE = 2_000_000


def organisations(user: User) -> Any:
    """Return where the user may add and change tokens."""
    able = access.organisations_where(user, "command")
    return access.whole_organisations(user).filter(pk__in=able.values("pk")).order_by("name")


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A token, new or known."""

    sites = forms.ModelMultipleChoiceField(
        queryset=Site.objects.none(), label=_("Sites"), required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    chargers = forms.CharField(
        label=_("Chargers"), required=False, max_length=20_000,
        help_text=_("Identities with commas between."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    class Meta:
        model = Token
        fields = (
            *("organisation", "id_token", "type", "status", "expires_at", "group", "master_pass"),
            *("one_at_a_time", "limited", "sites", "chargers", "on_local_lists", "language"),
            *("holder", "note"),
        )
        widgets = {
            "expires_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            )
        }

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer only what the user sees."""
        super().__init__(*args, **kwargs)
        self.user, theirs = user, organisations(user)
        self._offer("organisation", theirs)
        if self.instance.pk is None:
            self.initial.setdefault("organisation", theirs.first())
        else:
            del self.fields["organisation"]
            theirs = theirs.filter(pk=self.instance.organisation_id)
            here = self.instance.chargers.order_by("identity")
            self.initial["chargers"] = ", ".join(here.values_list("identity", flat=True))
        self._offer("sites", access.sites(user).filter(organisation__in=theirs).order_by("name"))

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices

    def clean_chargers(self) -> list[Charger]:
        """Return the chargers; raise `ValidationError` for one that isn't there."""
        text = self.cleaned_data["chargers"].replace("\n", ",")
        named = {name.strip().lower() for name in text.split(",") if name.strip()}
        if len(named) > MOST_CHARGERS:
            raise ValidationError(_("That are too many: name their sites instead."))
        seen = access.chargers(self.user).select_related("site").alias(folded=Lower("identity"))
        found: list[Charger] = [*seen.filter(folded__in=named)]
        if missing := named - {charger.identity.lower() for charger in found}:
            raise ValidationError(_("There is no charger “%s”.") % min(missing)[:60])
        return found

    def clean(self) -> dict[str, Any]:
        """Hold places to the organisation, and see that they limit it."""
        cleaned = super().clean() or {}
        owner = cleaned.get("organisation") or getattr(self.instance, "organisation", None)
        places = [*cleaned.get("sites", ()), *(c.site for c in cleaned.get("chargers", ()))]
        if isinstance(owner, Organisation):
            for place in places:
                if place.organisation_id != owner.pk:
                    self.add_error("sites", _("%s belongs to another organisation.") % place)
        if places and not cleaned.get("limited"):
            cleaned["limited"] = True  # Who names places means only them.
        return cleaned


class ImportForm(forms.Form):
    """A table of tokens: a file, or pasted."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), label=_("For"), empty_label=None
    )
    file = forms.FileField(label=_("CSV file"), required=False)
    text = forms.CharField(
        label=_("Or paste it here"), required=False, max_length=LARGEST_FILE, strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer the user's organisations."""
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = organisations(user)

    def clean(self) -> dict[str, Any]:
        """Have the text of the file in `text`."""
        cleaned = super().clean() or {}
        uploaded = cleaned.get("file")
        if uploaded is not None:
            cleaned["text"] = _read(uploaded)
        if not cleaned.get("text", "").strip() and not self.errors:
            raise ValidationError(_("Choose a file, or paste a table."))
        return cleaned


def _read(uploaded: Any) -> str:
    if uploaded.size > LARGEST_FILE:
        raise ValidationError(_("The file is too large: bring it in in parts."))
    try:
        return str(uploaded.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValidationError(_("The file isn't UTF-8: save it as “CSV UTF-8”.")) from None
