"""How chargers come in, or don't: who knocked, how far they got, and what stopped them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger


class ConnectionAttempt(models.Model):
    """How often somebody got so far on the way in, and when last.

    One row per identity and outcome; per address (IPv6: /64) and outcome for who never said an
    identity. Bounded: the gateway trims strangers' rows, a task forgets old ones.
    """

    class Outcome(models.TextChoices):
        """How far it got: what stopped it, or, from `ENTERED` on, what it did then."""

        SILENT = "silent", _("opened a connection and said nothing")
        CUT_OFF = "cut_off", _("broke off in the middle of its request")
        TLS_ON_PLAIN = "tls_on_plain", _("spoke TLS to the plain port")
        PLAIN_ON_TLS = "plain_on_tls", _("spoke without TLS to the port with TLS")
        TLS_FAILED = "tls_failed", _("came to no terms on TLS")
        TLS_CERTIFICATE = "tls_certificate", _("showed a certificate that doesn't count")
        NOT_HTTP = "not_http", _("did not speak HTTP")
        NO_UPGRADE = "no_upgrade", _("asked for a page, not for a WebSocket")
        BAD_UPGRADE = "bad_upgrade", _("its WebSocket request was incomplete")
        NETWORK = "network", _("network not allowed")
        PATH = "path", _("wrong path")
        UNKNOWN = "unknown", _("unknown identity")
        USERNAME = "username", _("user name differs from the identity")
        CREDENTIALS = "credentials", _("wrong credentials")
        PROFILE = "profile", _("security profile too low")
        CERTIFICATE = "certificate", _("certificate missing or not valid")
        THROTTLED = "throttled", _("too many wrong passwords")
        DUPLICATE = "duplicate", _("another connection has its place")
        SUBPROTOCOL = "subprotocol", _("no usable subprotocol")
        BUSY = "busy", _("we were too busy")
        ENTERED = "entered", _("connected")
        BOOT = "boot", _("booted")
        BOOT_UNREADABLE = "boot_unreadable", _("its BootNotification could not be read")
        HEARTBEAT = "heartbeat", _("sent a heartbeat")

    #: In lower case; "" where none was said, and then by address.
    identity = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    charger = models.ForeignKey(Charger, models.CASCADE, null=True, related_name="knocks")
    peer = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    #: What it said the last time: the identity as spelled, path, scheme, subprotocols, the
    #: password's length and shape (never the password), …
    said = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "address", "outcome"], name="one_row_per_outcome"
            )
        ]
        indexes = [
            models.Index(fields=["last_at"], name="attempts_by_time"),
            models.Index(
                fields=["last_at"], condition=models.Q(charger=None), name="strangers_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.identity or self.address}: {self.outcome} × {self.count}"
