"""Who may see which reports; built on `inventory.access`.

A report of all of an organisation's sites is for members without a limit to sites; one of
named sites for whoever sees all of these. Others get 404, never 403.
"""

from django.db.models import Q, QuerySet

from cpms.reports.models import Delivery, Report, ReportFile, Subscription
from inventory import access
from inventory.access import Person
from inventory.models import Organisation


def reports(user: Person) -> QuerySet[Report]:
    """Reports that the user may read."""
    return Report.objects.filter(_visible(user))


def files(user: Person) -> QuerySet[ReportFile]:
    """Files of the reports that the user may read."""
    return ReportFile.objects.filter(report__in=reports(user))


def deliveries(user: Person) -> QuerySet[Delivery]:
    """What was sent of the reports that the user may read."""
    return Delivery.objects.filter(report__in=reports(user))


def subscriptions(user: Person) -> QuerySet[Subscription]:
    """Subscriptions to reports that the user may read."""
    return Subscription.objects.filter(_visible(user))


def makers(user: Person) -> QuerySet[Organisation]:
    """Organisations in which the user may have reports made."""
    return access.organisations_where(user, "make_reports")


def _visible(user: Person) -> Q:
    whole = access.whole_organisations(user).values("pk")
    mine = access.organisations(user).values("pk")
    if user.is_active and user.is_superuser:
        return Q()
    seen = list(access.sites(user).values_list("pk", flat=True)[:5_000])
    return Q(organisation__in=whole) | Q(organisation__in=mine, sites__contained_by=seen)


def seen_organisations(user: Person) -> QuerySet[Organisation]:
    """Organisations whose logo the user sees."""
    return access.organisations(user)
