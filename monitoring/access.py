"""What happened, as far as a person may see it; built on `inventory.access`."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from inventory import access
from inventory.access import Person
from inventory.models import Organisation
from monitoring.models import (
    Attempt,
    ConnectionAttempt,
    ConnectionSpan,
    ErrorMeaning,
    Event,
    Exclusion,
    MaintenanceWindow,
    MeterSample,
    Outage,
    PortState,
    QuarantinedFact,
    Session,
    SessionReconciliation,
    Sighting,
    StatusSpan,
)


def port_states(user: Person) -> QuerySet[PortState]:
    """Live state of the ports the user sees."""
    return PortState.objects.filter(evse__in=access.evses(user))


def connections(user: Person) -> QuerySet[ConnectionSpan]:
    """Connections of the chargers the user sees."""
    return ConnectionSpan.objects.filter(charger__in=access.chargers(user))


def status_spans(user: Person) -> QuerySet[StatusSpan]:
    """Status history of the ports the user sees."""
    return StatusSpan.objects.filter(evse__in=access.evses(user))


def sessions(user: Person) -> QuerySet[Session]:
    """Sessions at the chargers the user sees."""
    return Session.objects.filter(charger__in=access.chargers(user))


def reconciliations(user: Person) -> QuerySet[SessionReconciliation]:
    """Verdicts on the meters of sessions at the chargers the user sees."""
    return SessionReconciliation.objects.filter(charger__in=access.chargers(user))


def attempts(user: Person) -> QuerySet[Attempt]:
    """Drivers' attempts at the ports the user sees."""
    return Attempt.objects.filter(evse__in=access.evses(user))


def outages(user: Person) -> QuerySet[Outage]:
    """Outages of the ports the user sees."""
    return Outage.objects.filter(charger__in=access.chargers(user))


def exclusions(user: Person) -> QuerySet[Exclusion]:
    """Exclusions, proposed and decided, at the sites the user sees."""
    return Exclusion.objects.filter(site__in=access.sites(user)).defer("photo")


def maintenance_windows(user: Person) -> QuerySet[MaintenanceWindow]:
    """Work planned at the sites the user sees."""
    return MaintenanceWindow.objects.filter(site__in=access.sites(user))


def error_meanings(user: Person) -> QuerySet[ErrorMeaning]:
    """What error codes mean: to the user's organisations, and to everybody."""
    everybodys = Q(organisation=None) if user.is_authenticated else Q(pk__in=())
    return ErrorMeaning.objects.filter(everybodys | Q(organisation__in=access.organisations(user)))


def meter_samples(user: Person) -> QuerySet[MeterSample]:
    """Meter samples of the chargers the user sees."""
    return MeterSample.objects.filter(charger_id__in=access.chargers(user).values("pk"))


def events(user: Person) -> QuerySet[Event]:
    """Events of the chargers the user sees."""
    return Event.objects.filter(charger__in=access.chargers(user))


def sightings(user: Person) -> QuerySet[Sighting]:
    """Sightings of the chargers the user sees, and of nobody's where they see everybody's.

    An unknown identity may be any tenant's charger, so it shows only to people who see all
    sites of every organisation.
    """
    if user.is_active and user.is_superuser:
        return Sighting.objects.all()
    seen = access.chargers(user)
    theirs = Q(charger__in=seen) | Q(linked__in=seen)
    return Sighting.objects.filter(theirs | (Q(charger=None) & _sees_everything(user)))


def connection_attempts(user: Person) -> QuerySet[ConnectionAttempt]:
    """How the chargers the user sees came in, or didn't; strangers as in `sightings`."""
    if user.is_active and user.is_superuser:
        return ConnectionAttempt.objects.all()
    theirs = Q(charger__in=access.chargers(user))
    return ConnectionAttempt.objects.filter(theirs | (Q(charger=None) & _sees_everything(user)))


def quarantined(user: Person) -> QuerySet[QuarantinedFact]:
    """Facts the database refused, for the installation's own staff."""
    staff = user.is_active and user.is_superuser
    return QuarantinedFact.objects.all() if staff else QuarantinedFact.objects.none()


def _sees_everything(user: Person) -> Q:
    if not user.is_active or not user.is_authenticated:
        return Q(pk__in=())
    whole = user.memberships.filter(organisation=OuterRef("pk"), sites=None)
    return Q(~Exists(Organisation.objects.filter(~Exists(whole))))
