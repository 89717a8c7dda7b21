"""Tokens drivers present."""

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models import Organisation


class Token(models.Model):
    """An RFID card, app account or contract, and whether it may charge."""

    class Type(models.TextChoices):
        """OCPP 2.0.1 IdTokenEnumType."""

        ISO14443 = "ISO14443", "ISO 14443"
        ISO15693 = "ISO15693", "ISO 15693"
        EMAID = "eMAID", "eMAID"
        CENTRAL = "Central", _("central")
        KEY_CODE = "KeyCode", _("key code")
        LOCAL = "Local", _("local")
        MAC_ADDRESS = "MacAddress", _("MAC address")
        NO_AUTHORIZATION = "NoAuthorization", _("no authorization")

    class Status(models.TextChoices):
        """Whether it may charge."""

        ACCEPTED = "accepted", _("accepted")
        BLOCKED = "blocked", _("blocked")
        EXPIRED = "expired", _("expired")
        INVALID = "invalid", _("invalid")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="tokens")
    id_token = models.CharField(_("token"), max_length=255)
    type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.ISO14443)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACCEPTED
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    #: OCPP's parentIdTag (1.6) and groupIdToken (2.x).
    group = models.CharField(_("group"), max_length=255, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["id_token"]
        constraints = [
            models.UniqueConstraint(
                models.F("organisation"),
                Upper("id_token"),
                name="token_unique_whatever_the_case",
            )
        ]

    def __str__(self) -> str:
        return self.id_token
