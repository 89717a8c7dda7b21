"""Another tenant's objects don't exist: every route is asked for them, and a new one must be
declared here before it is let in.

`THEIRS` are the routes that name one object: a member of another organisation gets 404 with
every method, the owner doesn't. `LISTS` show many: an outsider's has nothing of the owner's.
Everything else is declared with the reason why it needs neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from alerts import engine, steps
from alerts.models import Incident, Notification
from cpms.control import bulks, commands, files
from cpms.control.commands import SYSTEM
from cpms.control.models import (
    Authority,
    Bulk,
    Certificate,
    ChargingProfile,
    Command,
    ContractAuthority,
    ContractPool,
    CustomerReport,
    DisplayMessage,
    FirmwareImage,
    InstalledCertificate,
    Reservation,
    Responder,
    StoredFile,
    Tariff,
    Token,
    Transfer,
    VendorRule,
)
from cpms.control.operations.files import GetLog
from cpms.control.operations.remote import Reset, Trigger
from cpms.reports.models import Chunk, Report, ReportFile, Subscription
from cpms.web.models import KioskLink, SavedView
from inventory.models import (
    Charger,
    Connector,
    Contract,
    Contractor,
    Evse,
    Membership,
    Organisation,
    Role,
    Sim,
    Site,
)
from monitoring.facts import Status
from monitoring.kpis.attempts import Outcome
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    ErrorMeaning,
    Event,
    Exclusion,
    MaintenanceWindow,
    Outage,
    QuarantinedFact,
    ReportedVariable,
    Session,
    SessionReconciliation,
    Sighting,
    StatusSpan,
)
from tests.alerts.world import LONG_AGO, NOON, World, minutes, seen_at
from tests.monitoring.outages.ledger import png

#: Routes that name an object -> its address, with the names of the fields of `Things`.
THEIRS = {
    "sites/<int:key>/": "/sites/{site.pk}/",
    "sites/<int:key>/card/": "/sites/{site.pk}/card/",
    "sites/<int:key>/part/<slug:name>/": "/sites/{site.pk}/part/weather/",
    "sites/<int:key>/plan/": "/sites/{site.pk}/plan/",
    "sites/<int:key>/reckoning/": "/sites/{site.pk}/reckoning/",
    "contractors/<int:key>/edit/": "/contractors/{contract.contractor_id}/edit/",
    "contractors/<int:key>/delete/": "/contractors/{contract.contractor_id}/delete/",
    "contractors/<int:key>/contracts/new/": "/contractors/{contract.contractor_id}/contracts/new/",
    "contracts/<int:key>/": "/contracts/{contract.pk}/",
    "contracts/<int:key>/edit/": "/contracts/{contract.pk}/edit/",
    "contracts/<int:key>/delete/": "/contracts/{contract.pk}/delete/",
    "api/v1/contractors/<pk>/": "/api/v1/contractors/{contract.contractor_id}/",
    "api/v1/contracts/<pk>/": "/api/v1/contracts/{contract.pk}/",
    "chargers/<str:identity>/": "/chargers/{charger.identity}/",
    "chargers/<str:identity>/history/": "/chargers/{charger.identity}/history/",
    "chargers/<str:identity>/sessions/": "/chargers/{charger.identity}/sessions/",
    "chargers/<str:identity>/sessions/export/": "/chargers/{charger.identity}/sessions/export/",
    "chargers/<str:identity>/sessions/<int:key>/": (
        "/chargers/{charger.identity}/sessions/{session.pk}/"
    ),
    "chargers/<str:identity>/sessions/<int:key>/curve/": (
        "/chargers/{charger.identity}/sessions/{session.pk}/curve/"
    ),
    "chargers/<str:identity>/running/": "/chargers/{charger.identity}/running/",
    "chargers/<str:identity>/frames/": "/chargers/{charger.identity}/frames/",
    "chargers/<str:identity>/facts/": "/chargers/{charger.identity}/facts/",
    "commands/bulks/<int:key>/": "/commands/bulks/{bulk.pk}/",
    "commands/bulks/<int:key>/stop/": "/commands/bulks/{bulk.pk}/stop/",
    "chargers/<str:identity>/operate/": "/chargers/{charger.identity}/operate/",
    "chargers/<str:identity>/operate/profiles/": "/chargers/{charger.identity}/operate/profiles/",
    "chargers/<str:identity>/operate/profiles/chart/": (
        "/chargers/{charger.identity}/operate/profiles/chart/"
    ),
    "chargers/<str:identity>/operate/certificates/": (
        "/chargers/{charger.identity}/operate/certificates/"
    ),
    "chargers/<str:identity>/operate/certificates/upgrade/<slug:step>/": (
        "/chargers/{charger.identity}/operate/certificates/upgrade/profile/"
    ),
    "chargers/<str:identity>/operate/certificates/<int:key>/revoke/": (
        "/chargers/{charger.identity}/operate/certificates/{certificate.pk}/revoke/"
    ),
    "chargers/<str:identity>/operate/certificates/<int:key>.pem": (
        "/chargers/{charger.identity}/operate/certificates/{certificate.pk}.pem"
    ),
    "api/v1/chargers/<identity>/settings/": "/api/v1/chargers/{charger.identity}/settings/",
    "api/v1/chargers/<identity>/settings/history/": (
        "/api/v1/chargers/{charger.identity}/settings/history/"
    ),
    "api/v1/chargers/<identity>/monitors/": "/api/v1/chargers/{charger.identity}/monitors/",
    "api/v1/certificates/<pk>/": "/api/v1/certificates/{certificate.pk}/",
    "api/v1/certificates/<pk>/revoke/": "/api/v1/certificates/{certificate.pk}/revoke/",
    "api/v1/installed-certificates/<pk>/": "/api/v1/installed-certificates/{installed.pk}/",
    "chargers/<str:identity>/operate/configuration/": (
        "/chargers/{charger.identity}/operate/configuration/"
    ),
    "chargers/<str:identity>/operate/configuration/read/": (
        "/chargers/{charger.identity}/operate/configuration/read/"
    ),
    "chargers/<str:identity>/operate/configuration/change/": (
        "/chargers/{charger.identity}/operate/configuration/change/"
    ),
    "chargers/<str:identity>/operate/configuration/setting/": (
        "/chargers/{charger.identity}/operate/configuration/setting/?name=HeartbeatInterval"
    ),
    "chargers/<str:identity>/operate/configuration/compare/": (
        "/chargers/{charger.identity}/operate/configuration/compare/"
    ),
    "chargers/<str:identity>/operate/monitors/": "/chargers/{charger.identity}/operate/monitors/",
    "chargers/<str:identity>/operate/raw/": "/chargers/{charger.identity}/operate/raw/",
    "chargers/<str:identity>/operate/latest/": "/chargers/{charger.identity}/operate/latest/",
    "chargers/<str:identity>/operate/do/<slug:name>/": (
        "/chargers/{charger.identity}/operate/do/reset/"
    ),
    "chargers/<str:identity>/operate/commands/": "/chargers/{charger.identity}/operate/commands/",
    "chargers/<str:identity>/operate/commands/<uuid:key>/": (
        "/chargers/{charger.identity}/operate/commands/{command.pk}/"
    ),
    "chargers/<str:identity>/operate/commands/<uuid:key>/progress/": (
        "/chargers/{charger.identity}/operate/commands/{command.pk}/progress/"
    ),
    "chargers/<str:identity>/operate/commands/<uuid:key>/cancel/": (
        "/chargers/{charger.identity}/operate/commands/{command.pk}/cancel/"
    ),
    "chargers/<str:identity>/power/": "/chargers/{charger.identity}/power/",
    "chargers/<str:identity>/frames/export/": "/chargers/{charger.identity}/frames/export/",
    "chargers/<str:identity>/frames/replay/": "/chargers/{charger.identity}/frames/replay/",
    "chargers/<str:identity>/part/<slug:name>/": "/chargers/{charger.identity}/part/now/",
    "fleet/views/<int:view_id>/": "/fleet/views/{view.pk}/",
    "fleet/views/<int:view_id>/update/": "/fleet/views/{view.pk}/update/",
    "fleet/views/<int:view_id>/opening/": "/fleet/views/{view.pk}/opening/",
    "fleet/views/<int:view_id>/delete/": "/fleet/views/{view.pk}/delete/",
    "connect/<int:site_id>/": "/connect/{site.pk}/",
    "connect/charger/<str:identity>/": "/connect/charger/{charger.identity}/",
    "connect/charger/<str:identity>/steps/": "/connect/charger/{charger.identity}/steps/",
    "connect/charger/<str:identity>/key/": "/connect/charger/{charger.identity}/key/",
    "connect/charger/<str:identity>/activate/": "/connect/charger/{charger.identity}/activate/",
    "sightings/<int:sighting_id>/": "/sightings/{sighting.pk}/",
    "sightings/<int:sighting_id>/<slug:deed>/": "/sightings/{sighting.pk}/block/",
    "incidents/<int:incident_id>/": "/incidents/{incident.pk}/",
    "incidents/<int:incident_id>/acknowledge/": "/incidents/{incident.pk}/acknowledge/",
    "incidents/<int:incident_id>/resolve/": "/incidents/{incident.pk}/resolve/",
    "incidents/<int:incident_id>/note/": "/incidents/{incident.pk}/note/",
    "notifications/<int:notification_id>/": "/notifications/{notification.pk}/",
    "kiosks/<int:link_id>/": "/kiosks/{kiosk.pk}/",
    "kiosks/<int:link_id>/revoke/": "/kiosks/{kiosk.pk}/revoke/",
    "chargers/<str:identity>/operate/firmware/": "/chargers/{charger.identity}/operate/firmware/",
    "chargers/<str:identity>/operate/logs/": "/chargers/{charger.identity}/operate/logs/",
    "chargers/<str:identity>/operate/logs/<int:key>/": (
        "/chargers/{charger.identity}/operate/logs/{file.pk}/"
    ),
    "chargers/<str:identity>/operate/logs/<int:key>/download/": (
        "/chargers/{charger.identity}/operate/logs/{file.pk}/download/"
    ),
    "firmware/<int:key>/file/": "/firmware/{firmware.pk}/file/",
    "firmware/<int:key>/withdraw/": "/firmware/{firmware.pk}/withdraw/",
    "outages/<int:key>/": "/outages/{outage.pk}/",
    "outages/<int:key>/cause/": "/outages/{outage.pk}/cause/",
    "exclusions/<int:key>/": "/exclusions/{exclusion.pk}/",
    "exclusions/<int:key>/change/": "/exclusions/{exclusion.pk}/change/",
    "exclusions/<int:key>/photo/": "/exclusions/{exclusion.pk}/photo/",
    "exclusions/<int:key>/<slug:deed>/": "/exclusions/{exclusion.pk}/approve/",
    "maintenance/<int:key>/": "/maintenance/{maintenance.pk}/",
    "maintenance/<int:key>/cancel/": "/maintenance/{maintenance.pk}/cancel/",
    "error-meanings/<int:key>/": "/error-meanings/{meaning.pk}/",
    "api/v1/outages/<pk>/": "/api/v1/outages/{outage.pk}/",
    "api/v1/exclusions/<pk>/": "/api/v1/exclusions/{exclusion.pk}/",
    "api/v1/exclusions/<pk>/approve/": "/api/v1/exclusions/{exclusion.pk}/approve/",
    "api/v1/exclusions/<pk>/reject/": "/api/v1/exclusions/{exclusion.pk}/reject/",
    "api/v1/exclusions/<pk>/withdraw/": "/api/v1/exclusions/{exclusion.pk}/withdraw/",
    "api/v1/exclusions/<pk>/notes/": "/api/v1/exclusions/{exclusion.pk}/notes/",
    "api/v1/exclusions/<pk>/photo/": "/api/v1/exclusions/{exclusion.pk}/photo/",
    "api/v1/maintenance-windows/<pk>/": "/api/v1/maintenance-windows/{maintenance.pk}/",
    "api/v1/maintenance-windows/<pk>/cancel/": (
        "/api/v1/maintenance-windows/{maintenance.pk}/cancel/"
    ),
    "api/v1/error-meanings/<pk>/": "/api/v1/error-meanings/{meaning.pk}/",
    "api/v1/organisations/<pk>/": "/api/v1/organisations/{organisation.pk}/",
    "api/v1/sites/<pk>/": "/api/v1/sites/{site.pk}/",
    "api/v1/chargers/<identity>/": "/api/v1/chargers/{charger.identity}/",
    "api/v1/chargers/<identity>/commands/": "/api/v1/chargers/{charger.identity}/commands/",
    "api/v1/chargers/<identity>/commands/<pk>/": (
        "/api/v1/chargers/{charger.identity}/commands/{command.pk}/"
    ),
    "api/v1/chargers/<identity>/commands/<pk>/cancel/": (
        "/api/v1/chargers/{charger.identity}/commands/{command.pk}/cancel/"
    ),
    "api/v1/chargers/<identity>/files/": "/api/v1/chargers/{charger.identity}/files/",
    "api/v1/chargers/<identity>/files/<pk>/": (
        "/api/v1/chargers/{charger.identity}/files/{file.pk}/"
    ),
    "api/v1/chargers/<identity>/files/<pk>/content/": (
        "/api/v1/chargers/{charger.identity}/files/{file.pk}/content/"
    ),
    "api/v1/chargers/<identity>/transfers/": "/api/v1/chargers/{charger.identity}/transfers/",
    "api/v1/chargers/<identity>/transfers/<pk>/": (
        "/api/v1/chargers/{charger.identity}/transfers/{transfer.pk}/"
    ),
    "api/v1/firmware/<pk>/": "/api/v1/firmware/{firmware.pk}/",
    "api/v1/firmware/<pk>/file/": "/api/v1/firmware/{firmware.pk}/file/",
    "api/v1/bulks/<pk>/": "/api/v1/bulks/{bulk.pk}/",
    "api/v1/bulks/<pk>/stop/": "/api/v1/bulks/{bulk.pk}/stop/",
    "api/v1/commands/<pk>/": "/api/v1/commands/{command.pk}/",
    "api/v1/commands/<pk>/cancel/": "/api/v1/commands/{command.pk}/cancel/",
    "api/v1/chargers/<identity>/frames/": "/api/v1/chargers/{charger.identity}/frames/",
    "api/v1/chargers/<identity>/password/": "/api/v1/chargers/{charger.identity}/password/",
    "api/v1/chargers/<identity>/profiles/": "/api/v1/chargers/{charger.identity}/profiles/",
    "api/v1/chargers/<identity>/profiles/<number>/": (
        "/api/v1/chargers/{charger.identity}/profiles/{profile.number}/"
    ),
    "api/v1/chargers/<identity>/composite/": "/api/v1/chargers/{charger.identity}/composite/",
    "api/v1/chargers/<identity>/status/": "/api/v1/chargers/{charger.identity}/status/",
    "api/v1/evses/<pk>/": "/api/v1/evses/{evse.pk}/",
    "api/v1/connectors/<pk>/": "/api/v1/connectors/{connector.pk}/",
    "api/v1/sims/<pk>/": "/api/v1/sims/{sim.pk}/",
    "api/v1/sessions/<pk>/": "/api/v1/sessions/{session.pk}/",
    "api/v1/reconciliations/<pk>/": "/api/v1/reconciliations/{session.pk}/",
    "api/v1/attempts/<pk>/": "/api/v1/attempts/{attempt.pk}/",
    "api/v1/events/<pk>/": "/api/v1/events/{event.pk}/",
    "api/v1/status-spans/<pk>/": "/api/v1/status-spans/{span.pk}/",
    "api/v1/connections/<pk>/": "/api/v1/connections/{connection.pk}/",
    "api/v1/sightings/<pk>/": "/api/v1/sightings/{sighting.pk}/",
    "api/v1/sightings/<pk>/adopt/": "/api/v1/sightings/{sighting.pk}/adopt/",
    "api/v1/sightings/<pk>/link/": "/api/v1/sightings/{sighting.pk}/link/",
    "api/v1/sightings/<pk>/rename/": "/api/v1/sightings/{sighting.pk}/rename/",
    "api/v1/sightings/<pk>/take-over/": "/api/v1/sightings/{sighting.pk}/take-over/",
    "api/v1/sightings/<pk>/accept-key/": "/api/v1/sightings/{sighting.pk}/accept-key/",
    "api/v1/sightings/<pk>/block/": "/api/v1/sightings/{sighting.pk}/block/",
    "api/v1/sightings/<pk>/reconsider/": "/api/v1/sightings/{sighting.pk}/reconsider/",
    "chargers/<str:identity>/operate/local-list/": (
        "/chargers/{charger.identity}/operate/local-list/"
    ),
    "chargers/<str:identity>/operate/local-list/rule/": (
        "/chargers/{charger.identity}/operate/local-list/rule/"
    ),
    "chargers/<str:identity>/operate/local-list/offline/": (
        "/chargers/{charger.identity}/operate/local-list/offline/"
    ),
    "tokens/<int:key>/": "/tokens/{token.pk}/",
    "tokens/<int:key>/edit/": "/tokens/{token.pk}/edit/",
    "tokens/<int:key>/status/": "/tokens/{token.pk}/status/",
    "tokens/<int:key>/lists/": "/tokens/{token.pk}/lists/",
    "tokens/<int:key>/delete/": "/tokens/{token.pk}/delete/",
    "api/v1/tokens/<id_token>/": "/api/v1/tokens/{token.id_token}/",
    "plug-and-charge/<int:key>/": "/plug-and-charge/{site.organisation_id}/",
    **{
        f"plug-and-charge/<int:key>/{rest}": f"/plug-and-charge/{{site.organisation_id}}/{as_asked}"
        for rest, as_asked in {
            "responders/": "responders/",
            "responders/<int:row>/remove/": "responders/{responder.pk}/remove/",
            "responders/<int:row>/try/": "responders/{responder.pk}/try/",
            "authorities/": "authorities/",
            "authorities/<int:row>/remove/": "authorities/{contract_authority.pk}/remove/",
            "provider/": "provider/",
            "provider/remove/": "provider/remove/",
            "provider/try/": "provider/try/",
        }.items()
    },
    "api/v1/ocsp-responders/<pk>/": "/api/v1/ocsp-responders/{responder.pk}/",
    "api/v1/contract-authorities/<pk>/": "/api/v1/contract-authorities/{contract_authority.pk}/",
    "api/v1/contract-providers/<pk>/": "/api/v1/contract-providers/{site.organisation_id}/",
    "sites/<int:key>/tariffs/": "/sites/{site.pk}/tariffs/",
    "sites/<int:key>/tariffs/<int:tariff>/withdraw/": (
        "/sites/{site.pk}/tariffs/{tariff.pk}/withdraw/"
    ),
    "vendor-messages/<int:key>/delete/": "/vendor-messages/{vendor_rule.pk}/delete/",
    "chargers/<str:identity>/operate/reservations/": (
        "/chargers/{charger.identity}/operate/reservations/"
    ),
    "chargers/<str:identity>/operate/display/": "/chargers/{charger.identity}/operate/display/",
    "chargers/<str:identity>/operate/customers/": (
        "/chargers/{charger.identity}/operate/customers/"
    ),
    "chargers/<str:identity>/operate/customers/<int:key>/": (
        "/chargers/{charger.identity}/operate/customers/{customer_report.pk}/"
    ),
    "api/v1/reservations/<pk>/": "/api/v1/reservations/{reservation.pk}/",
    "api/v1/display-messages/<pk>/": "/api/v1/display-messages/{display.pk}/",
    "api/v1/customer-reports/<pk>/": "/api/v1/customer-reports/{customer_report.pk}/",
    "api/v1/customer-reports/<pk>/reveal/": (
        "/api/v1/customer-reports/{customer_report.pk}/reveal/"
    ),
    "api/v1/tariffs/<pk>/": "/api/v1/tariffs/{tariff.pk}/",
    "api/v1/vendor-rules/<pk>/": "/api/v1/vendor-rules/{vendor_rule.pk}/",
    "api/v1/incidents/<pk>/": "/api/v1/incidents/{incident.pk}/",
    "api/v1/incidents/<pk>/acknowledge/": "/api/v1/incidents/{incident.pk}/acknowledge/",
    "api/v1/incidents/<pk>/notes/": "/api/v1/incidents/{incident.pk}/notes/",
    "api/v1/incidents/<pk>/resolve/": "/api/v1/incidents/{incident.pk}/resolve/",
    "reports/<int:key>/": "/reports/{report.pk}/",
    "reports/<int:key>/again/": "/reports/{report.pk}/again/",
    "reports/<int:key>/files/": "/reports/{report.pk}/files/",
    "reports/<int:key>/files/<int:file>/": "/reports/{report.pk}/files/{report_file.pk}/",
    "reports/subscriptions/<int:key>/": "/reports/subscriptions/{subscription.pk}/",
    "reports/subscriptions/<int:key>/pause/": "/reports/subscriptions/{subscription.pk}/pause/",
    "reports/subscriptions/<int:key>/trial/": "/reports/subscriptions/{subscription.pk}/trial/",
    "reports/subscriptions/<int:key>/delete/": "/reports/subscriptions/{subscription.pk}/delete/",
    "reports/logos/<int:organisation>/": "/reports/logos/{organisation.pk}/",
    "api/v1/reports/<pk>/": "/api/v1/reports/{report.pk}/",
    "api/v1/reports/<pk>/again/": "/api/v1/reports/{report.pk}/again/",
    "api/v1/reports/<pk>/download/": "/api/v1/reports/{report.pk}/download/?as=csv",
    "api/v1/reports/subscriptions/<pk>/": "/api/v1/reports/subscriptions/{subscription.pk}/",
}

#: A window of outages.
YEAR = "?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z"
#: Routes that show many -> what else to ask them for; "" is the list as it is.
LISTS: dict[str, tuple[str, ...]] = {
    "": ("", "?q=THEIRS", "?site={site.pk}", "?organisation={organisation.pk}"),
    "fleet/export/": ("", "?q=THEIRS", "?site={site.pk}", "?organisation={organisation.pk}"),
    "map/sites/": ("", "?site={site.pk}"),
    "sites/": ("", "?q=THEIRS", "?organisation={organisation.pk}"),
    "connect/": ("", "?q=THEIRS"),
    "kpis/": (
        *("", "?by=charger", "?by=port&view=sessions", "?site={site.pk}", "?lens=nevi"),
        *("?organisation={organisation.pk}", "?charger={charger.identity}"),
    ),
    "kpis/export/": ("", "?by=port", "?site={site.pk}"),
    "outages/": (YEAR, f"{YEAR}&site={{site.pk}}", f"{YEAR}&evse={{evse.pk}}"),
    "outages/export/": (YEAR, f"{YEAR}&organisation={{organisation.pk}}"),
    "exclusions/": ("", "?site={site.pk}", "?state=approved"),
    "maintenance/": ("",),
    "error-meanings/": ("", "?q=THEIRS"),
    "sightings/": ("",),
    "incidents/": ("", "?state=all", "?site={site.pk}", "?charger={charger.identity}"),
    "meters/": ("", "?charger=THEIRS-1"),
    "meters/export/": ("",),
    "notifications/": ("",),
    "kiosks/": ("",),
    "places/": ("",),
    "search/": ("?q=THEIRS", "?q=8949000000000000077", "?q=%23{incident.pk}"),
    "api/v1/organisations/": ("",),
    "api/v1/sites/": ("", "?organisation={organisation.pk}", "?format=csv"),
    "api/v1/chargers/": ("", "?site={site.pk}", "?format=csv"),
    "api/v1/evses/": ("", "?format=csv"),
    "api/v1/connectors/": ("", "?format=csv"),
    "api/v1/sims/": ("", "?format=csv"),
    "api/v1/contractors/": ("", "?organisation={organisation.pk}", "?format=csv"),
    "api/v1/contracts/": ("", "?site={site.pk}", "?format=csv"),
    "contractors/": ("",),
    "api/v1/sessions/": ("", "?format=csv"),
    "api/v1/reconciliations/": ("", "?format=csv"),
    "api/v1/attempts/": ("", "?format=csv"),
    "api/v1/meter-samples/": ("",),
    "api/v1/events/": ("", "?format=csv"),
    "api/v1/status-spans/": ("", "?format=csv"),
    "api/v1/connections/": ("", "?format=csv"),
    "api/v1/sightings/": ("",),
    "api/v1/outages/": ("", "?site={site.pk}", "?format=csv"),
    "api/v1/exclusions/": ("", "?site={site.pk}", "?format=csv"),
    "api/v1/maintenance-windows/": ("", "?site={site.pk}", "?format=csv"),
    "api/v1/error-meanings/": ("", "?format=csv"),
    "api/v1/incidents/": ("", "?format=csv"),
    "firmware/": ("",),
    "commands/": ("", "?q=THEIRS", "?operation=reset"),
    "commands/bulks/": ("",),
    "api/v1/bulks/": ("", "?format=csv"),
    "api/v1/firmware/": ("", "?organisation={organisation.pk}", "?format=csv"),
    "api/v1/commands/": ("", "?charger={charger.identity}", "?format=csv"),
    "tokens/": ("", "?q=THEIRS"),
    "tokens/export/": ("", "?q=THEIRS"),
    "api/v1/tokens/": ("", "?format=csv"),
    "vendor-messages/": ("",),
    "certificates/": ("", "?ending=1"),
    "api/v1/certificates/": ("", "?charger={charger.identity}", "?format=csv"),
    "api/v1/installed-certificates/": ("", "?charger={charger.identity}", "?format=csv"),
    "api/v1/reservations/": ("", "?charger={charger.identity}", "?format=csv"),
    "api/v1/display-messages/": ("", "?charger={charger.identity}", "?format=csv"),
    "api/v1/customer-reports/": ("", "?format=csv"),
    "api/v1/ocsp-responders/": ("", "?format=csv"),
    "api/v1/contract-authorities/": ("", "?format=csv"),
    "api/v1/contract-providers/": ("", "?format=csv"),
    "api/v1/tariffs/": ("", "?site={site.pk}", "?format=csv"),
    "reports/": ("", "?kind=monthly"),
    "reports/subscriptions/": ("",),
    "api/v1/reports/": ("", "?organisation={organisation.pk}", "?format=csv"),
    "api/v1/reports/subscriptions/": ("", "?format=csv"),
    "api/v1/vendor-rules/": ("", "?organisation={organisation.pk}", "?format=csv"),
    "api/v1/kpis/": (
        *("?group_by=charger", "?group_by=port", "?group_by=site"),
        "?group_by=organisation",
    ),
}

#: Routes that need no scope, and why.
UNSCOPED = {
    "sightings/address/": "names an address; needs the role in every organisation",
    "exclusions/new/": "offers the user's own places; tests/monitoring/outages/test_pages.py",
    "maintenance/new/": "as above",
    "firmware/add/": "offers the user's own organisations; tests/cpms/web/operate/test_files.py",
    "commands/bulk/": "offers operations for the user's own chargers; test_bulk.py",
    "commands/bulk/<slug:name>/": "as above",
    "plug-and-charge/": "offers the organisations that the user administers",
    "certificates/make/": "superusers only; test_certificates.py",
    "certificates/trust/": "as above",
    "certificates/<int:key>/retire/": "as above",
    "certificates/names/": "names an organisation that the user administers; as above",
    "certificates/<int:key>.pem": "authorities are the installation's, and no secret",
    "certificates/<int:key>.crl": "as above",
    "api/v1/certificate-authorities/": "as above",
    "api/v1/certificate-authorities/<pk>/": "as above",
    "api/v1/certificate-authorities/<pk>/retire/": "superusers only; test_certificates.py",
    "connect/identity/": "says whether an identity can be used: they are unique among all tenants",
    "fleet/choices/<slug:name>/": "names a filter; what it offers is tested in test_fleet.py",
    "fleet/views/": "saves a view of the user's own",
    "fleet/layout/": "the user's own columns",
    "kpis/evidence/<slug:kind>/": "names a kind; its rows: tests/cpms/reports/test_kpi_pages.py",
    "help/": "the guide is the same for everybody",
    "help/<slug:slug>/": "the guide is the same for everybody",
    "kiosks/new/": "offers the user's own organisations and sites; tests/cpms/web/test_kiosk.py",
    "kiosk/<str:token>/": "a wall's link, for nobody in particular; tests/cpms/web/test_kiosk.py",
    "kiosk/wall/<int:link_id>/": "shows what its link's cookie may see, whoever is signed in",
    "kiosk/wall/<int:link_id>/pulse/": "as the wall",
    "kiosk/wall/<int:link_id>/board/<slug:name>/": "as the wall",
    "map/": "fetches map/sites/; offers the user's own organisations and regions",
    "alerting/": "rules and policy of the user's own organisations, or the common ones",
    "alerting/rules/<slug:detector>/": "names a kind of detector, not an object",
    "alerting/escalation/": "the policy of the user's own organisation",
    "preferences/": "the reader's own",
    "reports/new/": "offers the user's own organisations; tests/cpms/reports/test_archive.py",
    "reports/new/<slug:kind>/": "as above",
    "reports/subscriptions/new/<slug:kind>/": "as above",
    "reports/verify/": "tells of files that the user may read; as above",
    "design/": "samples of the components, nobody's data",
    "credits/": "licences of what the pages are made of",
    "live/news/": "the live socket's news for one who polls: of the groups the user hears",
    "api/v1/": "the list of resources",
    "api/v1/models/": "charger models are knowledge that all tenants share",
    "api/v1/models/<pk>/": "charger models are knowledge that all tenants share",
    "api/v1/app/sessions/": "an app's own, by its API token; test_app_api.py",
    "api/v1/app/sessions/<pk>/": "as above",
    "api/v1/app/sessions/<pk>/stop/": "as above",
    "contractors/new/": "offers the user's own organisations; tests/cpms/web/test_contracts.py",
    "tokens/new/": "offers the user's own organisations and sites; test_tokens.py",
    "tokens/import/": "as above",
    "api/v1/tokens/import/": "names an organisation; test_tokens_api.py",
    "api/v1/quarantine/": "superusers only, see below",
    "api/v1/quarantine/<pk>/": "superusers only, see below",
    "api/schema/": "describes the API",
    "api/docs/": "shows what describes the API",
    "api/": "whatever else is under /api/ isn't there",
}
#: Whole trees that need no scope: allauth's own account pages, and the back office, for which
#: one must be staff.
UNSCOPED_TREES = ("accounts/", "admin/")

LATER = NOON + timedelta(hours=1)


@dataclass
class Things:
    """One tenant's things, one of each kind that a route names."""

    organisation: Organisation
    site: Site
    charger: Charger
    evse: Evse
    connector: Connector
    sim: Sim
    session: Session
    attempt: Attempt
    event: Event
    span: StatusSpan
    connection: ConnectionSpan
    sighting: Sighting
    command: Command
    bulk: Bulk
    file: StoredFile
    firmware: FirmwareImage
    transfer: Transfer
    token: Token
    incident: Incident
    notification: Notification
    view: SavedView
    kiosk: KioskLink
    reservation: Reservation
    display: DisplayMessage
    customer_report: CustomerReport
    profile: ChargingProfile
    tariff: Tariff
    vendor_rule: VendorRule
    certificate: Certificate
    installed: InstalledCertificate
    responder: Responder
    contract_authority: ContractAuthority
    contract: Contract
    report: Report
    report_file: ReportFile
    subscription: Subscription
    outage: Outage
    exclusion: Exclusion
    maintenance: MaintenanceWindow
    meaning: ErrorMeaning
    owner: User

    def marks(self) -> list[str]:
        """Return words by which the owner's things are known on any page."""
        return ["THEIRS", "8949000000000000077", f"event-of-{self.charger.pk}"]


@dataclass
class Shared:
    """What the tests here ask for, and who asks without a right to it."""

    theirs: Things
    outsider: User


def may_ask(organisation: Organisation) -> dict[str, Any]:
    """Have an organisation name whom may be asked about contracts."""
    ContractPool.objects.create(organisation=organisation, url="http://127.0.0.1/THEIRS")
    return {
        "responder": Responder.objects.create(
            organisation=organisation, host="127.0.0.1", added_by="THEIRS"
        ),
        "contract_authority": ContractAuthority.objects.create(
            organisation=organisation, subject="THEIRS", fingerprint="0" * 64, not_after=NOON
        ),
    }


def ledger(evse: Evse, owner: User) -> dict[str, Any]:
    """Have an outage, a proposal to take it out, planned work and a code of its own."""
    site = evse.charger.site
    place = {"site": site, "started": NOON, "ended": LATER}
    return {
        "outage": Outage.objects.create(
            evse=evse, charger=evse.charger, started=NOON, ended=LATER, until=LATER,
            kind="faulted", faulted=3600.0, error_code="THEIRS",
        ),
        "exclusion": Exclusion.objects.create(
            **place, reason="vandalism", note="THEIRS", proposed_by=owner, proposed_at=NOON,
            photo=png(), photo_type="image/png",
        ),
        "maintenance": MaintenanceWindow.objects.create(
            **place, organisation=site.organisation, note="THEIRS", planned_by=owner,
            planned_at=NOON,
        ),
        "meaning": ErrorMeaning.objects.create(
            organisation=site.organisation, vendor="THEIRS", code="THEIRS"
        ),
    }  # fmt: skip


def agreed(site: Site) -> Contract:
    """Have a contractor keep a site going."""
    firm = Contractor.objects.create(organisation=site.organisation, name="THEIRS")
    contract = Contract.objects.create(contractor=firm, name="THEIRS", starts=NOON.date())
    contract.sites.add(site)
    return contract


def certified(charger: Charger) -> Certificate:
    """Have a certificate issued to a charger, by an authority that signs nothing."""
    times = {"not_before": NOON, "not_after": NOON}
    authority = Authority.objects.create(
        kind="external", algorithm="ecdsa", name="CA", fingerprint=f"{charger.pk:064}", **times
    )
    return Certificate.objects.create(
        authority=authority, charger=charger, kind="charger", subject="CN=THEIRS",
        serial="1", fingerprint=f"{charger.pk:064}", **times,
    )  # fmt: skip


def kept(organisation: Organisation, **about: object) -> StoredFile:
    """Keep a file."""
    file = StoredFile.objects.create(
        organisation=organisation, name="THEIRS.txt", size=6, sha256="0" * 64, md5="0" * 32, **about
    )
    write(file)
    return file


def write(file: StoredFile) -> None:
    """Have a file on the disk, also where a test before has deleted it there."""
    files.path(file.key).parent.mkdir(parents=True, exist_ok=True)
    files.path(file.key).write_bytes(b"THEIRS")


def reported(organisation: Organisation, owner: User) -> dict[str, Any]:
    """Have a report that is done, a subscription, and a logo."""
    organisation.logo = b"THEIRS"
    organisation.save(update_fields=["logo"])
    about: dict[str, Any] = {"organisation": organisation, "kind": "monthly", "lens": "raw",
                             "formats": ["csv"]}  # fmt: skip
    report = Report.objects.create(
        **about, title="THEIRS", first=NOON.date(), end=LATER.date() + timedelta(days=1),
        requested_at=NOON,
    )  # fmt: skip
    file = ReportFile.objects.create(
        report=report, format="csv", name="THEIRS.csv", size=6, sha256="7" * 64, made_at=NOON
    )
    Chunk.objects.create(file=file, number=0, content=b"THEIRS")
    Report.objects.update(state=Report.State.DONE, made_at=NOON, cutoff_at=NOON)
    subscription = Subscription.objects.create(
        **about, every="month", next_due=NOON, addresses=["THEIRS@example.org"], owner=owner
    )
    return {"report": report, "report_file": file, "subscription": subscription}


@pytest.fixture(scope="module")
def shared(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Shared]:
    """What every test here asks for, made once: never committed, taken back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        ours = World.make("Ours")
        ours.port(ours.charger("OURS-1", commissioned_at=LONG_AGO))
        yield Shared(everything(), member("outsider", ours.organisation))
        transaction.set_rollback(True)


@pytest.fixture
def db(shared: Shared) -> Iterator[None]:
    """Take back what a test has done, and only that: instead of pytest-django's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def theirs(db: None, shared: Shared) -> Things:
    """A tenant with everything, whose charger was lost and told of."""
    for file in (shared.theirs.file, shared.theirs.firmware.file):
        assert file is not None
        write(file)
    return shared.theirs


def everything() -> Things:
    """Make a tenant with everything, whose charger was lost and told of."""
    world = World.make("THEIRS")
    owner = member("owner", world.organisation)
    sim = Sim.objects.create(organisation=world.organisation, iccid="8949000000000000077")
    charger = world.charger("THEIRS-1", sim=sim, commissioned_at=LONG_AGO)
    ReportedVariable.objects.create(
        charger=charger, variable="HeartbeatInterval", value="THEIRS", reported_at=NOON
    )
    evse = world.port(charger)
    world.lose(charger, NOON)
    engine.run(seen_at(NOON + minutes(5)))
    steps.carry_out(NOON + minutes(5))
    session = Session.objects.create(
        id=77, charger=charger, evse=evse, transaction_id="THEIRS-77", id_token="THEIRS-CARD",
        started=NOON, received=NOON, updated=NOON,
    )  # fmt: skip
    SessionReconciliation.objects.create(
        session=session, charger=charger, ended=timezone.now(), verdict="contradictory",
        basis="nothing", samples=0, checked_at=NOON,
    )  # fmt: skip
    return Things(
        organisation=world.organisation,
        site=world.site,
        charger=charger,
        evse=evse,
        connector=Connector.objects.create(evse=evse),
        sim=sim,
        session=session,
        attempt=Attempt.objects.create(
            evse=evse, started=NOON, ended=NOON + timedelta(hours=1), session=session,
            outcome=Outcome.SUCCESS, id_token="THEIRS-CARD",
        ),
        event=Event.objects.create(
            charger=charger, evse=evse, kind="data", at=NOON, received=NOON,
            text=f"event-of-{charger.pk}",
        ),
        span=StatusSpan.objects.filter(evse=evse, status=Status.AVAILABLE).get(),
        connection=ConnectionSpan.objects.get(charger=charger),
        sighting=Sighting.objects.create(
            identity="THEIRS-1", reason="mismatch", charger=charger, peer="192.0.2.9",
            first_seen=NOON, last_seen=NOON,
        ),
        command=commands.request(charger, Reset(), SYSTEM, reason="THEIRS"),
        bulk=bulks.start(
            world.organisation, Charger.objects.all(), Trigger(message="boot"), SYSTEM,
            reason="THEIRS",
        ),
        token=Token.objects.create(organisation=world.organisation, id_token="THEIRS-CARD"),
        **may_ask(world.organisation),
        certificate=certified(charger),
        installed=InstalledCertificate.objects.create(
            charger=charger, kind="csms_root", seen_at=NOON, subject="THEIRS"
        ),
        file=kept(world.organisation, charger=charger, kind="log"),
        firmware=FirmwareImage.objects.create(
            organisation=world.organisation, version="THEIRS",
            file=kept(world.organisation, kind="firmware"),
        ),
        transfer=commands.request(charger, GetLog(), SYSTEM).transfer,
        incident=Incident.objects.get(charger=charger),
        notification=Notification.objects.get(),
        view=SavedView.objects.create(owner=owner, name="THEIRS"),
        kiosk=KioskLink.objects.create(
            name="THEIRS", organisation=world.organisation, digest=b"THEIRS", boards=["fleet"]
        ),
        reservation=Reservation.objects.create(
            charger=charger, number=1, id_token="THEIRS-CARD", until=LATER, asked_at=NOON
        ),
        display=DisplayMessage.objects.create(
            charger=charger, number=1, contents=[{"content": "THEIRS"}], changed_at=NOON
        ),
        customer_report=CustomerReport.objects.create(
            charger=charger, request=1, asked_by=owner, asked_at=NOON
        ),
        profile=ChargingProfile.objects.create(
            charger=charger, evse=0, number=1, purpose="ChargingStationMaxProfile", body={},
            transaction_id="THEIRS", since=NOON,
        ),
        tariff=Tariff.objects.create(
            site=world.site, currency="EUR", energy=1, text="THEIRS", valid_from=NOON
        ),
        vendor_rule=VendorRule.objects.create(organisation=world.organisation, vendor="THEIRS"),
        contract=agreed(world.site),
        **ledger(evse, owner),
        **reported(world.organisation, owner),
        owner=owner,
    )  # fmt: skip


def member(name: str, organisation: Organisation) -> User:
    """Add an administrator: nobody may more in one organisation."""
    user = User.objects.create_user(name, f"{name}@example.org")
    Membership.objects.create(user=user, organisation=organisation, role=Role.ADMINISTRATOR)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def outsider(theirs: Things, shared: Shared) -> Client:
    """An administrator of another organisation, which has a site and a charger of its own."""
    return signed_in(shared.outsider)


def routes() -> dict[str, Any]:
    """Return all routes of the staff-facing listener with their views."""
    return {_plain(route): view for route, view in _walk(get_resolver().url_patterns, "")}


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


def _plain(route: str) -> str:
    """Write a regular expression's route like a path's: ^, $ and the groups' insides go."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).replace("^", "").replace("$", "")


def methods(view: Any) -> list[str]:
    """Return the methods of a view: those of its actions (API), or all that a page may have."""
    return sorted(getattr(view, "actions", {"get": "", "post": ""}))


def test_every_route_is_declared() -> None:
    declared = {*THEIRS, *LISTS, *UNSCOPED}
    new = {
        route
        for route in routes()
        if route not in declared and not route.startswith(UNSCOPED_TREES)
    }
    assert not new, f"Say in {__name__} how these are scoped: {sorted(new)}"


def test_nothing_is_declared_that_is_not_there() -> None:
    assert not {*THEIRS, *LISTS, *UNSCOPED} - set(routes())


@pytest.mark.parametrize("route", THEIRS)
def test_an_outsider_gets_404_for_another_tenant_s_object_whatever_the_method(
    theirs: Things, outsider: Client, route: str
) -> None:
    address = THEIRS[route].format(**vars(theirs))
    for method in methods(routes()[route]):
        answer = outsider.generic(method.upper(), address, "{}", content_type="application/json")
        allowed = {404} if route.startswith("api/") else {404, 405}
        assert answer.status_code in allowed, f"{method} {address}: {answer.content[:300]!r}"
        assert "THEIRS" not in answer.content.decode().replace(address, "")


@pytest.mark.parametrize("route", THEIRS)
def test_its_owner_does_not(theirs: Things, route: str) -> None:
    owner, address = signed_in(theirs.owner), THEIRS[route].format(**vars(theirs))
    told = {
        owner.generic(method, address, "{}", content_type="application/json").status_code
        for method in ("GET", "POST")
    }
    assert 404 not in told
    assert told != {405}


@pytest.mark.parametrize("route", LISTS)
def test_an_outsider_s_lists_have_nothing_of_another_tenant(
    theirs: Things, outsider: Client, route: str
) -> None:
    for extra in LISTS[route]:
        asked = extra.format(**vars(theirs))
        answer = outsider.get(f"/{route}{asked}")
        text = _body(answer).replace(asked, "").replace('value="THEIRS', "")
        found = [mark for mark in theirs.marks() if mark in text]
        assert answer.status_code in {200, 400, 404}
        assert not found or answer.status_code != 200, f"/{route}{asked} shows {found}"


@pytest.mark.parametrize("route", sorted(set(LISTS) - {"api/v1/meter-samples/", "places/"}))
def test_its_owner_s_lists_have_it(theirs: Things, route: str) -> None:
    answer = signed_in(theirs.owner).get(f"/{route}{LISTS[route][0]}")
    assert answer.status_code == 200
    assert any(mark in _body(answer) for mark in theirs.marks())


def _body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


def test_a_member_of_no_organisation_sees_nothing(theirs: Things) -> None:
    nobody = signed_in(User.objects.create_user("nobody"))
    for route, extras in LISTS.items():
        answer = nobody.get(f"/{route}{extras[0]}")
        assert answer.status_code in {200, 400, 403}
        assert not any(mark in _body(answer) for mark in theirs.marks()), route


def test_the_quarantine_is_for_superusers(theirs: Things, outsider: Client) -> None:
    refused = QuarantinedFact.objects.create(
        charger_id=theirs.charger.pk, received=NOON, kind="x", fact={"THEIRS": 1}, error="THEIRS"
    )
    for user in [outsider, signed_in(theirs.owner)]:
        assert "THEIRS" not in user.get("/api/v1/quarantine/").content.decode()
        assert user.get(f"/api/v1/quarantine/{refused.pk}/").status_code == 403


def test_the_back_office_is_for_staff(theirs: Things, outsider: Client) -> None:
    assert outsider.get("/admin/").status_code == 302


def test_without_a_sign_in_there_is_nothing(theirs: Things) -> None:
    for route, address in THEIRS.items():
        for method in methods(routes()[route]):
            answer = Client().generic(method.upper(), address.format(**vars(theirs)))
            assert answer.status_code in {302, 401, 403, 405}, f"{method} {route}"
    for route in LISTS:
        assert Client().get(f"/{route}").status_code in {302, 401, 403}, route
