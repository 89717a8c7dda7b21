"""The walls, and where people hang them."""

from django.urls import path

from cpms.web.kiosk import manage, views

urlpatterns = [
    path("kiosks/", manage.index, name="kiosks"),
    path("kiosks/new/", manage.new, name="kiosk-new"),
    path("kiosks/<int:link_id>/", manage.edit, name="kiosk-edit"),
    path("kiosks/<int:link_id>/revoke/", manage.revoke, name="kiosk-revoke"),
    path("kiosk/wall/<int:link_id>/", views.wall, name="kiosk-wall"),
    path("kiosk/wall/<int:link_id>/pulse/", views.pulse, name="kiosk-pulse"),
    path("kiosk/wall/<int:link_id>/board/<slug:name>/", views.board, name="kiosk-board"),
    path("kiosk/<str:token>/", views.enter, name="kiosk-enter"),
]
