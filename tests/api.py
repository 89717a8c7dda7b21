"""Two tenants and a client of the API, for the tests of every room's resources."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from inventory import tokens
from inventory.models import Charger, Connector, Evse, Membership, Organisation, Role, Sim, Site
from monitoring.facts import Status
from monitoring.models import ChargerState, PortState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Tenant:
    """An organisation with a site, a charger of two ports, and its people by role."""

    organisation: Organisation
    site: Site
    charger: Charger
    evses: list[Evse]

    @classmethod
    def make(cls, name: str) -> "Tenant":
        """Build it; the charger is `name`-1, online and available."""
        organisation = Organisation.objects.create(name=name, slug=name.lower())
        site = Site.objects.create(
            organisation=organisation, name=f"{name} Depot", timezone="Europe/Berlin"
        )
        charger, evses = add_charger(site, f"{name}-1")
        return cls(organisation, site, charger, evses)

    def person(self, role: Role, *sites: Site) -> User:
        """Add somebody who works here."""
        number = User.objects.count()
        user = User.objects.create_user(f"{role}-{number}")
        membership = Membership.objects.create(user=user, organisation=self.organisation, role=role)
        membership.sites.set(sites)
        return user

    def api(self, role: Role = Role.LEAD, *sites: Site) -> "Api":
        """Return a client with the token of somebody new."""
        return Api.of(self.person(role, *sites))

    def sim(self, iccid: str = "8949000000000000001") -> Sim:
        """Add a SIM."""
        return Sim.objects.create(organisation=self.organisation, iccid=iccid)


def add_charger(site: Site, identity: str, ports: int = 2) -> tuple[Charger, list[Evse]]:
    """Add a charger that is online since noon, with available ports of one connector."""
    charger = Charger.objects.create(site=site, identity=identity, commissioned_at=NOON)
    ChargerState.objects.create(charger=charger, online=True, since=NOON, last_seen=NOON)
    evses = [Evse.objects.create(charger=charger, number=n) for n in range(1, ports + 1)]
    for evse in evses:
        Connector.objects.create(evse=evse, type=Connector.Type.CCS2, max_power=150_000)
        PortState.objects.create(evse=evse, status=Status.AVAILABLE, since=NOON, noticed=NOON)
    return charger, evses


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any
    raw: bytes

    @property
    def results(self) -> list[Any]:
        """The rows of a list."""
        results: list[Any] = self.body["results"]
        return results

    def problem(self) -> dict[str, Any]:
        """Return the problem document; it must be one, and say its status."""
        assert self.headers["Content-Type"] == "application/problem+json", self.raw[:300]
        assert self.body["status"] == self.status
        assert {"type", "title", "detail"} <= set(self.body)
        problem: dict[str, Any] = self.body
        return problem


class Api:
    """Speaks JSON to /api/v1/ with a bearer token."""

    def __init__(self, token: str = "") -> None:
        self.client = Client()
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    @classmethod
    def of(cls, user: User, **about: Any) -> "Api":
        """Return a client with a new token of the user."""
        return cls(tokens.issue(user, "test", **about)[1])

    def get(self, path: str, *, accept: str = "*/*", **query: Any) -> Answer:
        """GET a resource; `from_` stands for `from`."""
        params = {name.rstrip("_"): value for name, value in query.items()}
        headers = {**self.headers, "accept": accept}
        response = self.client.get(_url(path), params, headers=headers)
        return _answer(response)

    def send(
        self, method: str, path: str, body: Any = None, *, key: str = "", raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:  # fmt: skip
        """Send `body` as JSON, or `raw` as it is, maybe with an Idempotency-Key."""
        data = json.dumps(body).encode() if raw is None else raw
        headers = {**self.headers, **({"idempotency-key": key} if key else {})}
        response = self.client.generic(method, _url(path), data, content_type, headers=headers)
        return _answer(response)

    def post(self, path: str, body: Any = None, **how: Any) -> Answer:
        """POST."""
        return self.send("POST", path, body, **how)

    def patch(self, path: str, body: Any, **how: Any) -> Answer:
        """PATCH."""
        return self.send("PATCH", path, body, **how)

    def delete(self, path: str, **how: Any) -> Answer:
        """DELETE."""
        return self.send("DELETE", path, raw=b"", **how)


def _url(path: str) -> str:
    return path if path.startswith(("/", "http")) else f"/api/v1/{path}"


def _answer(response: Any) -> Answer:
    raw = response.getvalue()
    kind = response.headers.get("Content-Type", "")
    is_json = "json" in kind and "ndjson" not in kind
    return Answer(
        response.status_code, json.loads(raw) if is_json and raw else None, response.headers, raw
    )
