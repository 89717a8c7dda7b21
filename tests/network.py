"""A network to look at: tenants, sites, chargers in any state, and people of each role."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client

from inventory.models import Charger, Evse, Membership, Organisation, Role, Site
from monitoring.facts import CloseReason, Status
from monitoring.models import ChargerState, ConnectionSpan, Gateway, PortState, StatusSpan

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBERS = count(1)


def tenant(name: str = "Nordstrom") -> Organisation:
    """Add an organisation."""
    return Organisation.objects.create(name=name, slug=name.lower())


def site(organisation: Organisation, name: str = "", **fields: object) -> Site:
    """Add a site, in Berlin unless said."""
    fields = {"city": "Berlin", "timezone": "Europe/Berlin"} | fields
    name = name or f"Site {next(NUMBERS)}"
    return Site.objects.create(organisation=organisation, name=name, **fields)


def person(
    name: str, role: Role, *organisations: Organisation, sites: tuple[Site, ...] = ()
) -> User:
    """Add a user with a role in the organisations, limited to `sites` if there are any."""
    user = User.objects.create_user(name, f"{name}@example.org", "a good long password")
    for organisation in organisations:
        membership = Membership.objects.create(user=user, organisation=organisation, role=role)
        membership.sites.set(sites)
    return user


def signed_in(user: User) -> Client:
    """Return a client that the user has signed in with."""
    client = Client()
    client.force_login(user)
    return client


def charger(
    place: Site,
    identity: str = "",
    *ports: Status,
    online: bool = True,
    since: datetime | None = NOON,
    status: str = "",
    **fields: object,
) -> Charger:
    """Add a charger whose ports have these statuses since `since`; never seen if that is None."""
    made = Charger.objects.create(
        site=place, identity=identity or f"CP-{next(NUMBERS):04}", **fields
    )
    if since is not None:
        ChargerState.objects.create(
            charger=made, online=online, since=since, last_seen=since, status=status
        )
    for number, reported in enumerate(ports, 1):
        port(made, number, reported, since)
    return made


def port(
    of: Charger, number: int, status: Status | None, since: datetime | None = NOON, **more: object
) -> Evse:
    """Add a port; one without a status never reported any."""
    evse = Evse.objects.create(charger=of, number=number)
    if status is not None:
        StatusSpan.objects.create(evse=evse, status=status, started=since or NOON)
        PortState.objects.create(evse=evse, status=status, since=since, **more)
    return evse


def connection(
    of: Charger,
    opened: datetime,
    closed: datetime | None = None,
    reason: CloseReason | str = "",
) -> ConnectionSpan:
    """Add a connection; open if `closed` is None."""
    gateway, _made = Gateway.objects.get_or_create(
        host="gateway", pid=1,
        defaults={"id": uuid4(), "started_at": NOON, "lease_until": NOON + timedelta(days=1)},
    )  # fmt: skip
    return ConnectionSpan.objects.create(
        charger=of, token=uuid4(), gateway=gateway, opened=opened, closed=closed, noticed=closed,
        close_reason=reason, peer="192.0.2.7", ocpp_version="1.6", security_profile=1,
    )  # fmt: skip


def streamed(answer: Any) -> str:
    """Return what a streamed answer says, as text."""
    return b"".join(answer.streaming_content).decode()
