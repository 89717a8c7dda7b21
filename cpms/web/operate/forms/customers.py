"""What a charger knows of a customer."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import customers
from cpms.web.operate.forms.base import OperationForm
from cpms.web.operate.forms.charging import TOKEN_TYPES

WHAT = [
    ("report", _("Report it to me")),
    ("both", _("Report it to me, then forget it")),
    ("clear", _("Forget it")),
]


class AskCustomerForm(OperationForm):
    """Ask what the charger knows of a customer."""

    operation = customers.AskCustomer
    title = _("Ask after a customer")
    does = _(
        "The charger tells what it keeps of a person, forgets it, or both. Only you can read the "
        "report, once; it is deleted after a day."
    )
    group = "display"
    icon = "user"
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It does; what it reports shows under Customers."),
        "Invalid": _("It can't tell whom you mean: name the customer in another way."),
    }

    what = forms.ChoiceField(label=_("What"), choices=WHAT, widget=forms.RadioSelect)
    id_token = forms.CharField(label=_("The customer's token"), max_length=255, required=False)
    token_type = forms.ChoiceField(label=_("Kind of token"), choices=TOKEN_TYPES)
    identifier = forms.CharField(
        label=_("Or the vendor's customer number"), max_length=64, required=False
    )

    def offer(self) -> None:
        """Begin with what hurts nobody."""
        self.fields["what"].initial = "report"

    def clean(self) -> dict[str, Any]:
        """Have one name."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("id_token")) == bool(cleaned.get("identifier")):
            self.add_error("id_token", gettext("Give a token or a number, and not both."))
        return cleaned

    def fields_asked(self) -> dict[str, Any]:
        """Say what is to be done as the operation has it."""
        asked = super().fields_asked()
        what = self.cleaned_data["what"]
        if not asked.get("id_token"):
            asked.pop("token_type", None)
        return {**asked, "report": what != "clear", "clear": what != "report"}
