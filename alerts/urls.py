"""Pages of who must know, by when."""

from django.urls import path

from alerts.views import incidents, notifications, rules

urlpatterns = [
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/<int:incident_id>/", incidents.show, name="incident"),
    path(
        "incidents/<int:incident_id>/acknowledge/",
        incidents.acknowledge,
        name="incident-acknowledge",
    ),
    path("incidents/<int:incident_id>/resolve/", incidents.resolve, name="incident-resolve"),
    path("incidents/<int:incident_id>/note/", incidents.note, name="incident-note"),
    path("notifications/", notifications.index, name="notifications"),
    path("notifications/<int:notification_id>/", notifications.show, name="notification"),
    path("alerting/", rules.index, name="alerting"),
    path("alerting/rules/<slug:detector>/", rules.edit, name="alert-rule"),
    path("alerting/escalation/", rules.policy, name="escalation-policy"),
]
