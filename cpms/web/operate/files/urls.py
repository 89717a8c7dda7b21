"""Addresses of firmware and logs."""

from django.urls import path

from cpms.web.operate.files import fleet, views

TAB = "chargers/<str:identity>/operate/"

urlpatterns = [
    path("firmware/", fleet.show, name="firmware"),
    path("firmware/add/", fleet.add, name="firmware-add"),
    path("firmware/<int:key>/withdraw/", fleet.withdraw, name="firmware-withdraw"),
    path("firmware/<int:key>/file/", fleet.download, name="firmware-file"),
    path(f"{TAB}firmware/", views.firmware, name="charger-firmware"),
    path(f"{TAB}logs/", views.logs, name="charger-logs"),
    path(f"{TAB}logs/<int:key>/", views.look, name="charger-log"),
    path(f"{TAB}logs/<int:key>/download/", views.download, name="charger-log-download"),
]
