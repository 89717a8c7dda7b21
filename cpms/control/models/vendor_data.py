"""What vendors' own messages are answered with."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models import ChargerModel, Organisation


class VendorRule(models.Model):
    """How a vendor's own message (DataTransfer) from a charger is answered."""

    class Answer(models.TextChoices):
        """OCPP DataTransferStatusEnumType, of a vendor that is known."""

        ACCEPTED = "Accepted", _("accepted")
        REJECTED = "Rejected", _("rejected")
        UNKNOWN_MESSAGE = "UnknownMessageId", _("unknown message")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="vendor_rules")
    #: Only chargers of this model; None: all.
    model = models.ForeignKey(ChargerModel, models.CASCADE, null=True, blank=True, related_name="+")
    vendor = models.CharField(_("vendor id"), max_length=255)
    #: Empty: any message of the vendor's.
    message = models.CharField(_("message id"), max_length=50, blank=True)
    answer = models.CharField(
        _("answer"), max_length=16, choices=Answer.choices, default=Answer.ACCEPTED
    )
    #: Sent with the answer; empty: nothing.
    data = models.TextField(_("data in the answer"), max_length=10_000, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["vendor", "message", "id"]
        constraints = [
            models.UniqueConstraint(
                models.F("organisation"),
                models.F("model"),
                Lower("vendor"),
                Lower("message"),
                name="one_answer_per_vendor_message",
                nulls_distinct=False,
                violation_error_message=_("There is an answer to this message already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.message or '*'}: {self.answer}"
