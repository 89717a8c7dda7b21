"""The room of alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Who must know, by when."""

    name = "alerts"

    def ready(self) -> None:
        """Record every change people make to rules and policies."""
        from auditlog.registry import auditlog

        from alerts import models

        auditlog.register(models.Rule, exclude_fields=["updated_at"])
        auditlog.register(models.EscalationPolicy)
        auditlog.register(models.PolicyVersion)
