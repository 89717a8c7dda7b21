"""Certificate authorities, what they issued, and what is installed on chargers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger, Organisation


class Authority(models.Model):
    """A certificate authority: ours, with its sealed key, or another's that we trust."""

    class Kind(models.TextChoices):
        """What it is for."""

        ROOT = "root", _("root")
        ISSUING = "issuing", _("issuing")
        #: A root of ours as the other root signs it.
        CROSS = "cross", _("cross certificate")
        #: Of somebody else: chargers' certificates by it are taken.
        EXTERNAL = "external", _("external")

    class Algorithm(models.TextChoices):
        """The kind of its key."""

        RSA = "rsa", "RSA"
        ECDSA = "ecdsa", "ECDSA"

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    algorithm = models.CharField(_("key"), max_length=5, choices=Algorithm.choices)
    name = models.CharField(_("name"), max_length=200)
    #: PEM; of an external authority that issues, it is followed by those above it.
    certificate = models.TextField(_("certificate"))
    chain = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, unique=True)
    serial = models.CharField(max_length=50)
    not_before = models.DateTimeField(_("valid from"))
    not_after = models.DateTimeField(_("valid until"))
    #: PKCS #8, sealed; None: it can't sign here.
    key = models.BinaryField(null=True, editable=False)
    issuer = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    #: Not trusted any more from here.
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("certificate authority")

    def __str__(self) -> str:
        return self.name


class SigningRequest(models.Model):
    """A certificate request of a charger, and what became of it."""

    class Use(models.TextChoices):
        """What the certificate is for; `cpms.control.pki.requests.Use`."""

        CHARGER = "charger", _("charger to us")
        V2G = "v2g", _("charger to cars")
        V2G20 = "v2g20", _("charger to cars (ISO 15118-20)")
        COMBINED = "combined", _("charger to us and to cars")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="signing_requests")
    use = models.CharField(_("use"), max_length=8, choices=Use.choices)
    received_at = models.DateTimeField()
    csr = models.TextField()
    #: SHA-256 of the request's text.
    digest = models.CharField(max_length=64)
    #: Of SignCertificate (2.1), to be said in CertificateSigned.
    request_id = models.BigIntegerField(null=True)
    #: Why it was refused: a word and a sentence; "" where it wasn't.
    refusal = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["charger", "-received_at"], name="requests_of_charger")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.use}"


class Certificate(models.Model):
    """A certificate that one of our authorities issued: to a charger, or to our listener."""

    class Kind(models.TextChoices):
        """Whom it is for."""

        CHARGER = "charger", _("charger to us")
        V2G = "v2g", _("charger to cars")
        V2G20 = "v2g20", _("charger to cars (ISO 15118-20)")
        COMBINED = "combined", _("charger to us and to cars")
        SERVER = "server", _("our listener")

    class Revocation(models.TextChoices):
        """Why it isn't valid any more. (RFC 5280 §5.3.1)"""

        UNSPECIFIED = "unspecified", _("no reason given")
        KEY_COMPROMISE = "keyCompromise", _("its key may be in others' hands")
        SUPERSEDED = "superseded", _("replaced by another")
        CESSATION = "cessationOfOperation", _("the charger was taken down")
        AFFILIATION = "affiliationChanged", _("the charger changed hands")

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="certificates")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    #: None of the listener's, and where the charger was deleted: nobody enters by it then.
    charger = models.ForeignKey(Charger, models.SET_NULL, null=True, related_name="certificates")
    request = models.OneToOneField(SigningRequest, models.SET_NULL, null=True)
    #: The CertificateSigned that brings it to the charger.
    delivery = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(_("subject"), max_length=300)
    serial = models.CharField(_("serial number"), max_length=50)
    fingerprint = models.CharField(max_length=64, unique=True)
    #: SHA-256 of its public key.
    key_hash = models.CharField(max_length=64)
    certificate = models.TextField()
    #: Of our listener's: the key, PKCS #8, sealed.
    key = models.BinaryField(null=True, editable=False)
    algorithm = models.CharField(max_length=5, choices=Authority.Algorithm.choices)
    not_before = models.DateTimeField(_("valid from"))
    not_after = models.DateTimeField(_("valid until"))
    issued_at = models.DateTimeField(auto_now_add=True)
    #: The charger took it (its answer to CertificateSigned), or refused it.
    accepted_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    #: The charger connected with it for the first time.
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revocation = models.CharField(max_length=20, choices=Revocation.choices, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        indexes = [
            models.Index(fields=["charger", "-issued_at"], name="certificates_of_charger"),
            models.Index(fields=["key_hash"], name="certificates_by_key"),
            models.Index(fields=["not_after"], name="certificates_by_end"),
            models.Index(
                fields=["authority"],
                condition=models.Q(revoked_at__isnull=False),
                name="certificates_revoked",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["authority", "serial"], name="serial_unique"),
        ]

    def __str__(self) -> str:
        return self.subject


class KnownRoot(models.Model):
    """A certificate that was installed on chargers: kept to recognise it by its hashes."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="known_roots")
    subject = models.CharField(_("subject"), max_length=300)
    fingerprint = models.CharField(max_length=64)
    certificate = models.TextField(_("certificate"))
    not_after = models.DateTimeField(_("valid until"))
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["subject", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "fingerprint"], name="known_root_once_each"
            )
        ]

    def __str__(self) -> str:
        return self.subject


class InstalledCertificate(models.Model):
    """A certificate that a charger says it has."""

    class Kind(models.TextChoices):
        """What the charger has it for; 1.6 knows the first two."""

        CSMS_ROOT = "csms_root", _("root of ours (CSMS)")
        MANUFACTURER_ROOT = "manufacturer_root", _("manufacturer's root, for firmware")
        V2G_ROOT = "v2g_root", _("V2G root (ISO 15118)")
        MO_ROOT = "mo_root", _("mobility operator's root (ISO 15118)")
        OEM_ROOT = "oem_root", _("car maker's root (ISO 15118)")
        V2G_CHAIN = "v2g_chain", _("V2G certificate chain")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="installed_certificates")
    kind = models.CharField(_("kind"), max_length=17, choices=Kind.choices)
    hash_algorithm = models.CharField(max_length=6)
    issuer_name_hash = models.CharField(max_length=128)
    issuer_key_hash = models.CharField(max_length=128)
    serial = models.CharField(_("serial number"), max_length=40)
    #: Which of its chain: 0 the certificate itself, then those it was signed by.
    depth = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField()
    #: What it is known to be; "" where its hashes match nothing known here.
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    not_after = models.DateTimeField(_("valid until"), null=True)

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "charger",
                    "kind",
                    "hash_algorithm",
                    "issuer_name_hash",
                    "issuer_key_hash",
                    "serial",
                ],
                name="installed_once_each",
            )
        ]

    def __str__(self) -> str:
        return self.subject or self.serial


class CertificateName(models.Model):
    """The name of an organisation on its chargers' certificates, where it isn't its own.

    Chargers put it into their requests. (1.6: CpoName, 2.x: SecurityCtrlr.OrganizationName)
    """

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="certificate_name"
    )
    name = models.CharField(_("name on certificates"), max_length=64)

    def __str__(self) -> str:
        return self.name


class SecurityUpgrade(models.Model):
    """A charger accepted a higher security profile, and hasn't shown yet that it uses it.

    Until it does, the lower one lets it in as well; then it doesn't any more.
    """

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="security_upgrades")
    profile = models.PositiveSmallIntegerField(_("security profile"))
    accepted_at = models.DateTimeField()
    #: Who doesn't come with the new profile until then stays with the old one.
    until = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-accepted_at", "-id"]
        indexes = [
            models.Index(
                fields=["charger"],
                condition=models.Q(shown_at=None),
                name="security_upgrades_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.charger_id} → {self.profile}"
