"""The KPI pages."""

from django.urls import path

from cpms.reports.pages import export, kpis, rows

urlpatterns = [
    path("kpis/", kpis.show, name="kpis"),
    path("kpis/export/", export.download, name="kpis-export"),
    path("kpis/evidence/<slug:kind>/", rows.show, name="kpi-evidence"),
]
