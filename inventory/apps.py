from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self) -> None:
        """Record every change people make to what exists."""
        from auditlog.registry import auditlog

        from inventory import models

        for model in (models.Site, models.Sim, models.ChargerModel):
            auditlog.register(model)
        auditlog.register(models.Organisation, exclude_fields=["logo"])  # It can't be written.
        unrecorded = ["password_digest", "next_password_digest", "next_password_until"]
        auditlog.register(models.Charger, exclude_fields=[*unrecorded, "updated_at"])
        auditlog.register(models.Evse)
        auditlog.register(models.Connector)
        auditlog.register(models.Contractor, exclude_fields=["updated_at"])
        auditlog.register(models.Contract, exclude_fields=["updated_at"], m2m_fields={"sites"})
        auditlog.register(models.Membership, m2m_fields={"sites"})
        auditlog.register(models.ApiToken, exclude_fields=["digest", "last_used_at"])
