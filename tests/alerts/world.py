"""A small network to raise alerts about, and the moments at which the stories happen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from django.contrib.auth.models import User

from alerts.clock import Look
from alerts.models import DetectorName, Incident, Rule
from inventory.models import Charger, Evse, Membership, Organisation, Role, Site
from monitoring.facts import CloseReason, Status
from monitoring.models import ChargerState, ConnectionSpan, Gateway, PortState, StatusSpan

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NUMBERS = count(1)


def minutes(number: float) -> timedelta:
    """Return a number of minutes."""
    return timedelta(minutes=number)


def seen_at(
    now: datetime, *, watching_since: datetime = LONG_AGO, jumped_at: datetime | None = None
) -> Look:
    """Return the look of an engine that has been looking without a break."""
    return Look(now, watching_since, jumped_at)


@dataclass
class World:
    """One organisation with one site, a running gateway, and whatever a test adds."""

    organisation: Organisation
    site: Site
    gateway: Gateway

    @classmethod
    def make(cls, name: str = "Nordstrom") -> "World":
        """Build the organisation, its site and the gateway."""
        organisation = Organisation.objects.create(name=name, slug=name.lower())
        site = Site.objects.create(
            organisation=organisation, name=f"{name} Mitte", city="Berlin", timezone="Europe/Berlin"
        )
        return cls(organisation, site, make_gateway())

    def charger(self, identity: str = "", **fields: object) -> Charger:
        """Add an active charger that is online since long ago."""
        charger = Charger.objects.create(
            site=self.site, identity=identity or f"CP-{next(NUMBERS):04}", **fields
        )
        ChargerState.objects.create(charger=charger, online=True, since=LONG_AGO, last_seen=NOON)
        return charger

    def lose(
        self, charger: Charger, at: datetime, reason: CloseReason = CloseReason.PING_TIMEOUT
    ) -> None:
        """End the charger's connection; `at` is its last proof of life, noticed 30 s later."""
        ConnectionSpan.objects.create(
            charger=charger, token=uuid4(), gateway=self.gateway, opened=at - minutes(0.5),
            closed=at, noticed=at + timedelta(seconds=30), close_reason=reason,
            peer="192.0.2.7", ocpp_version="1.6", security_profile=1,
        )  # fmt: skip
        ChargerState.objects.filter(charger=charger).update(online=False, since=at, last_seen=at)

    def bring_back(self, charger: Charger, at: datetime) -> None:
        """Have the charger connected again."""
        ChargerState.objects.filter(charger=charger).update(online=True, since=at, last_seen=at)

    def port(self, charger: Charger, number: int = 1) -> Evse:
        """Add a port that is available since long ago."""
        port = Evse.objects.create(charger=charger, number=number)
        StatusSpan.objects.create(evse=port, status=Status.AVAILABLE, started=LONG_AGO)
        PortState.objects.create(
            evse=port, status=Status.AVAILABLE, since=LONG_AGO, noticed=LONG_AGO
        )
        return port

    def report(
        self,
        port: Evse,
        status: Status,
        at: datetime,
        code: str = "",
        noticed: datetime | None = None,
    ) -> None:
        """Have the port report a status, as the writer stores it."""
        StatusSpan.objects.filter(evse=port, ended=None).update(ended=at)
        StatusSpan.objects.create(evse=port, status=status, started=at, error_code=code)
        state = PortState.objects.get(evse=port)
        if state.status != status:
            state.noticed = noticed or at
        state.status, state.since, state.error_code = status, at, code
        state.save()

    def person(self, name: str, role: Role, *sites: Site, email: str | None = None) -> User:
        """Add somebody who works here."""
        address = f"{name}@example.org" if email is None else email
        user = User.objects.create_user(name, address)
        membership = Membership.objects.create(user=user, organisation=self.organisation, role=role)
        membership.sites.set(sites)
        return user

    def rule(self, detector: DetectorName, **settings: object) -> Rule:
        """Write the organisation's own rule; 5 min hold-off, 2 min clear delay unless said."""
        defaults = {"hold_off": 300, "clear_delay": 120, "severity": 2}
        return Rule.objects.create(
            organisation=self.organisation, detector=detector, **{**defaults, **settings}
        )


def make_gateway(
    started_at: datetime = LONG_AGO, until: datetime = NOON + timedelta(days=2)
) -> Gateway:
    """Add a gateway with a lease."""
    return Gateway.objects.create(
        id=uuid4(), host="node", pid=7, started_at=started_at, lease_until=until
    )


def only_incident() -> Incident:
    """Return the one incident there is."""
    return Incident.objects.get()
