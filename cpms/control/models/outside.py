"""Servers of others that chargers' messages have us ask, and whose contracts count."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Organisation


class Responder(models.Model):
    """An OCSP responder that may be asked for an organisation's chargers."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="responders")
    #: Host, or host:port, in lower case.
    host = models.CharField(_("host"), max_length=260)
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["host"]
        verbose_name = _("OCSP responder")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "host"], name="responder_once_each")
        ]

    def __str__(self) -> str:
        return self.host


class ContractPool(models.Model):
    """The provider of contract certificates that cars of an organisation's drivers get them from.

    Get15118EVCertificate is passed on to it.
    """

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="contract_pool"
    )
    url = models.CharField(_("address"), max_length=500)
    #: Sealed; None: it asks for none.
    token = models.BinaryField(null=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("provider of contracts")

    def __str__(self) -> str:
        return self.url


class ContractAuthority(models.Model):
    """A V2G or mobility operator's authority whose contract certificates count."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="contract_authorities"
    )
    subject = models.CharField(_("subject"), max_length=300)
    fingerprint = models.CharField(max_length=64)
    #: PEM.
    certificate = models.TextField(_("certificate"))
    not_after = models.DateTimeField(_("valid until"))
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["subject", "id"]
        verbose_name = _("authority for contracts")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "fingerprint"], name="contract_authority_once_each"
            )
        ]

    def __str__(self) -> str:
        return self.subject
