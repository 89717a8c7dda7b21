"""What lists of the inventory can be filtered by."""

from datetime import date
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory import contracts
from inventory.models import (
    Charger,
    ChargerModel,
    Connector,
    Contract,
    Contractor,
    Evse,
    Lifecycle,
    Sim,
    Site,
)
from inventory.rest.filters import ChargerFilter, Filters, Flag, IdFilter, Instant


class Search(django_filters.CharFilter):  # type: ignore[misc]
    """Text that any of the `fields` contains, whatever the case."""

    def __init__(self, *fields: str) -> None:
        super().__init__(help_text=_("Part of: %s.") % ", ".join(fields))
        self.fields = fields

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rows that contain the text."""
        if not value:
            return queryset
        found = Q()
        for field in self.fields:
            found |= Q(**{f"{field}__icontains": value})
        return queryset.filter(found)


class SiteFilters(Filters):
    """Of sites."""

    organisation = IdFilter("organisation_id")
    updated_since = Instant("updated_at", "gte")
    search = Search("name", "address", "city")

    class Meta:
        model = Site
        fields: ClassVar[list[str]] = ["country", "city", "region"]


class ChargerFilters(Filters):
    """Of chargers."""

    organisation = IdFilter("site__organisation_id")
    site = IdFilter("site_id")
    sim = IdFilter("sim_id")
    lifecycle = django_filters.MultipleChoiceFilter(choices=Lifecycle.choices, distinct=False)
    vendor = django_filters.CharFilter("model__vendor", "iexact")
    model = django_filters.CharFilter("model__name", "iexact")
    updated_since = Instant("updated_at", "gte")
    search = Search("identity", "serial_number", "site__name", "notes")

    class Meta:
        model = Charger
        fields: ClassVar[list[str]] = ["firmware_version", "ocpp_version", "security_profile"]


class EvseFilters(Filters):
    """Of ports."""

    charger = ChargerFilter("charger_id")
    site = IdFilter("charger__site_id")
    discovered = Flag()

    class Meta:
        model = Evse
        fields: ClassVar[list[str]] = ["number", "evse_id"]


class ConnectorFilters(Filters):
    """Of connectors."""

    charger = ChargerFilter("evse__charger_id")
    evse = IdFilter("evse_id")
    site = IdFilter("evse__charger__site_id")
    discovered = Flag()

    class Meta:
        model = Connector
        fields: ClassVar[list[str]] = ["type"]


class ModelFilters(Filters):
    """Of charger models."""

    vendor = django_filters.CharFilter("vendor", "iexact")
    search = Search("vendor", "name")

    class Meta:
        model = ChargerModel
        fields: ClassVar[list[str]] = []


class SimFilters(Filters):
    """Of SIMs."""

    organisation = IdFilter("organisation_id")
    search = Search("iccid", "imsi", "operator", "apn")

    class Meta:
        model = Sim
        fields: ClassVar[list[str]] = ["iccid", "operator", "apn", "ip_address"]


class ContractorFilters(Filters):
    """Of contractors."""

    organisation = IdFilter("organisation_id")
    updated_since = Instant("updated_at", "gte")
    search = Search("name", "email", "phone")

    class Meta:
        model = Contractor
        fields: ClassVar[list[str]] = []


class ContractFilters(Filters):
    """Of contracts."""

    organisation = IdFilter("contractor__organisation_id")
    contractor = IdFilter("contractor_id")
    site = IdFilter("sites")
    in_force_on = django_filters.DateFilter(method="on_day", help_text=_("A day of the sites."))
    updated_since = Instant("updated_at", "gte")
    search = Search("name", "contractor__name")

    class Meta:
        model = Contract
        fields: ClassVar[list[str]] = []

    def on_day(self, queryset: QuerySet[Any], _name: str, day: date) -> QuerySet[Any]:
        """Return those that are in force on the day."""
        return contracts.in_force(queryset, day)
