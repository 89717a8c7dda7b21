"""The fleet's page as a person wants it, and their saved views."""

from django.urls import path

from cpms.web.fleet_views import pages

urlpatterns = [
    path("", pages.show),  # monitoring's "fleet", with the person's own layout.
    path("fleet/views/", pages.create, name="fleet-view-create"),
    path("fleet/views/<int:view_id>/", pages.edit, name="fleet-view-edit"),
    path("fleet/views/<int:view_id>/update/", pages.update, name="fleet-view-update"),
    path("fleet/views/<int:view_id>/opening/", pages.opening, name="fleet-view-opening"),
    path("fleet/views/<int:view_id>/delete/", pages.delete, name="fleet-view-delete"),
    path("fleet/layout/", pages.layout, name="fleet-layout"),
]
