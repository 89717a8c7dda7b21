"""Entries in the audit trail that no change of a row makes by itself."""

from typing import Any

from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


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


def record_deed(user: User | None, row: Model, deed: dict[str, Any]) -> None:
    """Enter what was done to `row`, by `user` or (None) by the installation itself."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(row),
        object_pk=str(row.pk),
        object_id=row.pk,
        object_repr=str(row),
        action=LogEntry.Action.UPDATE,
        actor=user,
        actor_email=user.email if user else None,
        changes={},
        additional_data=deed,
    )
