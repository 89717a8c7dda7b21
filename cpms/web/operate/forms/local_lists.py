"""The list of tokens that a charger keeps."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import local_lists
from cpms.web.operate.forms.base import OperationForm

UPDATES = [
    ("changes", _("What changed: only what differs from what it has")),
    ("full", _("All of it: replaces its list")),
    ("empty", _("Nothing: empties its list")),
]


class TokensField(forms.CharField):
    """Tokens, with commas, semicolons or line breaks between."""

    widget = forms.Textarea(attrs={"rows": 2})

    def clean(self, value: Any) -> list[str]:
        """Return the tokens."""
        text = super().clean(value)
        named = [name.strip() for name in re.split(r"[,;\n]", text) if name.strip()]
        if len(named) > local_lists.MOST_NAMED:
            most = gettext("At most %s tokens at once.") % local_lists.MOST_NAMED
            raise ValidationError(most)
        return named


class SendLocalListForm(OperationForm):
    """Send the local list."""

    operation = local_lists.SendLocalList
    title = _("Send the local list")
    does = _("The charger gets the tokens that it may let charge while it can't reach us.")
    group = "tokens"
    icon = "list-check"
    button = _("Send it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It has taken the list."),
        "Failed": _(
            "It couldn't take the list, and keeps the one it had. It may be too long for it: set a "
            "limit, or send all of it once more."
        ),
        "VersionMismatch": _(
            "Its list had another version than we knew. All of it is being sent in its place."
        ),
        "not_supported": _("It keeps no local list, or it is switched off in its settings."),
        "NotSent": _("Nothing had to be sent: its list is as it is to be."),
        "list_version": _("it says that its list has the version that was sent"),
        "other_list_version": _("it says another version than the one that was sent"),
    }  # fmt: skip

    update = forms.ChoiceField(
        label=_("What is sent"), choices=UPDATES, initial="changes", widget=forms.RadioSelect
    )
    add = TokensField(
        label=_("Only add these"), required=False, max_length=20_000,
        help_text=_("Tokens with commas between. Empty: all that belong on it."),
    )  # fmt: skip
    remove = TokensField(label=_("Only take these off"), required=False, max_length=20_000)

    def fields_asked(self) -> dict[str, Any]:
        """Leave out lists that name nothing."""
        return {name: value for name, value in super().fields_asked().items() if value}


class AskLocalListVersionForm(OperationForm):
    """Ask for the version of the local list."""

    operation = local_lists.AskLocalListVersion
    title = _("Ask which local list it has")
    does = _("The charger tells the version of its list, which shows whether it is ours.")
    group = "tokens"
    icon = "list"
    button = _("Ask")
    bulk = True
    says: ClassVar = {
        "accepted": _("It has told its version; the page “Local list” compares it with ours."),
        "NotSupported": _("It keeps no local list, or it is switched off in its settings."),
        "not_supported": _("It keeps no local list, or it is switched off in its settings."),
    }
