"""URLs of the staff-facing listener; the charger-facing one has `cpms.ocpp.urls`."""

from django.contrib import admin
from django.urls import include, path

from cpms.web import views

urlpatterns = [
    path("", include("monitoring.urls")),
    path("", include("alerts.urls")),
    path("api/", include("cpms.web.api")),
    path("places/", views.places, name="places"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
