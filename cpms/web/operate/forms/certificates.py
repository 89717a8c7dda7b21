"""Keys and certificates: the charger's own key, what it trusts, and what it shows."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.models import InstalledCertificate, SigningRequest
from cpms.control.operations import certificates, security
from cpms.control.operations.base import V21
from cpms.control.pki import authorities
from cpms.control.pki.x509 import Algorithm
from cpms.web.operate.forms.base import DAY, Harm, OperationForm

Kind = InstalledCertificate.Kind

#: Kinds of 1.6; of 2.0.1 all but the car maker's root.
OLD_KINDS = (Kind.CSMS_ROOT, Kind.MANUFACTURER_ROOT)


def kinds(form: OperationForm, *, chains: bool) -> list[tuple[str, Any]]:
    """Return the kinds of certificates that the form's charger knows."""
    offered = [kind for kind in Kind if chains or kind is not Kind.V2G_CHAIN]
    if form.target.is_old:
        offered = [kind for kind in offered if kind in OLD_KINDS]
    elif form.target.versions != {V21}:
        offered = [kind for kind in offered if kind is not Kind.OEM_ROOT]
    return [(kind.value, kind.label) for kind in offered]


class ChangePasswordForm(OperationForm):
    """Change the key."""

    operation = security.ChangePassword
    title = _("Change its key")
    does = _(
        "The charger gets a new key for HTTP Basic authentication. Once it accepts it, only that "
        "one is taken; while its answer isn't known, both are."
    )
    group = "certificates"
    icon = "key"
    button = _("Change the key")
    bulk = True
    shows_within = DAY
    says: ClassVar = {
        "accepted": _("It took the new key. It counts from its next connection."),
        "RebootRequired": _("It took the new key, and uses it after a restart."),
        "rejected": _("It refused the new key: the old one stays in force."),
        "not_supported": _("Its key can't be changed from here: the old one stays in force."),
        "timed_out": _("No answer came. Both keys let it in until it shows which it uses."),
        "unknown": _("Nobody knows whether it heard it. Both keys let it in until it shows which."),
        "verified": _("it came with the new key"),
    }

    password = forms.CharField(
        label=_("New key"),
        required=False,
        min_length=16,
        max_length=40,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Leave it empty: one is made here, and nobody sees it. 16 to 40 characters "
            "(OCPP 1.6: 16 to 20, or 32 to 40 hex digits)."
        ),
    )


class InstallCertificateForm(OperationForm):
    """Install a root."""

    operation = certificates.InstallCertificate
    title = _("Install a root certificate")
    does = _("The charger trusts one more certificate authority.")
    group = "certificates"
    icon = "certificate"
    button = _("Install it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It trusts this certificate now."),
        "verified": _("it lists the certificate"),
        "not_verified": _("it took the certificate, and doesn't list it"),
        "rejected": _(
            "It refused the certificate: it may be invalid to it, or it has room for no more. "
            "See the security events that it reports."
        ),
        "failed": _("It could not store the certificate. Delete one it doesn't need, and repeat."),
    }

    kind = forms.ChoiceField(label=_("What for"))
    ours = forms.ChoiceField(
        label=_("Which"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("rsa", _("Our RSA root: it verifies our listener, whichever certificate that shows")),
            ("ecdsa", _("Our ECDSA root: the same, for chargers with elliptic curves")),
            ("", _("Another, in the box below")),
        ],
        initial="rsa",
    )
    certificate = forms.CharField(
        label=_("Another certificate (PEM)"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "kw-code"}),
    )

    def offer(self) -> None:
        """Offer the kinds that it knows."""
        self.fields["kind"].choices = kinds(self, chains=False)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Take our root where one of ours was chosen."""
        said = super().clean() or {}
        given, ours = said.get("certificate"), said.get("ours")
        if bool(given) == bool(ours):
            self.add_error(
                "certificate",
                gettext("Choose one of our roots, or paste another certificate: not both."),
            )
        elif ours:
            said["certificate"] = self._root(ours)
        return said

    def _root(self, algorithm: str) -> str:
        now = timezone.now()
        try:
            authorities.ensure(now)
        except authorities.Unavailable as problem:
            self.add_error("ours", str(problem))
            return ""
        found = [row for row in authorities.roots(now) if row.algorithm == Algorithm(algorithm)]
        return found[0].certificate


class ListCertificatesForm(OperationForm):
    """List certificates."""

    operation = certificates.ListCertificates
    title = _("List its certificates")
    does = _("The charger says which root certificates and chains it has installed.")
    group = "certificates"
    icon = "list-check"
    button = _("Ask")
    bulk = True
    says: ClassVar = {
        "accepted": _("It told which certificates it has; they are listed with the charger."),
        "NotFound": _(
            "It has none of a kind that it was asked for. What it has is listed with the charger."
        ),
    }

    kinds = forms.MultipleChoiceField(
        label=_("Of which kinds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: all."),
    )

    def offer(self) -> None:
        """Offer the kinds that it knows."""
        self.fields["kinds"].choices = kinds(self, chains=True)  # type: ignore[attr-defined]

    def fields_asked(self) -> dict[str, Any]:
        """None chosen is all."""
        chosen = self.cleaned_data.get("kinds")
        return {"kinds": chosen} if chosen else {}


class DeleteCertificateForm(OperationForm):
    """Delete a certificate."""

    operation = certificates.DeleteCertificate
    title = _("Delete a certificate")
    does = _(
        "The charger forgets one certificate. Open it from the charger's list of certificates: "
        "that fills this form in."
    )
    group = "certificates"
    icon = "trash"
    button = _("Delete it")
    says: ClassVar = {
        "accepted": _("It deleted the certificate."),
        "verified": _("it doesn't list it any more"),
        "not_verified": _("it lists the certificate still"),
        "NotFound": _("It has no such certificate (any more)."),
        "failed": _("It could not delete it: most keep the root that their connection needs."),
        "rejected": _("It refused to delete it: most keep the root that their connection needs."),
    }

    hash_algorithm = forms.ChoiceField(
        label=_("Hashed with"), choices=[(name, name) for name in ("SHA256", "SHA384", "SHA512")]
    )
    issuer_name_hash = forms.CharField(label=_("Hash of the issuer's name"), max_length=128)
    issuer_key_hash = forms.CharField(label=_("Hash of the issuer's key"), max_length=128)
    serial = forms.CharField(label=_("Serial number (hex)"), max_length=40)

    def other_harms(self) -> Iterator[Harm]:
        """A root that the charger needs to connect, and what nobody here knows."""
        said = self.cleaned_data
        found = InstalledCertificate.objects.filter(
            charger=self.target.charger,
            hash_algorithm=said["hash_algorithm"],
            issuer_name_hash=said["issuer_name_hash"].lower(),
            issuer_key_hash=said["issuer_key_hash"].lower(),
            serial=said["serial"].lower(),
        ).first()
        if found is None:
            yield Harm("unknown", gettext("The charger didn't name such a certificate before."))
        elif found.kind == Kind.CSMS_ROOT:
            yield Harm("root", _root_harm(found))
        elif found.kind == Kind.MANUFACTURER_ROOT:
            yield Harm("firmware", gettext("Firmware signed under it can't be installed any more."))
        else:
            yield Harm("cars", gettext("Cars may not be able to pay by Plug & Charge any more."))


def _root_harm(found: InstalledCertificate) -> str:
    return gettext(
        "“%s” may be the root that verifies our listener. Without it the charger can't connect by "
        "TLS any more, and somebody has to drive there."
    ) % (found.subject or found.serial)


class SendCertificateForm(OperationForm):
    """Bring a certificate."""

    operation = certificates.SendCertificate
    title = _("Bring it a certificate signed elsewhere")
    does = _(
        "The charger gets a certificate for a request of its own that another authority signed. "
        "What our authority signs is brought to it without being asked."
    )
    group = "certificates"
    icon = "shield-check"
    button = _("Bring it")
    says: ClassVar = {
        "accepted": _("It took its new certificate, and shows it from its next connection."),
        "rejected": _(
            "It refused the certificate: it must be for the key of its last request, and signed "
            "by an authority that it trusts."
        ),
        "verified": _("it connected with the new certificate"),
    }
    shows_within = DAY

    use = forms.ChoiceField(label=_("What for"), choices=SigningRequest.Use.choices)
    chain = forms.CharField(
        label=_("Certificate and those above it, without the root (PEM)"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "kw-code"}),
    )

    def offer(self) -> None:
        """1.6 has certificates for the connection to us only."""
        if self.target.is_old:
            del self.fields["use"]
