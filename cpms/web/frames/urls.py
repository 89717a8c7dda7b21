"""Addresses of the flight recorder."""

from django.urls import path

from cpms.web.frames import views

urlpatterns = [
    path("chargers/<str:identity>/frames/", views.show, name="charger-frames"),
    path("chargers/<str:identity>/frames/export/", views.export, name="charger-frames-export"),
    path("chargers/<str:identity>/frames/replay/", views.replay, name="charger-frames-replay"),
]
