"""What is entered on the pages on Plug & Charge."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ResponderForm(forms.Form):
    """A responder that may be asked."""

    host = forms.CharField(
        label=_("Host or address"),
        max_length=500,
        help_text=_("As ocsp.example.com; with a port of its own as ocsp.example.com:8080."),
    )


class AuthorityForm(forms.Form):
    """An authority whose contracts count."""

    certificate = forms.CharField(
        label=_("Certificate (PEM)"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "kw-code"}),
    )


class ProviderForm(forms.Form):
    """Where contracts are got from."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Cars' requests are posted there, as JSON; OPCP: …/v1/ccp/signedContractData."),
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=4_000,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Sent as “Authorization: Bearer …”. Kept sealed; empty: as it is."),
    )
