"""The room of alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Who must know, by when."""

    name = "alerts"

    def ready(self) -> None:
        """Record every change people make to rules and policies; tell others of alerts.

        Prometheus sees them, and the fleet's list who has a charger.
        """
        from auditlog.registry import auditlog

        from alerts import in_hand, models
        from alerts.metrics import read
        from monitoring.fleet.in_hand import by
        from monitoring.metrics import of_installation

        of_installation(read)
        by(in_hand.condition)

        auditlog.register(models.Rule, exclude_fields=["updated_at"])
        auditlog.register(models.EscalationPolicy)
        auditlog.register(models.PolicyVersion)
