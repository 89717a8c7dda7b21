from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "cpms.web"

    def ready(self) -> None:
        """Record every wall that people hang, change or take down; watch over rights."""
        from auditlog.registry import auditlog

        from cpms.web import models, rights

        auditlog.register(
            models.KioskLink, exclude_fields=["digest", "last_used_at"], m2m_fields={"sites"}
        )
        rights.listen()
