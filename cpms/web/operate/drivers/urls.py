"""Addresses of what is kept for drivers on one charger."""

from django.urls import path

from cpms.web.operate.drivers import views

TAB = "chargers/<str:identity>/operate/"

urlpatterns = [
    path(f"{TAB}reservations/", views.reservations, name="charger-reservations"),
    path(f"{TAB}display/", views.display, name="charger-display"),
    path(f"{TAB}customers/", views.customers, name="charger-customers"),
    path(f"{TAB}customers/<int:key>/", views.reveal, name="charger-customer-report"),
]
