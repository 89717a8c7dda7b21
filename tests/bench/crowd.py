"""A large fleet as it is at one moment, without a past: for the speed of pages.

    crowd = seed(chargers=25_000, ports=2, sites=5_000, now=now)

Most chargers are fine; some are lost, faulted, out of order or were never seen. The same
numbers make the same fleet.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inventory.models import Charger, ChargerModel, Evse, Lifecycle, Organisation, Sim, Site
from monitoring.facts import Status
from monitoring.models import ChargerState, PortState

BATCH = 2_000
ORGANISATIONS = 5
REGIONS = ("Bayern", "Berlin", "Hessen", "Sachsen", "Niedersachsen", "Wien", "Tirol", "Zürich")
CITIES = ("Altdorf", "Bergen", "Celle", "Dorfen", "Erding", "Fulda", "Gera", "Hameln", "Ilmenau")
STREETS = ("Bahnhofstraße", "Hauptstraße", "Lindenweg", "Am Markt", "Industriering")
OPERATORS = ("Telenord", "Alpenfunk", "Mobilkom")
STATUSES = (
    *((Status.AVAILABLE, 70), (Status.CHARGING, 18), (Status.FINISHING, 3)),
    *((Status.SUSPENDED_EV, 2), (Status.FAULTED, 3), (Status.UNAVAILABLE, 2)),
    *((Status.PREPARING, 1), (Status.RESERVED, 1)),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made."""

    organisations: list[Organisation]
    sites: list[Site]
    chargers: list[Charger]
    evses: list[Evse]


def seed(chargers: int, ports: int, sites: int, *, now: datetime, prefix: str = "KW") -> Crowd:
    """Store that many chargers with `ports` ports each, on that many sites."""
    dice = random.Random(7)
    tenants = [
        Organisation.objects.create(name=f"Crowd {n}", slug=f"{prefix.lower()}-{n}")
        for n in range(ORGANISATIONS)
    ]
    places = _sites(tenants, sites, dice)
    stations = _chargers(places, chargers, dice, prefix)
    evses = _many(
        Evse(charger=c, number=n, evse_id=f"DE*{prefix}*E{c.identity[-5:]}*{n}")
        for c in stations
        for n in range(1, ports + 1)
    )
    _states(stations, evses, now, dice)
    return Crowd(tenants, places, stations, evses)


def _many(rows: Any) -> list[Any]:
    made = list(rows)
    type(made[0])._default_manager.bulk_create(made, batch_size=BATCH)
    return made


def _sites(tenants: list[Organisation], number: int, dice: random.Random) -> list[Site]:
    return _many(
        Site(
            organisation=tenants[n % len(tenants)],
            name=f"{dice.choice(CITIES)} {n:04}",
            address=f"{dice.choice(STREETS)} {dice.randrange(1, 200)}",
            postal_code=f"{dice.randrange(10_000, 99_999)}",
            city=dice.choice(CITIES),
            region=dice.choice(REGIONS),
            country="DE",
            latitude=dice.uniform(47.5, 54.5),
            longitude=dice.uniform(6.5, 14.5),
            timezone="Europe/Berlin",
        )
        for n in range(number)
    )


def _chargers(places: list[Site], number: int, dice: random.Random, prefix: str) -> list[Charger]:
    models = _many(ChargerModel(vendor=f"Vendor {n % 8}", name=f"Model {n}") for n in range(40))
    sims = _many(
        Sim(
            organisation_id=places[n % len(places)].organisation_id,
            iccid=f"89490{n:014}",
            operator=OPERATORS[n % len(OPERATORS)],
        )
        for n in range(number // 2)
    )
    return _many(
        Charger(
            site=places[n % len(places)],
            identity=f"{prefix}-{n:05}",
            serial_number=f"SN{dice.randrange(10**9):09}",
            firmware_version=f"{dice.randrange(1, 5)}.{dice.randrange(12)}.0",
            ocpp_version=dice.choice(("1.6", "1.6", "2.0.1", "2.1")),
            model=dice.choice(models),
            sim=sims[n] if n < len(sims) else None,
            tags=dice.sample(["motorway", "depot", "public", "pilot"], k=n % 3),
            lifecycle=Lifecycle.DECOMMISSIONED if n % 100 == 99 else Lifecycle.ACTIVE,
        )
        for n in range(number)
    )


def _states(stations: list[Charger], evses: list[Evse], now: datetime, dice: random.Random) -> None:
    _many(
        ChargerState(
            charger=c,
            online=dice.random() > 0.03,
            since=None if n % 200 == 0 else now - timedelta(minutes=dice.expovariate(1 / 5_000)),
            last_seen=now - timedelta(seconds=dice.uniform(0, 300)),
        )
        for n, c in enumerate(stations)
    )
    statuses, weights = zip(*STATUSES, strict=True)
    drawn = dice.choices(statuses, weights, k=len(evses))
    _many(
        PortState(
            evse=evse,
            status=status,
            since=now - timedelta(minutes=dice.expovariate(1 / 600)),
            error_code="GroundFailure" if status is Status.FAULTED else "",
            power=dice.uniform(3_000, 150_000) if status is Status.CHARGING else None,
        )
        for evse, status in zip(evses, drawn, strict=True)
    )
