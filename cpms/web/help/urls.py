"""The guide."""

from django.urls import path

from cpms.web.help import views

urlpatterns = [
    path("help/", views.index, name="help"),
    path("help/<slug:slug>/", views.show, name="help-page"),
]
