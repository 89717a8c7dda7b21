"""The list of tokens that a charger keeps, to decide by when it can't ask us."""

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger


class LocalList(models.Model):
    """What a charger's list holds as far as we know: what it accepted from us, and its version."""

    class Trouble(models.TextChoices):
        """Why the last update didn't come through."""

        NONE = "", _("none")
        NOT_SUPPORTED = "not_supported", _("the charger keeps no list")
        FAILED = "failed", _("the charger couldn't take the update")
        MISMATCH = "mismatch", _("the charger's version isn't the one we know")

    charger = models.OneToOneField(Charger, models.CASCADE, related_name="local_list")
    #: Of the last update that it accepted; 0: none.
    version = models.PositiveIntegerField(default=0)
    #: Token in upper case -> [token, type, status word of OCPP, expiry (RFC 3339) or null, group,
    #: language].
    entries = models.JSONField(default=dict)
    updated_at = models.DateTimeField(null=True)
    #: The version that the charger said itself, and when.
    reported = models.IntegerField(null=True)
    reported_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=13, choices=Trouble.choices, blank=True)
    #: Updates are sent by themselves when tokens change.
    kept = models.BooleanField(
        _("kept up to date"), default=False,
        help_text=_("Changes of tokens are sent by themselves, and a list that drifted is mended."),
    )  # fmt: skip
    compared_at = models.DateTimeField(null=True)
    limit = models.PositiveIntegerField(
        _("at most"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5_000)],
        help_text=_("Tokens on the list; less where the charger says that it takes less."),
    )  # fmt: skip
    #: Only tokens of these groups; empty: all that may charge there.
    groups = models.JSONField(default=list, blank=True)
    #: Tokens, in upper case, that stay off the list: their holders' data were cleared.
    left_out = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [
            # Which chargers hold a token.
            GinIndex(fields=["entries"], name="local_lists_by_token"),
            models.Index(
                fields=["compared_at"], condition=models.Q(kept=True), name="local_lists_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger_id} v{self.version}"

    @property
    def drifted(self) -> bool:
        """Whether the charger says another version than the one that it accepted from us."""
        return self.reported is not None and self.reported >= 0 and self.reported != self.version
