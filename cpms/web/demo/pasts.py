"""Gives the demo's chargers a past, once: rows as the gateway would have left them, and what
people decided about them.

All that is made up ends where a charger's own record begins: when it was commissioned.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from cpms.web.demo import past
from cpms.web.demo.network import TAG
from cpms.web.demo.past import Charge, Past, PortPast
from inventory.models import (
    Charger,
    Connector,
    Contract,
    Contractor,
    Evse,
    ExclusionReason,
    Organisation,
    Site,
)
from monitoring.kpis import rollup
from monitoring.models import ConnectionSpan, Exclusion, Gateway, MaintenanceWindow, Outage
from monitoring.outages import exclusions, maintenance
from monitoring.outages.errors import LedgerError
from monitoring.outages.scope import Scope

#: The gateway that all of it came through.
HOST = "demo-past"
ROOM = UUID("6f1d2f86-9d36-4f0e-9a4c-0f1c8f3f7a11")
LENGTH = timedelta(seconds=past.LENGTH)
SESSION_BLOCK = 1_000
#: Table -> the columns that are written.
TABLES: Mapping[str, Sequence[str]] = {
    "connectionspan": (
        *("charger_id", "token", "gateway_id", "opened", "closed", "noticed", "close_reason"),
        *("peer", "ocpp_version", "security_profile", "rtt_p50", "rtt_p95", "missed_pings"),
    ),
    "statusspan": (
        *("evse_id", "started", "ended", "status", "error_code", "vendor_error_code", "info"),
    ),
    "session": (
        *("id", "charger_id", "evse_id", "connector", "transaction_id", "id_token", "stop_token"),
        *("authorization", "started", "ended", "received", "updated", "meter_start", "meter_stop"),
        *("energy", "peak_power", "charging_state", "stop_reason", "offline", "flags"),
    ),
    "event": (
        *("charger_id", "kind", "at", "received", "offset_ms", "severity", "code", "text", "data"),
    ),
}


def give(now: datetime) -> int:
    """Write the past of the demo's chargers that have none; return how many got one.

    All of it or nothing; roll-ups, outages and decisions follow. `now` is aware.
    """
    made = _write(now)
    if made:
        rollup.settle(now)
        rollup.refresh(now)
    if not Exclusion.objects.exists():
        _decide(now)
        rollup.recompute_dirty(now)
    return made


@transaction.atomic
def _write(now: datetime) -> int:
    new = [charger for charger in _without_past() if charger.commissioned_at]
    if not new:
        return 0
    until = min(charger.commissioned_at or now for charger in new)
    gateway, _made = Gateway.objects.get_or_create(
        host=HOST, pid=0,
        defaults={"id": uuid5(ROOM, HOST), "started_at": until - LENGTH, "lease_until": until,
                  "ended_at": until},
    )  # fmt: skip
    rows = _Rows(gateway.pk)
    for charger in new:
        ports = list(charger.evses.all())
        rows.add(charger, ports, _past(charger, ports))
    rows.write()
    for charger in new:
        charger.commissioned_at = (charger.commissioned_at or now) - LENGTH
    Charger.objects.bulk_update(new, ["commissioned_at"])
    _agree(new)
    _plan(until - LENGTH)
    return len(new)


def _without_past() -> Iterable[Charger]:
    told = ConnectionSpan.objects.filter(charger=OuterRef("pk"), gateway__host=HOST)
    ours = Charger.objects.filter(~Exists(told), tags__contains=[TAG])
    return ours.prefetch_related("evses__connectors").order_by("pk")


def _past(charger: Charger, ports: Sequence[Evse]) -> Past:
    connectors = [connector for evse in ports for connector in evse.connectors.all()]
    power = max((connector.max_power or 0 for connector in connectors), default=11_000)
    is_dc = any(connector.type == Connector.Type.CCS2 for connector in connectors)
    return past.of(charger.identity, len(ports), power, is_dc=is_dc)


@dataclass
class _Rows:
    """Rows to be written, by table."""

    gateway: UUID
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, charger: Charger, ports: Sequence[Evse], lived: Past) -> None:
        """Add what happened at a charger before it was commissioned."""
        assert charger.commissioned_at is not None
        began = charger.commissioned_at - LENGTH
        chance = Random(f"rows/{charger.identity}")  # noqa: S311 the same every time, no secret
        for place, link in enumerate(lived.links):
            token = uuid5(ROOM, f"{charger.identity}/{place}")
            closed, trip = began + _span(link.closed), chance.uniform(25, 160)
            self.rows["connectionspan"].append(
                (charger.pk, token, self.gateway, began + _span(link.opened), closed, closed,
                 link.reason.value, "192.0.2.10", charger.ocpp_version or "1.6", 1, trip,
                 trip * chance.uniform(2, 6), 0)
            )  # fmt: skip
        for evse, port in zip(ports, lived.ports, strict=True):
            self._add_port(charger, evse, port, began, chance)

    def _add_port(
        self, charger: Charger, evse: Evse, port: PortPast, began: datetime, chance: Random
    ) -> None:
        ends = [later.at for _said, later in pairwise(port.said)] + [past.LENGTH]
        for said, end in zip(port.said, ends, strict=True):
            if said.at < end:
                self.rows["statusspan"].append(
                    (evse.pk, began + _span(said.at), began + _span(end), said.status.value,
                     said.error or "NoError", "", "")
                )  # fmt: skip
        for card in port.cards:
            at = began + _span(card.at)
            self.rows["event"].append(
                (charger.pk, "authorization", at, at, 0, 6, card.answer, card.token, "{}")
            )
        register = chance.uniform(1e6, 2e7)
        for charge in port.charges:
            register = self._add_session(charger, evse, charge, began, register)

    def _add_session(
        self, charger: Charger, evse: Evse, charge: Charge, began: datetime, register: float
    ) -> float:
        """Add a session that begins at a register; return where the register ends."""
        start, end = began + _span(charge.start), began + _span(charge.end)
        first, last = round(register), round(register + charge.energy + charge.odd)
        fell = last < first
        energy = None if fell else float(last - first)
        flags = '["meter_backwards"]' if fell else "[]"
        self.rows["session"].append(
            (None, charger.pk, evse.pk, 1, None, charge.token, charge.token, "Accepted", start,
             end, start, end, first, last, energy, charge.peak, "", charge.reason, False, flags)
        )  # fmt: skip
        return float(last)

    def write(self) -> None:
        """Write all of them."""
        keys = _session_keys(len(self.rows["session"]))
        self.rows["session"] = [
            (key, *row[1:4], f"P{key}", *row[5:])
            for key, row in zip(keys, self.rows["session"], strict=True)
        ]
        with connection.cursor() as cursor:
            for table, columns in TABLES.items():
                names = ", ".join(f'"{name}"' for name in columns)
                with cursor.copy(f"COPY monitoring_{table} ({names}) FROM STDIN") as copy:
                    for row in self.rows[table]:
                        copy.write_row(row)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds, 3))


def _session_keys(number: int) -> list[int]:
    """Return so many keys that no gateway will use: they take them in blocks."""
    blocks = -(-number // SESSION_BLOCK)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('monitoring_session_id') FROM generate_series(1, %s)", [blocks]
        )
        starts = [start for (start,) in cursor.fetchall()]
    keys = (key for start in starts for key in range(start, start + SESSION_BLOCK))
    return [key for key, _place in zip(keys, range(number), strict=False)]


def _agree(chargers: Sequence[Charger]) -> None:
    """Have a firm look after the German sites, and another after the American ones."""
    for name, country, target in (("Brandt Elektro", "DE", 0.98), ("Golden State EV", "US", 0.97)):
        sites = Site.objects.filter(chargers__in=chargers, country=country).distinct()
        for organisation in Organisation.objects.filter(sites__in=sites).distinct():
            contractor, _made = Contractor.objects.get_or_create(
                organisation=organisation, name=name
            )
            if not contractor.contracts.exists():
                contract = Contract.objects.create(
                    contractor=contractor, name="Full service", starts=date(2026, 1, 1),
                    uptime_target=target,
                    excluded_reasons=["utility_outage", "network_provider", "vandalism"],
                )  # fmt: skip
                contract.sites.set(sites.filter(organisation=organisation))


def _person(username: str) -> User | None:
    return User.objects.filter(username=username).first()


def _decide(now: datetime) -> None:
    """Propose to take out what people would, and approve most of it."""
    lead, manager, admin = _person("lead"), _person("manager"), _person("admin")
    gateway = Gateway.objects.filter(host=HOST).first()
    if lead is None or manager is None or admin is None or gateway is None:
        return
    began = gateway.started_at
    for place, (day, start, end) in past.UTILITY_OUTAGES.items():
        for site in _sites(place):
            stretch = (began + _hours(day, start), began + _hours(day, end))
            _propose(Scope.at(site), stretch, ExclusionReason.UTILITY_OUTAGE, lead, admin, now)
    _propose_of_vandalism(began, lead, manager, now)


def _hours(day: int, hours: float) -> timedelta:
    return timedelta(days=day, hours=hours)


def _sites(place: str) -> Iterable[Site]:
    return Site.objects.filter(chargers__identity__contains=f"-{place}-").distinct()


def _plan(began: datetime) -> None:
    """Plan the work of the past, two weeks ahead of it."""
    lead = _person("lead")
    if lead is None or MaintenanceWindow.objects.exists():
        return
    for place, (day, start, end) in past.WORK.items():
        for site in _sites(place):
            wanted = maintenance.Plan(
                Scope.at(site), began + _hours(day, start), began + _hours(day, end),
                "Yearly inspection.",
            )  # fmt: skip
            maintenance.plan(wanted, by=lead, now=wanted.start - timedelta(days=14))


def _propose_of_vandalism(began: datetime, lead: User, manager: User, now: datetime) -> None:
    """Propose to take out the cut cables; every second is still to be decided."""
    start, end = (began + _span(edge) for edge in past.VANDALISM)
    hit = Outage.objects.filter(started__gte=start - _hours(0, 1), started__lt=end, kind="faulted")
    hit = hit.filter(error_code="ConnectorLockFailure").select_related("evse__charger__site")
    numbers = count()
    for outage in hit.order_by("pk"):
        undecided = next(numbers) % 2 == 1
        _propose(
            Scope.at(outage.evse), (start, end), ExclusionReason.VANDALISM, lead,
            None if undecided else manager, now,
        )  # fmt: skip


def _propose(
    scope: Scope, stretch: tuple[datetime, datetime], reason: str, lead: User,
    manager: User | None, now: datetime,
) -> None:  # fmt: skip
    """Propose, and unless nobody decides approve; where there is no such outage, do nothing."""
    notes = {
        ExclusionReason.UTILITY_OUTAGE: "The grid operator's report is in the mail of that day.",
        ExclusionReason.VANDALISM: "Cable cut; the police report was handed to the insurance.",
    }
    wish = exclusions.Wish(scope, *stretch, reason, notes[ExclusionReason(reason)])
    try:
        exclusion = exclusions.propose(wish, by=lead, now=now)
        if manager is not None:
            exclusions.approve(exclusion, by=manager, now=now)
    except LedgerError:
        return
