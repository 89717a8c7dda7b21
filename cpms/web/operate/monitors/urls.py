"""Address of the Monitors section."""

from django.urls import path

from cpms.web.operate.monitors import views

urlpatterns = [
    path("chargers/<str:identity>/operate/monitors/", views.show, name="charger-monitors"),
]
