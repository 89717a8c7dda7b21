"""The room of reports."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What a manager signs."""

    name = "cpms.reports"

    def ready(self) -> None:
        """Record every change people make to subscriptions."""
        from auditlog.registry import auditlog

        from cpms.reports import models

        auditlog.register(
            models.Subscription, exclude_fields=["updated_at"], m2m_fields={"recipients"}
        )
