"""The pages of reports."""

from django.urls import path

from cpms.reports.archive import subscribing, views

urlpatterns = [
    path("reports/", views.index, name="reports"),
    path("reports/new/", views.choose, name="report-new"),
    path("reports/new/<slug:kind>/", views.order, name="report-order"),
    path("reports/verify/", views.verify, name="report-verify"),
    path("reports/logos/<int:organisation>/", views.logo, name="report-logo"),
    path("reports/subscriptions/", subscribing.index, name="report-subscriptions"),
    path("reports/subscriptions/new/<slug:kind>/", subscribing.add, name="report-subscribe"),
    path("reports/subscriptions/<int:key>/", subscribing.edit, name="report-subscription"),
    path("reports/subscriptions/<int:key>/pause/", subscribing.pause, name="report-pause"),
    path("reports/subscriptions/<int:key>/trial/", subscribing.trial, name="report-trial"),
    path("reports/subscriptions/<int:key>/delete/", subscribing.delete, name="report-unsubscribe"),
    path("reports/<int:key>/", views.show, name="report"),
    path("reports/<int:key>/again/", views.again, name="report-again"),
    path("reports/<int:key>/files/", views.download_all, name="report-files"),
    path("reports/<int:key>/files/<int:file>/", views.download, name="report-file"),
]
