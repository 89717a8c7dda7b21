"""URLs of the staff-facing listener; the charger-facing one has `cpms.ocpp.urls`."""

from django.contrib import admin
from django.urls import include, path

from cpms.web import design, licences, preferences, search, views

urlpatterns = [
    path("", include("cpms.web.fleet_views.urls")),
    path("", include("monitoring.urls")),
    path("", include("cpms.reports.pages.urls")),
    path("", include("cpms.reports.archive.urls")),
    path("", include("cpms.web.frames.urls")),
    path("", include("alerts.urls")),
    path("", include("cpms.web.kiosk.urls")),
    path("", include("cpms.web.help.urls")),
    path("", include("cpms.web.connect.urls")),
    path("", include("cpms.web.tokens.urls")),
    path("", include("cpms.web.contracts.urls")),
    path("", include("cpms.web.operate.urls")),
    path("api/", include("cpms.web.api")),
    path("places/", views.places, name="places"),
    path("search/", search.find, name="search"),
    path("live/news/", views.news, name="live-news"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("design/", design.design, name="design"),
    path("credits/", licences.licences, name="credits"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
