"""Answers kept so that a repeated write isn't carried out twice."""

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """A user's `Idempotency-Key`, what was asked with it, and what was answered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    #: Keyed hash of method, path and body: bodies may hold passwords.
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    #: The answer's JSON; None where it held a secret that is shown once.
    body = models.BinaryField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return self.key
