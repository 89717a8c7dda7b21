"""Sites: where chargers stand."""

import zoneinfo
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models.organisation import Organisation
from inventory.opening_hours import BadOpeningHours, parse

#: The machine's own zone: Python lists it among the others, PostgreSQL refuses it in queries
#: that are for all tenants at once.
NO_ZONES = frozenset({"localtime"})


def validate_timezone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone."""
    if name not in zoneinfo.available_timezones() - NO_ZONES:
        raise ValidationError(
            _("%(name)s is not an IANA time zone; write one like Europe/Berlin."),
            params={"name": name},
        )


def validate_opening_hours(stored: object) -> None:
    """Raise `ValidationError` unless `stored` follows `inventory.opening_hours`."""
    try:
        parse(stored)
    except BadOpeningHours as problem:
        raise ValidationError(str(problem)) from problem


#: Rules by which an authority reckons uptime; `monitoring.lenses` knows them.
LENSES = ("nevi", "uk", "california")


def validate_lenses(stored: object) -> None:
    """Raise `ValidationError` unless `stored` is None or lists known lenses, each once."""
    if stored is None:
        return
    if not isinstance(stored, list) or any(lens not in LENSES for lens in stored):
        raise ValidationError(
            _("Lenses are a list with some of: %(known)s.") % {"known": ", ".join(LENSES)}
        )
    if len(set(stored)) != len(stored):
        raise ValidationError(_("A lens is named once."))


class Site(models.Model):
    """A place with one address, one time zone and one set of opening hours."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sites")
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("ISO 3166"),
        validators=[RegexValidator(r"^[A-Z]{2}$", _("A country is two capitals, e.g. DE."))],
    )
    latitude = models.FloatField(
        _("latitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.FloatField(
        _("longitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    #: {"mon": [["08:00", "20:00"]], …} in the site's time zone; empty means always open.
    opening_hours = models.JSONField(
        _("opening hours"), default=dict, blank=True, validators=[validate_opening_hours]
    )
    #: Under which rules its ports are reckoned; None: by its country and region.
    lenses = models.JSONField(_("lenses"), null=True, blank=True, validators=[validate_lenses])
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    access_notes = models.TextField(_("access notes"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["name"]
        indexes = [
            GinIndex(
                *(
                    OpClass(Upper(field), "gin_trgm_ops")
                    for field in ("name", "address", "postal_code", "city")
                ),
                name="site_found_by_text",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="site_name_unique_in_organisation"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the site, and the memberships for it alone: naming none, they'd be for all."""
        others = Site.objects.exclude(pk=self.pk).filter(memberships__isnull=False)
        with transaction.atomic():
            self.memberships.exclude(pk__in=others.values("memberships")).delete()
            return super().delete(*args, **kwargs)

    def clean(self) -> None:
        """Raise `ValidationError` for half a position."""
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError(_("A position has a latitude and a longitude."))
