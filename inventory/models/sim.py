"""SIM cards that chargers reach us by."""

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.organisation import Organisation


class Sim(models.Model):
    """A SIM card: 18 to 22 digits of ICCID (ITU-T E.118), and what its operator knows of it."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="sims")
    iccid = models.CharField(
        "ICCID",
        max_length=22,
        unique=True,
        validators=[RegexValidator(r"^\d{18,22}$", _("An ICCID has 18 to 22 digits."))],
    )
    imsi = models.CharField(
        "IMSI",
        max_length=15,
        blank=True,
        validators=[RegexValidator(r"^\d{6,15}$", _("An IMSI has 6 to 15 digits."))],
    )
    operator = models.CharField(_("operator"), max_length=80, blank=True)
    apn = models.CharField("APN", max_length=100, blank=True)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        ordering = ["iccid"]
        indexes = [GinIndex(fields=["iccid"], opclasses=["gin_trgm_ops"], name="sim_found_by_text")]
        verbose_name = "SIM"

    def __str__(self) -> str:
        return self.iccid
