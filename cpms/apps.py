"""The house as a Django app: its checks, its commands, and Celery for every process."""

from importlib import import_module

from django.apps import AppConfig


class House(AppConfig):
    """Lets every process of ours queue tasks, and `manage.py check` find our checks."""

    name = "cpms"

    def ready(self) -> None:
        """Import what registers itself."""
        import_module("cpms.celery")
        import_module("cpms.checks")
