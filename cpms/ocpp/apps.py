from django.apps import AppConfig


class OcppConfig(AppConfig):
    name = "cpms.ocpp"
