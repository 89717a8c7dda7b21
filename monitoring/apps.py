from importlib import import_module

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        """Let every worker count its tasks and show that it lives."""
        import_module("monitoring.task_counts")
        import_module("monitoring.signs")
