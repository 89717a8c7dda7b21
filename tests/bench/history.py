"""A made-up past of a fleet, written with COPY: for benchmarks and page-speed tests.

    history = generate(chargers=1_000, ports=2, days=30, seed=1, until=now)

Believable in kind and number: a port sees some five drivers a day, most of whom charge, one
charger in seven has a bad link, ports break and are repaired. The same arguments make the
same past. The fleet is left as it is at `until`: connected, some ports charging.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from inventory.models import Charger, ChargerModel, Connector, Evse, Organisation, Site
from monitoring.facts import CloseReason, Status
from monitoring.models import Gateway

ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/London", "America/New_York")
CHARGERS_PER_SITE = 8
CHARGERS_PER_COPY = 100
JSON, FLAGS = Jsonb({}), Jsonb([])
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

COLUMNS = {
    "monitoring_connectionspan": {
        "charger_id": "int8",
        "token": "uuid",
        "gateway_id": "uuid",
        "opened": "timestamptz",
        "closed": "timestamptz",
        "noticed": "timestamptz",
        "close_reason": "text",
        "peer": "text",
        "ocpp_version": "text",
        "security_profile": "int2",
        "missed_pings": "int4",
    },
    "monitoring_statusspan": {
        "evse_id": "int8",
        "started": "timestamptz",
        "ended": "timestamptz",
        **dict.fromkeys(("status", "error_code", "vendor_error_code", "info"), "text"),
    },
    "monitoring_session": {
        "id": "int8",
        "charger_id": "int8",
        "evse_id": "int8",
        "connector": "int2",
        "transaction_id": "text",
        "id_token": "text",
        "stop_token": "text",
        "authorization": "text",
        "started": "timestamptz",
        "ended": "timestamptz",
        "received": "timestamptz",
        "updated": "timestamptz",
        "energy": "float8",
        **dict.fromkeys(("meter_start", "meter_stop", "peak_power", "soc"), "float8"),
        "charging_state": "text",
        "stop_reason": "text",
        "offline": "bool",
        "flags": "jsonb",
    },
    "monitoring_event": {
        "charger_id": "int8",
        "kind": "text",
        "at": "timestamptz",
        "received": "timestamptz",
        "offset_ms": "int4",
        "severity": "int2",
        "code": "text",
        "text": "text",
        "data": "jsonb",
    },
    "monitoring_chargerstate": {
        "charger_id": "int8",
        "online": "bool",
        "since": "timestamptz",
        "connection": "uuid",
        "last_seen": "timestamptz",
        "boot_reason": "text",
        "status": "text",
        "error_code": "text",
    },
    "monitoring_portstate": {
        "evse_id": "int8",
        "status": "text",
        "since": "timestamptz",
        "session_id": "int8",
        **dict.fromkeys(("error_code", "vendor_error_code", "info"), "text"),
        "power": "float8",
        "connectors": "jsonb",
    },
}


@dataclass(frozen=True, slots=True)
class History:
    """What was made."""

    chargers: list[Charger]
    ports: list[Evse]
    start: datetime
    until: datetime
    #: Rows by table.
    rows: dict[str, int]


def generate(
    chargers: int = 1_000, ports: int = 2, days: int = 30, seed: int = 1, *, until: datetime
) -> History:
    """Make a fleet and its past of `days` days before `until`, all in one transaction."""
    start = until - timedelta(days=days)
    with transaction.atomic():
        fleet = _fleet(chargers, start, seed)
        evses = _ports(fleet, ports)
        rows = live_through(fleet, evses, start, until, seed)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return History(fleet, [evse for each in evses.values() for evse in each], start, until, rows)


def live_through(
    fleet: list[Charger], evses: dict[int, list[Evse]], start: datetime, until: datetime, seed: int
) -> dict[str, int]:
    """Write the past of chargers that have none, given their ports; return the rows by table.

    They are left connected to a gateway whose lease is far away: end it for them to be lost.
    """
    gateway = _gateway(start, until, seed)
    past = _Past(random.Random(seed), start, until, gateway, _first_session())
    for done, charger in enumerate(fleet, 1):
        _write_charger(past, charger, evses[charger.pk])
        if done % CHARGERS_PER_COPY == 0 or done == len(fleet):
            past.copy()
    _skip_sessions(past.sessions)
    return dict(past.counts)


def _fleet(count: int, start: datetime, seed: int) -> list[Charger]:
    owners = [
        Organisation.objects.get_or_create(slug=f"bench-{name}", defaults={"name": name})[0]
        for name in ("North Power", "Ladegut", "City Charge")
    ]
    sites = Site.objects.bulk_create(
        Site(
            organisation=owners[n % 3],
            name=f"Site {seed}-{n:04}",
            city="Hamburg",
            latitude=53.5 + n % 50 / 100,
            longitude=10 + n % 70 / 100,
            timezone=ZONES[n % len(ZONES)],
        )
        for n in range(-(-count // CHARGERS_PER_SITE))
    )
    models = [
        ChargerModel.objects.get_or_create(vendor=vendor, name=name)[0]
        for vendor, name in (("Alpitronic", "HYC300"), ("ABB", "Terra 184"), ("Kempower", "S"))
    ]
    return Charger.objects.bulk_create(
        Charger(
            site=sites[n // CHARGERS_PER_SITE],
            identity=f"BENCH-{seed}-{n:05}",
            model=models[n % 3],
            serial_number=f"{n:08}",
            firmware_version=f"1.{n % 4}.0",
            ocpp_version=("1.6", "2.0.1")[n % 5 == 0],
            commissioned_at=start,
        )
        for n in range(count)
    )


def _ports(fleet: list[Charger], ports: int) -> dict[int, list[Evse]]:
    made = Evse.objects.bulk_create(
        Evse(charger=charger, number=number) for charger in fleet for number in range(1, ports + 1)
    )
    Connector.objects.bulk_create(
        Connector(evse=evse, number=1, type=Connector.Type.CCS2, max_power=150_000) for evse in made
    )
    found = defaultdict(list)
    for evse in made:
        found[evse.charger_id].append(evse)
    return found


def _gateway(start: datetime, until: datetime, seed: int) -> uuid.UUID:
    lease = until + timedelta(days=3650)
    return Gateway.objects.create(
        id=uuid.uuid5(uuid.NAMESPACE_OID, f"bench-{seed}"),
        host="bench",
        pid=1,
        started_at=start,
        lease_until=lease,
    ).id


def _first_session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('monitoring_session_id')")
        return int(cursor.fetchone()[0])


def _skip_sessions(last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('monitoring_session_id', %s)", [last + 1_000])


@dataclass(slots=True)
class _Past:
    """Rows being made; times are seconds after the start."""

    rng: random.Random
    start: datetime
    until: datetime
    gateway: uuid.UUID
    sessions: int
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def length(self) -> float:
        """Seconds from the start to the end."""
        return (self.until - self.start).total_seconds()

    def at(self, seconds: float) -> datetime:
        """Return the time that is `seconds` after the start."""
        return self.start + timedelta(seconds=round(seconds, 3))

    def end(self, seconds: float) -> datetime | None:
        """Return the time of an end, None if it is yet to come."""
        return self.at(seconds) if seconds < self.length else None

    def add(self, table: str, *row: Any) -> None:
        """Add a row in the order of `COLUMNS`."""
        self.rows[f"monitoring_{table}"].append(row)

    def copy(self) -> None:
        """Write the rows."""
        for table, rows in self.rows.items():
            columns = COLUMNS[table]
            names = ", ".join(f'"{name}"' for name in columns)
            statement = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.set_types(list(columns.values()))
                for row in rows:
                    copy.write_row(row)
            self.counts[table] += len(rows)
        self.rows.clear()


def _write_charger(past: _Past, charger: Charger, evses: list[Evse]) -> None:
    _write_connections(past, charger, bad_link=past.rng.random() < 1 / 7)
    for evse in evses:
        _write_port(past, charger, evse)


def _write_connections(past: _Past, charger: Charger, *, bad_link: bool) -> None:
    rng, at = past.rng, past.rng.uniform(0, HOUR)
    while True:
        lasts = rng.expovariate(1 / (4 * HOUR if bad_link else 5 * DAY))
        token = uuid.UUID(int=rng.getrandbits(128), version=4)
        closed = past.end(at + lasts)
        reason = rng.choice(REASONS) if closed else ""
        past.add(
            "connectionspan", charger.pk, token, past.gateway, past.at(at), closed, closed, reason,
            "10.0.0.1", charger.ocpp_version, 1, 0,
        )  # fmt: skip
        if closed is None:
            break
        gone = rng.uniform(HOUR / 2, 8 * HOUR) if rng.random() < 0.03 else rng.uniform(2, 90)
        at += lasts + gone
        if at >= past.length:
            break
    online = closed is None
    past.add(
        "chargerstate", charger.pk, online, closed or past.at(at), token if online else None,
        closed or past.until, "PowerUp", "", "",
    )  # fmt: skip


REASONS = [
    *[CloseReason.LOST.value] * 5, *[CloseReason.PING_TIMEOUT.value] * 3, CloseReason.CLEAN.value,
    CloseReason.GATEWAY_RESTART.value,
]  # fmt: skip


def _write_port(past: _Past, charger: Charger, evse: Evse) -> None:
    at, spans, running = past.rng.uniform(0, HOUR), [], None
    spans.append((at, Status.AVAILABLE, ""))
    while at < past.length:
        at += past.rng.expovariate(1 / (4 * HOUR)) + MINUTE
        for span in _visit(past, charger, evse, at):
            spans.append(span)
            at = span[0]
    running = _running(past, evse)
    spans = [span for span in spans if span[0] < past.length]
    for number, (start, status, error) in enumerate(spans):
        end = past.at(spans[number + 1][0]) if number + 1 < len(spans) else None
        past.add(
            "statusspan", evse.pk, past.at(start), end, status.value, error or "NoError", "", ""
        )
    start, status, error = spans[-1]
    past.add(
        "portstate", evse.pk, status.value, past.at(start), running, error, "", "",
        50_000.0 if running else None, JSON,
    )  # fmt: skip


def _visit(
    past: _Past, charger: Charger, evse: Evse, at: float
) -> Iterator[tuple[float, Status, str]]:
    """Yield the statuses (start, status, error) of one driver's visit, Available at its end."""
    rng, kind = past.rng, past.rng.random()
    token = f"{rng.randrange(5_000):08X}"
    yield at, Status.PREPARING, ""
    at += rng.uniform(5, 60)
    if kind < 0.98:
        _write_authorization(past, charger, at, token, "Accepted" if kind < 0.96 else "Invalid")
    if kind >= 0.96:
        yield at + rng.uniform(20, 120), Status.AVAILABLE, ""
        return
    at += rng.uniform(2, 15)
    yield at, Status.CHARGING, ""
    lasts = rng.uniform(12, 60) * MINUTE
    broken = kind < 0.02
    reason = "PowerLoss" if 0.02 <= kind < 0.03 else "" if broken else rng.choice(STOPS)
    energy = rng.uniform(0, 90) if 0.03 <= kind < 0.05 else lasts / HOUR * rng.uniform(1e4, 8e4)
    _write_session(past, charger, evse, (at, at + lasts), token, energy, reason)
    at += lasts
    if broken:
        yield at, Status.FAULTED, rng.choice(["GroundFailure", "EVCommunicationError"])
        at += rng.expovariate(1 / (5 * HOUR))
    elif rng.random() < 0.3:
        yield at - lasts * rng.uniform(0.05, 0.2), Status.SUSPENDED_EV, ""
    yield at, Status.FINISHING, ""
    at += rng.expovariate(1 / (4 * MINUTE)) + 2
    yield at, Status.AVAILABLE, ""
    if rng.random() < 0.002:
        yield at + HOUR, Status.UNAVAILABLE, ""
        yield at + HOUR + rng.uniform(0.5, 6) * HOUR, Status.AVAILABLE, ""


STOPS = ["Local", "Local", "EVDisconnected", "Remote", "Other"]


def _write_authorization(past: _Past, charger: Charger, at: float, token: str, code: str) -> None:
    if at < past.length:
        when = past.at(at)
        past.add("event", charger.pk, "authorization", when, when, 0, 6, code, token, JSON)


def _write_session(
    past: _Past,
    charger: Charger,
    evse: Evse,
    window: tuple[float, float],
    token: str,
    energy: float,
    reason: str,
) -> None:
    start, end = window
    if start >= past.length:
        return
    past.sessions += 1
    ended, meter = past.end(end), past.rng.uniform(0, 1e8)
    stop = token if ended else ""
    past.add(
        "session", past.sessions, charger.pk, evse.pk, 1, str(past.sessions), token, stop,
        "Accepted", past.at(start), ended, past.at(start), ended or past.until, energy, meter,
        meter + energy if ended else None, 120_000.0, 80.0, "", reason if ended else "", False,
        FLAGS,
    )  # fmt: skip


def _running(past: _Past, evse: Evse) -> int | None:
    sessions = past.rows["monitoring_session"]
    if sessions and sessions[-1][2] == evse.pk and sessions[-1][9] is None:
        return int(sessions[-1][0])
    return None
