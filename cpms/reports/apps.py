"""The room of reports."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What a manager signs."""

    name = "cpms.reports"

    def ready(self) -> None:
        """Record every change people make to subscriptions; let Prometheus see the reports."""
        from auditlog.registry import auditlog

        from cpms.reports import metrics, models
        from monitoring.metrics import of_installation

        of_installation(metrics.read)
        auditlog.register(
            models.Subscription, exclude_fields=["updated_at"], m2m_fields={"recipients"}
        )
