"""Pages of what happened and what is now."""

from django.urls import path

from monitoring.views import charger, fleet, kpis, sightings

urlpatterns = [
    path("", fleet.show, name="fleet"),
    path("fleet/choices/<slug:name>/", fleet.offer, name="fleet-choices"),
    path("fleet/export/", fleet.csv, name="fleet-csv"),
    path("chargers/<str:identity>/", charger.show, name="charger"),
    path("chargers/<str:identity>/history/", charger.history, name="charger-history"),
    path("chargers/<str:identity>/sessions/", charger.visits, name="charger-sessions"),
    path("chargers/<str:identity>/frames/", charger.frames, name="charger-frames"),
    path("chargers/<str:identity>/facts/", charger.facts, name="charger-facts"),
    path("chargers/<str:identity>/power/", charger.power, name="charger-power"),
    path("chargers/<str:identity>/part/<slug:name>/", charger.part, name="charger-part"),
    path("kpis/", kpis.show, name="kpis"),
    path("sightings/", sightings.show, name="sightings"),
]
