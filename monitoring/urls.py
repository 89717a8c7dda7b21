"""Pages of what happened and what is now."""

from django.urls import path

from monitoring.views import charger, fleet, meters, sessions, sightings, sites
from monitoring.views import map as site_map

urlpatterns = [
    path("", fleet.show, name="fleet"),
    path("fleet/choices/<slug:name>/", fleet.offer, name="fleet-choices"),
    path("fleet/export/", fleet.csv, name="fleet-csv"),
    path("chargers/<str:identity>/", charger.show, name="charger"),
    path("chargers/<str:identity>/history/", charger.history, name="charger-history"),
    path("chargers/<str:identity>/sessions/", sessions.show, name="charger-sessions"),
    path("chargers/<str:identity>/sessions/export/", sessions.csv, name="charger-sessions-csv"),
    path("chargers/<str:identity>/sessions/<int:key>/", sessions.one, name="charger-session"),
    path("chargers/<str:identity>/sessions/<int:key>/curve/", sessions.curve, name="session-curve"),
    path("chargers/<str:identity>/facts/", charger.facts, name="charger-facts"),
    path("chargers/<str:identity>/running/", charger.running, name="charger-running"),
    path("chargers/<str:identity>/power/", charger.power, name="charger-power"),
    path("chargers/<str:identity>/part/<slug:name>/", charger.part, name="charger-part"),
    path("map/", site_map.show, name="map"),
    path("map/sites/", site_map.positions, name="map-sites"),
    path("sites/", sites.index, name="sites"),
    path("sites/<int:key>/", sites.show, name="site"),
    path("sites/<int:key>/card/", sites.card, name="site-card"),
    path("sites/<int:key>/part/<slug:name>/", sites.part, name="site-part"),
    path("sites/<int:key>/plan/", sites.arrange, name="site-plan"),
    path("meters/", meters.show, name="meters"),
    path("meters/export/", meters.csv, name="meters-csv"),
    path("sightings/", sightings.show, name="sightings"),
    path("sightings/address/", sightings.address, name="sighting-address"),
    path("sightings/<int:sighting_id>/", sightings.one, name="sighting"),
    path("sightings/<int:sighting_id>/<slug:deed>/", sightings.decide, name="sighting-decide"),
]
