"""Addresses of the guide."""

from django.urls import path

from cpms.web.connect import views

urlpatterns = [
    path("connect/", views.where, name="connect"),
    path("connect/<int:site_id>/", views.what, name="connect-what"),
    path("connect/identity/", views.identity, name="connect-identity"),
    path("connect/charger/<str:identity>/", views.watch, name="connect-watch"),
    path("connect/charger/<str:identity>/steps/", views.steps, name="connect-steps"),
    path("connect/charger/<str:identity>/key/", views.new_key, name="connect-key"),
    path("connect/charger/<str:identity>/activate/", views.activate, name="connect-activate"),
]
