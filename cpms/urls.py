"""URLs of the staff-facing listener; the charger-facing one has `cpms.ocpp.urls`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("monitoring.urls")),
    path("", include("alerts.urls")),
    path("api/", include("cpms.web.api")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
