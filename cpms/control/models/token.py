"""Tokens drivers present, and where each may charge."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Organisation, Site

#: RFC 5646, as far as chargers know it: a language, maybe with a region.
validate_language = RegexValidator(
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$", _("A language is written like “de” or “pt-BR”.")
)
#: What chargers can say, and no more: no blanks at the ends, nothing invisible.
validate_text = RegexValidator(
    r"^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$",
    _("A token has 1 to 255 printable ASCII characters, no blank first or last."),
)


class Token(models.Model):
    """An RFID card, app account or contract, and whether it may charge.

    Triggers (migration 0003) keep `updated_at` in every change, also of its places, and tell
    the gateways.
    """

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
    id_token = models.CharField(_("token"), max_length=255, validators=[validate_text])
    type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.ISO14443)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACCEPTED
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    #: OCPP's parentIdTag (1.6) and groupIdToken (2.x).
    group = models.CharField(
        _("group"), max_length=255, blank=True, validators=[validate_text],
        help_text=_("Tokens of one group stop each other's sessions."),
    )  # fmt: skip
    #: Its group is the chargers' MasterPassGroupId. (OCPP 2.0.1 C16)
    master_pass = models.BooleanField(
        _("master pass"), default=False,
        help_text=_("Ends anybody's session where the charger's master pass group is this one's."),
    )  # fmt: skip
    one_at_a_time = models.BooleanField(
        _("one session at a time"), default=False,
        help_text=_("Refused at a second port while it charges."),
    )  # fmt: skip
    #: It may charge at `sites` and `chargers` only. Apart from them: a site that is deleted
    #: takes its entry along, and must not make the token good everywhere.
    limited = models.BooleanField(_("only at named places"), default=False)
    sites = models.ManyToManyField(
        Site, blank=True, related_name="+", verbose_name=_("only at these sites")
    )
    chargers = models.ManyToManyField(
        Charger, blank=True, related_name="+", verbose_name=_("only at these chargers")
    )
    on_local_lists = models.BooleanField(
        _("on local lists"), default=True,
        help_text=_("Chargers that keep a list of tokens get this one."),
    )  # fmt: skip
    language = models.CharField(
        _("language"), max_length=8, blank=True, validators=[validate_language],
        help_text=_("Of the charger's display, e.g. “de”."),
    )  # fmt: skip
    #: Personal data: shown in full only to who may command.
    holder = models.CharField(_("holder"), max_length=120, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["id_token"]
        constraints = [
            models.UniqueConstraint(
                models.F("organisation"),
                Upper("id_token"),
                name="token_unique_whatever_the_case",
                violation_error_message=_("There is a token of this text already."),
            ),
            models.CheckConstraint(
                condition=models.Q(master_pass=False) | ~models.Q(group=""),
                name="master_pass_has_group",
                violation_error_message=_("A master pass needs its group."),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "group"], name="tokens_of_group"),
            models.Index(
                fields=["organisation"],
                condition=models.Q(one_at_a_time=True),
                name="tokens_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.id_token

    def clean(self) -> None:
        """Raise `ValidationError` for a master pass without its group."""
        if self.master_pass and not self.group:
            raise ValidationError({"group": _("A master pass needs its group.")})


class GoneToken(models.Model):
    """A token that was deleted, or isn't called so any more: what gateways forget.

    Written by triggers; kept for a day.
    """

    organisation_id = models.BigIntegerField()
    #: In upper case.
    key = models.CharField(max_length=255)
    gone_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
