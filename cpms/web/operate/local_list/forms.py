"""What belongs on a charger's list, and how it decides without us: the forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cpms.control.models import LocalList
from cpms.control.offline_rules import Told

MOST_GROUPS = 20
NOT_KNOWN = _("not known; leave it")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which tokens belong on the list."""

    groups = forms.CharField(
        label=_("Only tokens of these groups"), required=False, max_length=2_000,
        help_text=_("Groups with commas between. Empty: all tokens that may charge here."),
    )  # fmt: skip

    class Meta:
        model = LocalList
        fields = ("kept", "limit", "groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the groups with commas between."""
        super().__init__(*args, **kwargs)
        self.initial["groups"] = ", ".join(self.instance.groups)

    def clean_groups(self) -> list[str]:
        """Return the groups."""
        named = [name.strip() for name in self.cleaned_data["groups"].split(",")]
        return list(dict.fromkeys(filter(None, named)))[:MOST_GROUPS]


class OfflineForm(forms.Form):
    """The rules that the charger's version has; what is left as it is isn't sent."""

    def __init__(self, told: list[Told], data: Any = None) -> None:
        """Show what the charger last told."""
        super().__init__(data, prefix="rule")
        self.told = told
        for one in told:
            self.fields[one.rule.name] = _field(one)
            self.initial[one.rule.name] = _shown(one)

    def changed(self) -> dict[str, str]:
        """Return the rules that were given another value."""
        return {
            one.rule.name: self.cleaned_data[one.rule.name].strip()
            for one in self.told
            if self.cleaned_data[one.rule.name].strip() not in {"", _shown(one)}
        }

    def lines(self) -> list[tuple[Told, forms.BoundField]]:
        """Return each rule with its field."""
        return [(one, self[one.rule.name]) for one in self.told]


def _shown(told: Told) -> str:
    value = (told.value or "").strip()
    return value.lower() if told.rule.kind == "flag" else value


def _field(told: Told) -> forms.Field:
    title, off = str(told.rule.title), told.unknown or not told.writable
    if told.rule.kind == "flag":
        choices = [("true", _("yes")), ("false", _("no"))]
        if _shown(told) not in {"true", "false"}:
            choices.insert(0, ("", NOT_KNOWN))
        return forms.ChoiceField(label=title, choices=choices, required=False, disabled=off)
    return forms.CharField(label=title, required=False, max_length=36, disabled=off)
