"""Addresses of a charger's local list."""

from django.urls import path

from cpms.web.operate.local_list import views

LIST = "chargers/<str:identity>/operate/local-list/"

urlpatterns = [
    path(LIST, views.show, name="charger-local-list"),
    path(f"{LIST}rule/", views.set_rule, name="charger-local-list-rule"),
    path(f"{LIST}offline/", views.set_offline, name="charger-offline-rules"),
]
