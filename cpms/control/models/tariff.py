"""What charging costs at a site."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Site

#: No price is higher, in the currency's main unit.
HIGHEST = 100_000
_PRICE: dict[str, Any] = {
    "max_digits": 11,
    "decimal_places": 5,
    "default": 0,
    "validators": [MinValueValidator(0), MaxValueValidator(HIGHEST)],
}


class Tariff(models.Model):
    """A site's prices from a time on, until the next one's; never changed: a new one is added.

    Prices are what a driver pays, tax included, in the currency's main unit.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="tariffs")
    #: ISO 4217.
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}$", _("A currency is three capitals, e.g. EUR."))],
    )
    #: Digits after the point of what is paid: 2 for cents.
    decimals = models.PositiveSmallIntegerField(
        _("decimals"), default=2, validators=[MaxValueValidator(4)]
    )
    energy = models.DecimalField(_("per kWh"), **_PRICE)
    #: Of every minute until charging is over.
    minute = models.DecimalField(_("per minute of charging"), **_PRICE)
    session = models.DecimalField(_("per session"), **_PRICE)
    #: Of every minute that the vehicle stays once charging is over, after the grace.
    idle_minute = models.DecimalField(_("per minute after charging"), **_PRICE)
    idle_grace = models.PositiveSmallIntegerField(
        _("free minutes after charging"), default=0, validators=[MaxValueValidator(1440)]
    )
    vat = models.DecimalField(
        _("VAT in it (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    #: What drivers read; empty: put together from the prices.
    text = models.CharField(_("text for drivers"), max_length=500, blank=True)
    valid_from = models.DateTimeField(_("valid from"))
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    created_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["site_id", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "valid_from"],
                name="one_tariff_at_a_time",
                violation_error_message=_("This site has a tariff from that very time on."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.energy}/kWh at {self.site_id} from {self.valid_from:%F}"
