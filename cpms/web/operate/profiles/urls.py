"""Addresses of the charging profiles."""

from django.urls import path

from cpms.web.operate.profiles import views

PROFILES = "chargers/<str:identity>/operate/profiles/"

urlpatterns = [
    path(PROFILES, views.show, name="charger-profiles"),
    path(f"{PROFILES}chart/", views.chart, name="charger-profiles-chart"),
]
