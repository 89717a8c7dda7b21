"""Addresses of the pages of contractors, contracts and how uptime is reckoned."""

from django.urls import path

from cpms.web.contracts import views

urlpatterns = [
    path("contractors/", views.index, name="contractors"),
    path("contractors/new/", views.new_contractor, name="contractor-new"),
    path("contractors/<int:key>/edit/", views.edit_contractor, name="contractor-edit"),
    path("contractors/<int:key>/delete/", views.delete_contractor, name="contractor-delete"),
    path("contractors/<int:key>/contracts/new/", views.new, name="contract-new"),
    path("contracts/<int:key>/", views.show, name="contract"),
    path("contracts/<int:key>/edit/", views.edit, name="contract-edit"),
    path("contracts/<int:key>/delete/", views.delete, name="contract-delete"),
    path("sites/<int:key>/reckoning/", views.reckoning, name="site-reckoning"),
]
