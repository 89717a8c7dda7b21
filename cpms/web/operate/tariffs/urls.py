"""Addresses of tariffs and of the answers to vendors' messages."""

from django.urls import path

from cpms.web.operate.tariffs import vendors, views

urlpatterns = [
    path("sites/<int:key>/tariffs/", views.show, name="site-tariffs"),
    path("sites/<int:key>/tariffs/<int:tariff>/withdraw/", views.withdraw, name="site-tariff-back"),
    path("vendor-messages/", vendors.show, name="vendor-rules"),
    path("vendor-messages/<int:key>/delete/", vendors.delete, name="vendor-rule-delete"),
]
