"""What a module's cases share: a gateway, an organisation with its tokens, an operator."""

import base64
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import websockets
from django.contrib.auth.models import User
from django.db import connection

from cpms.control.models import Token
from inventory.models import Charger, Connector, Evse, Membership, Organisation, Role, Site
from tests import tables
from tests.conformance.asking import Operator
from tests.conformance.station import Station
from tests.cpms.ocpp.conftest import RunningGateway

PASSWORD = "00112233445566778899aabbccddeeff00112233"
#: What the cases call VALID and so on, as tokens of the organisation.
GROUP, MASTER_GROUP = "GROUP-1", "MASTER-GROUP"
TOKENS: dict[str, dict[str, Any]] = {
    "VALID": {},
    "VALID-A": {"group": GROUP},
    "VALID-B": {"group": GROUP},
    "BLOCKED": {"status": Token.Status.BLOCKED},
    "EXPIRED": {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
    "MASTERPASS": {"group": MASTER_GROUP, "master_pass": True},
}
UNKNOWN = "NOBODYS"


@dataclass
class World:
    """The rows that a module's cases share."""

    site: Site
    operator: User

    @classmethod
    def make(cls) -> "World":
        """Store them; before the gateway starts, which then knows the tokens."""
        organisation = Organisation.objects.create(name="Conformity", slug="conformity")
        site = Site.objects.create(
            organisation=organisation, name="Test bench", timezone="Europe/Berlin"
        )
        for name, about in TOKENS.items():
            Token.objects.create(organisation=organisation, id_token=name, **about)
        operator = User.objects.create_user("olga")
        Membership.objects.create(user=operator, organisation=organisation, role=Role.LEAD)
        return cls(site, operator)

    def charger(self, identity: str, version: str, ports: int, **fields: Any) -> Charger:
        """Store a charger that `PASSWORD` lets in, each port with one connector."""
        made = Charger(site=self.site, identity=identity, ocpp_version=version, **fields)
        made.set_password(PASSWORD)
        made.save()
        for number in range(1, ports + 1):
            evse = Evse.objects.create(charger=made, number=number)
            Connector.objects.create(evse=evse, number=1)
        return made


def tear_down() -> None:
    """Empty the database."""
    tables.empty()
    connection.close()


@dataclass
class Stage:
    """Where a module's cases are played."""

    world: World
    gateway: RunningGateway
    operator: Operator

    async def connect(
        self,
        identity: str,
        version: str,
        password: str | None = PASSWORD,
        user: str | None = None,
        subprotocols: list[str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Station:
        """Connect as a station, over TLS where its settings are given.

        Raises `websockets.InvalidStatus` where it is refused.
        """
        headers = {}
        if password is not None:
            basic = base64.b64encode(f"{user or identity}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        socket = await websockets.connect(
            self.gateway.url(identity, tls=tls is not None),
            additional_headers=headers,
            ssl=tls,
            subprotocols=subprotocols or [f"ocpp{version}"],  # type: ignore[arg-type]
            ping_interval=None,
        )
        station = Station(socket, version)
        station.listen()
        return station
