from importlib import import_module

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        """Let every worker count its tasks and show that it lives; record people's decisions."""
        from auditlog.registry import auditlog

        from monitoring import models

        import_module("monitoring.task_counts")
        import_module("monitoring.signs")
        decided = ["linked", "blocked_at", "decision"]
        auditlog.register(models.Sighting, include_fields=decided)
        auditlog.register(models.BlockedAddress)
        auditlog.register(models.MaintenanceWindow)
        auditlog.register(models.ErrorMeaning, exclude_fields=["updated_at"])
