"""Addresses of the Configuration section."""

from django.urls import path

from cpms.web.operate.configuration import views

HERE = "chargers/<str:identity>/operate/configuration/"

urlpatterns = [
    path(HERE, views.show, name="charger-configuration"),
    path(f"{HERE}read/", views.read, name="charger-settings-read"),
    path(f"{HERE}change/", views.change, name="charger-setting-change"),
    path(f"{HERE}setting/", views.setting, name="charger-setting"),
    path(f"{HERE}compare/", views.compare, name="charger-settings-compare"),
]
