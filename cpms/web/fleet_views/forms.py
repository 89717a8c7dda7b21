"""What a person may say of a saved view."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.web.fleet_views import access, queries
from cpms.web.models import SavedView
from inventory.models import Organisation

#: Views of one person.
MOST = 50


class ViewForm(forms.ModelForm):  # type: ignore[type-arg]  # Not subscriptable at run time.
    """Name, whom it is shared with, and whether the fleet opens with it."""

    query = forms.CharField(required=False)
    opening = forms.BooleanField(required=False)

    class Meta:
        model = SavedView
        fields = ["name", "organisation", "query"]

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shared = access.shares_with(user)
        if self.instance.organisation_id:  # Who keeps order may leave it where it is.
            shared = shared | Organisation.objects.filter(pk=self.instance.organisation_id)
        self.fields["organisation"] = forms.ModelChoiceField(
            shared,
            required=False,
            error_messages={"invalid_choice": gettext_lazy("You can't share with them.")},
        )
        if self.instance.pk:
            del self.fields["query"]
        else:
            self.instance.owner = user

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_query(self) -> str:
        """Return the query as views keep it."""
        return normal(self.cleaned_data["query"])

    def clean(self) -> dict[str, Any]:
        """Raise `ValidationError` for one view too many, and for a name that is taken."""
        owned = SavedView.objects.filter(owner=self.instance.owner)
        if not self.instance.pk and owned.count() >= MOST:
            raise ValidationError(_("You have %(most)s views; delete one first.") % {"most": MOST})
        return super().clean() or self.cleaned_data

    def validate_constraints(self) -> None:
        """Say of a name that is taken what to do."""
        name, organisation = self.cleaned_data.get("name"), self.cleaned_data.get("organisation")
        same = SavedView.objects.filter(name__iexact=name, organisation=organisation)
        if organisation is None:
            same = same.filter(owner=self.instance.owner)
        if name and same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is a view of this name already; choose another."))


def normal(query: str) -> str:
    """Return the query as views keep it; raise `ValidationError` where it is too long."""
    try:
        return queries.normal(query)
    except ValueError as problem:
        raise ValidationError(_("These are too many filters to keep.")) from problem


def problems(form: forms.BaseForm) -> str:
    """Return what is wrong with the form in one line."""
    return " ".join(str(text) for texts in form.errors.values() for text in texts)
