"""A site with outages to decide about, and who decides."""

import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from inventory.models import Charger, Evse, Organisation, Role, Site
from monitoring.models import Outage
from monitoring.outages.exclusions import Wish
from monitoring.outages.scope import Scope
from tests import network


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a time in March 2026, UTC."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


NOW = at(20, 12)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A depot in Berlin: CP-1 with two ports, CP-2 with one; CP-1/1 was faulted on 3 March."""

    tenant: Organisation
    site: Site
    charger: Charger
    port: Evse
    beside: Evse
    other: Charger
    operator: User
    lead: User
    contractor: User
    outage: Outage


def ledger() -> Ledger:
    """Make one, the outage from 10:00 to 12:00 UTC."""
    owner = network.tenant()
    site = network.site(owner, "Depot")
    charger = network.charger(site, "CP-1", since=None, commissioned_at=at(1))
    port, beside = (Evse.objects.create(charger=charger, number=number) for number in (1, 2))
    other = network.charger(site, "CP-2", since=None, commissioned_at=at(1))
    Evse.objects.create(charger=other, number=1)
    people = {
        "operator": network.person("olga", Role.OPERATOR, owner),
        "lead": network.person("lea", Role.LEAD, owner),
        "contractor": network.person("carl", Role.CONTRACTOR, owner),
    }
    found = outage(port, at(3, 10), at(3, 12))
    return Ledger(owner, site, charger, port, beside, other, outage=found, **people)


def outage(port: Evse, started: datetime, ended: datetime | None, **fields: object) -> Outage:
    """Enter an outage: Faulted unless said."""
    until = ended or NOW
    seconds = (until - started).total_seconds()
    said = {"kind": "faulted", "cause": "hardware", "faulted": seconds} | fields
    return Outage.objects.create(
        evse=port, charger=port.charger, started=started, ended=ended, until=until, **said
    )


def wish(place: Site | Charger | Evse, start: datetime, end: datetime, **fields: Any) -> Wish:
    """Return what somebody wants to take out: a utility outage unless said."""
    said: dict[str, Any] = {"reason": "utility_outage", "note": "The grid was down."} | fields
    return Wish(Scope.at(place), start, end, **said)


def png(*more: tuple[bytes, bytes], width: int = 1) -> bytes:
    """Return a picture of black pixels, with `more` chunks."""
    pixels = zlib.compress(b"\0" * (3 * width + 1))
    head = struct.pack(">IIBBBBB", width, 1, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), *more, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check
