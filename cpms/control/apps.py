from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "cpms.control"

    def ready(self) -> None:
        """Record every change people make to whom we let charge; show commands in histories."""
        from auditlog.registry import auditlog

        from cpms.control import models, timeline

        auditlog.register(
            models.Token,
            exclude_fields=["updated_at"],
            mask_fields=["holder", "note"],  # The trail outlives them.
            m2m_fields={"sites", "chargers"},
        )
        timeline.show()
