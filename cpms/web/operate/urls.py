"""Addresses of the Operate tab, of commands, and of operations over many chargers."""

from django.urls import include, path

from cpms.web.operate import bulk, journal, raw, views

TAB = "chargers/<str:identity>/operate/"
COMMAND = f"{TAB}commands/<uuid:key>/"

urlpatterns = [
    path("commands/", journal.show, name="commands"),
    path("commands/bulk/", bulk.choose, name="bulk-choose"),
    path("commands/bulk/<slug:name>/", bulk.ask, name="bulk-ask"),
    path("commands/bulks/", bulk.bulks, name="bulks"),
    path("commands/bulks/<int:key>/", bulk.show, name="bulk"),
    path("commands/bulks/<int:key>/stop/", bulk.stop, name="bulk-stop"),
    path("", include("cpms.web.operate.configuration.urls")),
    path("", include("cpms.web.operate.monitors.urls")),
    path("", include("cpms.web.operate.local_list.urls")),
    path("", include("cpms.web.operate.certificates.urls")),
    path("", include("cpms.web.operate.contracts.urls")),
    path("", include("cpms.web.operate.profiles.urls")),
    path("", include("cpms.web.operate.drivers.urls")),
    path("", include("cpms.web.operate.files.urls")),
    path("", include("cpms.web.operate.tariffs.urls")),
    path(TAB, views.operations, name="charger-operate"),
    path(f"{TAB}raw/", raw.show, name="charger-raw"),
    path(f"{TAB}latest/", views.latest, name="charger-latest-commands"),
    path(f"{TAB}do/<slug:name>/", views.ask, name="charger-operation"),
    path(f"{TAB}commands/", views.commands, name="charger-commands"),
    path(COMMAND, views.command, name="charger-command"),
    path(f"{COMMAND}progress/", views.progress, name="charger-command-progress"),
    path(f"{COMMAND}cancel/", views.cancel, name="charger-command-cancel"),
]
