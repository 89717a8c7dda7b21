"""Who knocked without being known, and what was decided about it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger


class Sighting(models.Model):
    """An identity that knocked and is not known, or a known one that says it is another.

    Gateways write what they see (`cpms.ocpp.sightings`), people what they decide
    (`monitoring.sightings`); neither touches the other's columns.
    """

    class Reason(models.TextChoices):
        """Why it was noted."""

        UNKNOWN = "unknown", _("unknown identity")
        MISMATCH = "mismatch", _("another serial number or model")
        USERNAME = "username", _("user name differs from the identity")
        CREDENTIALS = "credentials", _("wrong credentials")
        SUBPROTOCOL = "subprotocol", _("no usable subprotocol")
        PROFILE = "profile", _("security profile too low")
        PATH = "path", _("wrong path")
        NETWORK = "network", _("network not allowed")
        CERTIFICATE = "certificate", _("certificate missing or not valid")

    identity = models.CharField(_("identity"), max_length=100)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    charger = models.ForeignKey(Charger, models.CASCADE, null=True, related_name="sightings")
    peer = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    #: What it said of itself: subprotocols, user agent, path, vendor, model, serial …
    said = models.JSONField(default=dict)
    #: Digest of the key it gave last, as `inventory.credentials` keeps those of chargers.
    key_digest = models.BinaryField(null=True, max_length=32, editable=False)

    #: The charger that it is under another name: somebody is to set its identity right.
    linked = models.ForeignKey(
        Charger, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("is")
    )
    #: Kept refused, and out of sight.
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(_("why"), max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity", "reason"], name="one_sighting_per_reason")
        ]
        indexes = [models.Index(fields=["peer"], name="sightings_by_address")]

    def __str__(self) -> str:
        return f"{self.identity} ({self.reason})"


class BlockedAddress(models.Model):
    """An address whose unknown identities are nobody's business; chargers on file may enter."""

    address = models.CharField(_("address"), max_length=64, unique=True)
    reason = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["address"]
        verbose_name = _("blocked address")

    def __str__(self) -> str:
        return self.address
