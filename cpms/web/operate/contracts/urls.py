"""Addresses of the pages on Plug & Charge."""

from django.urls import path

from cpms.web.operate.contracts import views

PAGE = "plug-and-charge/<int:key>/"

urlpatterns = [
    path("plug-and-charge/", views.choose, name="contracts"),
    path(PAGE, views.show, name="contracts-of"),
    path(f"{PAGE}responders/", views.add_responder, name="contracts-responder"),
    path(
        f"{PAGE}responders/<int:row>/remove/",
        views.remove_responder,
        name="contracts-responder-remove",
    ),
    path(f"{PAGE}responders/<int:row>/try/", views.try_responder, name="contracts-responder-try"),
    path(f"{PAGE}authorities/", views.add_authority, name="contracts-authority"),
    path(
        f"{PAGE}authorities/<int:row>/remove/",
        views.remove_authority,
        name="contracts-authority-remove",
    ),
    path(f"{PAGE}provider/", views.set_provider, name="contracts-provider"),
    path(f"{PAGE}provider/remove/", views.remove_provider, name="contracts-provider-remove"),
    path(f"{PAGE}provider/try/", views.try_provider, name="contracts-provider-try"),
]
