"""The API's addresses: every room's resources under /api/v1/, its description, and nothing else.

A room above may say more of a resource than the one below: its entry takes the place.
"""

from typing import Any, NoReturn

from django.urls import include, path, re_path
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

import alerts.api
import cpms.control.api.app
import cpms.control.api.certificates
import cpms.control.api.customers
import cpms.control.api.files
import cpms.control.api.firmware
import cpms.control.api.outside
import cpms.control.api.reservations
import cpms.control.api.sessions
import cpms.control.api.settings
import cpms.control.api.tariffs
import cpms.control.api.tokens
import cpms.control.api.vendor_rules
import cpms.ocpp.api
import cpms.ocpp.bulk_api
import cpms.ocpp.profiles_api
import cpms.reports.api.kpis
import cpms.reports.api.reports
import inventory.api
import monitoring.api

RESOURCES = {
    **inventory.api.RESOURCES,
    **monitoring.api.RESOURCES,
    **alerts.api.RESOURCES,
    **cpms.reports.api.kpis.RESOURCES,
    **cpms.reports.api.reports.RESOURCES,
    **cpms.control.api.tokens.RESOURCES,
    **cpms.control.api.app.RESOURCES,
    **cpms.control.api.certificates.RESOURCES,
    **cpms.control.api.customers.RESOURCES,
    **cpms.control.api.firmware.RESOURCES,
    **cpms.control.api.outside.RESOURCES,
    **cpms.control.api.reservations.RESOURCES,
    **cpms.control.api.sessions.RESOURCES,
    **cpms.control.api.tariffs.RESOURCES,
    **cpms.control.api.vendor_rules.RESOURCES,
    **cpms.ocpp.api.RESOURCES,
    **cpms.ocpp.bulk_api.RESOURCES,
}


@extend_schema(exclude=True)
class Nothing(APIView):
    """What isn't there is answered like every other error of the API, for any method."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Say so."""
        raise NotFound(_("There is nothing at this address; see /api/docs/."))


def _router() -> DefaultRouter:
    router = DefaultRouter()
    router.include_format_suffixes = False  # An identity may have dots.
    for name, viewset in RESOURCES.items():
        router.register(name, viewset, basename=name)
    nested: dict[str, tuple[Any, str]] = {**cpms.ocpp.api.NESTED, **cpms.control.api.files.NESTED}
    nested |= cpms.ocpp.profiles_api.NESTED
    nested |= cpms.control.api.settings.NESTED
    nested |= cpms.reports.api.reports.NESTED
    for address, (viewset, name) in nested.items():
        router.register(address, viewset, basename=name)
    return router


urlpatterns = [
    path("v1/", include(_router().urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", TemplateView.as_view(template_name="web/api_docs.html"), name="api-docs"),
    re_path(r"", Nothing.as_view()),
]
