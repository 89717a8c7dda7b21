"""The room of alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Who must know, by when."""

    name = "alerts"

    def ready(self) -> None:
        """Record every change people make to rules and policies; let Prometheus see alerts."""
        from auditlog.registry import auditlog

        from alerts import models
        from alerts.metrics import read
        from monitoring.metrics import of_installation

        of_installation(read)

        auditlog.register(models.Rule, exclude_fields=["updated_at"])
        auditlog.register(models.EscalationPolicy)
        auditlog.register(models.PolicyVersion)
