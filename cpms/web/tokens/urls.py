"""Addresses of the pages of tokens."""

from django.urls import path

from cpms.web.tokens import bringing, views

urlpatterns = [
    path("tokens/", views.index, name="tokens"),
    path("tokens/new/", views.new, name="token-new"),
    path("tokens/import/", bringing.bring_in, name="tokens-import"),
    path("tokens/export/", views.export, name="tokens-export"),
    path("tokens/<int:key>/", views.show, name="token"),
    path("tokens/<int:key>/edit/", views.edit, name="token-edit"),
    path("tokens/<int:key>/status/", views.set_status, name="token-status"),
    path("tokens/<int:key>/lists/", views.tell_lists, name="token-lists"),
    path("tokens/<int:key>/delete/", views.delete, name="token-delete"),
]
