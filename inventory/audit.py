"""Entries in the audit trail that no change of a row makes by itself."""

from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType


def record_refusal(user: User, attempt: str, reason: str) -> None:
    """Enter that `user` tried something their role doesn't allow."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(User),
        object_pk=str(user.pk),
        object_id=user.pk,
        object_repr=str(user),
        action=LogEntry.Action.ACCESS,
        actor=user,
        actor_email=user.email,
        changes={},
        additional_data={"refused": attempt, "reason": reason},
    )
