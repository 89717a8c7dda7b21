"""What a driver's app asked us to start."""

from uuid import uuid4

from django.db import models

from cpms.control.models.command import Command
from cpms.control.models.token import Token
from inventory.models import ApiToken, Charger
from monitoring.models import Session


class AppSession(models.Model):
    """A start by an app for one of its users: the handle that the app asks by.

    It belongs to the API token that asked: no other app sees or stops it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    app = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="+")
    #: As the app's token is called, for when it is gone.
    app_name = models.CharField(max_length=80)
    token = models.ForeignKey(Token, models.SET_NULL, null=True, related_name="+")
    charger = models.ForeignKey(Charger, models.PROTECT, related_name="+")
    evse = models.PositiveSmallIntegerField()
    started_by = models.OneToOneField(Command, models.PROTECT, related_name="app_session")
    stopped_by = models.ForeignKey(Command, models.PROTECT, null=True, related_name="+")
    #: Known once the charger has told us of it.
    session = models.OneToOneField(
        Session, models.SET_NULL, null=True, related_name="app_session", db_constraint=False
    )
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["app", "-asked_at"], name="app_sessions_of_app"),
            models.Index(fields=["token", "-asked_at"], name="app_sessions_of_token"),
        ]

    def __str__(self) -> str:
        return f"{self.app_name} → {self.charger_id}/{self.evse}"
