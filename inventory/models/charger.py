"""Charger models, chargers, EVSEs and connectors."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower, Replace, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory import credentials, quirks
from inventory.models.sim import Sim
from inventory.models.site import Site

#: OCPP 2.0.1 part 4 §3.1.1: identifierString characters, at most 48; 1.6J only asks for URL-safe.
validate_identity = RegexValidator(
    r"^[A-Za-z0-9*_=:+|@.\-]{1,48}$",
    _("An identity has 1 to 48 letters, digits or any of * - _ = : + | @ ."),
)


MOST_TAGS = 20
LONGEST_TAG = 40
#: Columns and rows of a site's plan.
PLAN_SIZE = 40


def validate_quirks(stored: object) -> None:
    """Raise `ValidationError` unless `stored` names known quirks with the right types."""
    if not isinstance(stored, dict):
        raise ValidationError(_("Quirks are an object, e.g. {'ping_interval': 60}."))
    try:
        quirks.parse(stored)
    except quirks.BadQuirk as problem:
        raise ValidationError(str(problem)) from problem


def validate_tags(stored: object) -> None:
    """Raise `ValidationError` unless `stored` is a short list of short texts."""
    if not isinstance(stored, list) or len(stored) > MOST_TAGS:
        raise ValidationError(_("Tags are a list of at most %(most)s texts.") % {"most": MOST_TAGS})
    for tag in stored:
        if not isinstance(tag, str) or not 0 < len(tag.strip()) <= LONGEST_TAG:
            raise ValidationError(
                _("A tag is a text of 1 to %(longest)s characters.") % {"longest": LONGEST_TAG}
            )


class Lifecycle(models.TextChoices):
    """Where a charger is in its life; decides how its BootNotification is answered."""

    PLANNED = "planned", _("Planned")
    PENDING = "pending", _("Pending")
    COMMISSIONING = "commissioning", _("Commissioning")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    DECOMMISSIONED = "decommissioned", _("Decommissioned")


class ChargerModel(models.Model):
    """A vendor's model, with what it does differently."""

    vendor = models.CharField(_("vendor"), max_length=50)
    name = models.CharField(_("model"), max_length=50)
    quirks = models.JSONField(_("quirks"), default=dict, blank=True, validators=[validate_quirks])
    notes = models.TextField(_("notes"), blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["vendor", "name"]
        verbose_name = _("charger model")
        constraints = [
            models.UniqueConstraint(
                Lower("vendor"),
                Lower("name"),
                name="charger_model_unique_whatever_the_case",
                violation_error_message=_("There is a model of this vendor and name already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.name}"


class Charger(models.Model):
    """A charging station: one OCPP identity, on one site."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="chargers")
    identity = models.CharField(_("identity"), max_length=48, validators=[validate_identity])
    lifecycle = models.CharField(
        _("lifecycle"), max_length=20, choices=Lifecycle.choices, default=Lifecycle.ACTIVE
    )
    model = models.ForeignKey(
        ChargerModel, models.PROTECT, null=True, blank=True, related_name="chargers"
    )
    serial_number = models.CharField(_("serial number"), max_length=50, blank=True)
    firmware_version = models.CharField(_("firmware"), max_length=50, blank=True)
    ocpp_version = models.CharField(_("OCPP version"), max_length=5, blank=True)
    sim = models.ForeignKey(Sim, models.SET_NULL, null=True, blank=True, related_name="chargers")
    #: The least we accept: 0 none, 1 Basic auth, 2 TLS and Basic auth, 3 mutual TLS.
    security_profile = models.PositiveSmallIntegerField(
        _("security profile"),
        default=1,
        validators=[MaxValueValidator(3)],
        help_text=_("The least that is accepted; 0 lets anybody in who knows the identity."),
    )
    password_digest = models.BinaryField(null=True, blank=True, max_length=32, editable=False)
    password_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: A key that was sent to the charger and isn't known to be in force: both let it in.
    next_password_digest = models.BinaryField(null=True, blank=True, max_length=32, editable=False)
    #: Who still comes with the old key after this didn't take the new one; None: it may yet.
    next_password_until = models.DateTimeField(null=True, blank=True, editable=False)
    tags = models.JSONField(_("tags"), default=list, blank=True, validators=[validate_tags])
    #: What is painted on the ground, e.g. "Bay 7" or "A3–A4".
    bay = models.CharField(_("bay"), max_length=20, blank=True)
    #: Where it stands on the site's plan, a grid of `PLAN_SIZE` squares each way from 1.
    plan_column = models.PositiveSmallIntegerField(
        _("column on the plan"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(PLAN_SIZE)],
    )
    plan_row = models.PositiveSmallIntegerField(
        _("row on the plan"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(PLAN_SIZE)],
    )
    notes = models.TextField(_("notes"), blank=True)
    #: KPIs count from here; None: never commissioned, counts nowhere.
    commissioned_at = models.DateTimeField(_("commissioned"), null=True, blank=True)
    decommissioned_at = models.DateTimeField(_("decommissioned"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["identity"]
        indexes = [
            GinIndex(
                OpClass(Upper("identity"), "gin_trgm_ops"),
                OpClass(Upper("serial_number"), "gin_trgm_ops"),
                name="charger_found_by_text",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("identity"),
                name="identity_unique_whatever_the_case",
                violation_error_message=_("This identity is taken."),
            ),
            models.CheckConstraint(
                condition=models.Q(security_profile__lte=3), name="security_profile_0_to_3"
            ),
            models.CheckConstraint(
                condition=models.Q(decommissioned_at__isnull=True)
                | models.Q(commissioned_at__isnull=True)
                | models.Q(decommissioned_at__gte=models.F("commissioned_at")),
                name="decommissioned_after_commissioned",
                violation_error_message=_("A charger is decommissioned after it is commissioned."),
            ),
            models.CheckConstraint(
                condition=models.Q(plan_column__isnull=True, plan_row__isnull=True)
                | models.Q(
                    plan_column__isnull=False,
                    plan_row__isnull=False,
                    plan_column__range=(1, PLAN_SIZE),
                    plan_row__range=(1, PLAN_SIZE),
                ),
                name="place_on_plan_is_whole",
                violation_error_message=_("A place on the plan has a column and a row, 1 to 40."),
            ),
            # Checked at the end of a transaction: two chargers may change places.
            models.UniqueConstraint(
                fields=["site", "plan_column", "plan_row"],
                deferrable=models.Deferrable.DEFERRED,
                name="one_charger_per_place",
                violation_error_message=_("Another charger stands at this place of the plan."),
            ),
        ]

    def __str__(self) -> str:
        return self.identity

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, dating the first time that it is active and the day it leaves."""
        fields = kwargs.get("update_fields")
        if fields is None or "lifecycle" in fields:
            self.date_lifecycle(timezone.now())
            if fields is not None:
                fields = {*fields, "commissioned_at", "decommissioned_at"}
        if fields is not None and "password_digest" in fields:
            fields = {*fields, "next_password_digest", "next_password_until"}
        if fields is not None:
            kwargs["update_fields"] = fields
        super().save(*args, **kwargs)

    def date_lifecycle(self, now: datetime) -> None:
        """Set the dates that follow from the lifecycle and were not given."""
        if self.lifecycle == Lifecycle.ACTIVE and self.commissioned_at is None:
            self.commissioned_at = now
        if self.lifecycle != Lifecycle.DECOMMISSIONED:
            self.decommissioned_at = None
        elif self.decommissioned_at is None:
            self.decommissioned_at = now

    def clean(self) -> None:
        """Raise `ValidationError` for a SIM of another organisation."""
        if self.sim and self.site_id and self.sim.organisation_id != self.site.organisation_id:
            raise ValidationError({"sim": _("This SIM belongs to another organisation.")})

    def set_password(self, password: str) -> None:
        """Keep the keyed hash of `password`: a key as hex, or a text of the operator's choice."""
        self.keep_password(credentials.digest(password), timezone.now())

    def keep_password(self, digest: bytes, at: datetime) -> None:
        """Keep the keyed hash of the only key that is right from now on."""
        self.password_digest, self.password_set_at = digest, at
        self.next_password_digest = self.next_password_until = None


class Evse(models.Model):
    """A port: what charges one vehicle at a time. OCPP 1.6's connector N is EVSE N here."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="evses")
    number = models.PositiveSmallIntegerField(_("number"), validators=[MinValueValidator(1)])
    #: The eMI3 EVSE-ID drivers see, e.g. DE*KWH*E0001*1.
    evse_id = models.CharField(_("EVSE-ID"), max_length=48, blank=True)
    #: Reported by the charger before anybody entered it.
    discovered = models.BooleanField(_("discovered"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["charger", "number"]
        verbose_name = "EVSE"
        indexes = [
            GinIndex(
                OpClass(
                    Upper(Replace("evse_id", models.Value("*"), models.Value(""))), "gin_trgm_ops"
                ),
                name="evse_found_by_text",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["charger", "number"], name="evse_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}/{self.number}"


class Connector(models.Model):
    """A cable or socket of an EVSE."""

    class Type(models.TextChoices):
        """OCPI 2.2.1 ConnectorType, the ones in the field."""

        CCS2 = "IEC_62196_T2_COMBO", "CCS 2"
        CCS1 = "IEC_62196_T1_COMBO", "CCS 1"
        TYPE2 = "IEC_62196_T2", "Type 2"
        TYPE1 = "IEC_62196_T1", "Type 1"
        CHADEMO = "CHADEMO", "CHAdeMO"
        NACS = "SAE_J3400", "NACS"
        SCHUKO = "DOMESTIC_F", "Schuko"
        UNKNOWN = "UNKNOWN", _("unknown")

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="connectors")
    number = models.PositiveSmallIntegerField(
        _("number"), default=1, validators=[MinValueValidator(1)]
    )
    type = models.CharField(_("type"), max_length=20, choices=Type.choices, default=Type.UNKNOWN)
    #: Watts.
    max_power = models.PositiveIntegerField(_("maximum power (W)"), null=True, blank=True)
    discovered = models.BooleanField(_("discovered"), default=False)

    class Meta:
        ordering = ["evse", "number"]
        constraints = [
            models.UniqueConstraint(fields=["evse", "number"], name="connector_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.evse}/{self.number}"
