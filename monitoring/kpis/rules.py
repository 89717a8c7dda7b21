"""What the uptimes of chargers depend on beside their history, read for many at once."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import structlog
from django.conf import settings
from django.db import connection

from inventory.opening_hours import BadOpeningHours, Hours, parse
from monitoring.kpis.history import LEAST_ENERGY, Agreement, Rules
from monitoring.lenses.which import of_port, of_site

log = structlog.get_logger(__name__)

SITES = """
SELECT c.id, s.id, s.timezone, s.opening_hours, s.lenses, s.country, s.region
  FROM inventory_charger c
  JOIN inventory_site s ON s.id = c.site_id
 WHERE c.id = ANY (%s)
"""
AGREEMENTS = """
SELECT m.site_id, x.id, x.starts, x.ends, x.hours, x.in_opening_hours, x.excluded_reasons,
       x.counts_silent, x.counts_offline
  FROM inventory_contract_sites m
  JOIN inventory_contract x ON x.id = m.contract_id
 WHERE m.site_id = ANY (%s)
 ORDER BY m.site_id, x.starts, x.id
"""
PORTS = """
SELECT e.charger_id, e.id, k.type, k.max_power
  FROM inventory_evse e
  LEFT JOIN inventory_connector k ON k.evse_id = e.id
 WHERE e.charger_id = ANY (%s)
 ORDER BY e.id, k.id
"""
_Ports = dict[int, list[tuple[str, int | None]]]


def rules_of(chargers: Sequence[int]) -> dict[int, Rules]:
    """Return the rules for each charger, by its key."""
    rows = _rows(SITES, chargers)
    sites = {site: _site(site, *said) for _charger, site, *said in rows}
    agreements = _agreements(sites)
    ports = _ports([charger for charger, site, *_said in rows if sites[site][2]])
    found = {}
    for charger, site, *_said in rows:
        timezone, hours, lenses = sites[site]
        here = {key: of_port(lenses, connectors) for key, connectors in ports[charger].items()}
        under = {key: names for key, names in here.items() if names}
        least = float(settings.LEAST_ENERGY_WH)
        found[charger] = Rules(timezone, hours, tuple(agreements[site]), under, least)
    return found


def digests(chargers: Sequence[int]) -> dict[int, str]:
    """Return the digest of each charger's rules, by its key."""
    return {charger: digest(rules) for charger, rules in rules_of(chargers).items()}


def digest(rules: Rules) -> str:
    """Return what is the same for rules by which the same uptimes come out.

    The time zone is kept apart; without a lens hours don't matter. Empty: as they all are, where
    nobody chose any.
    """
    least = "" if rules.least_energy == LEAST_ENERGY else f"{rules.least_energy:g}"
    if not rules.lenses and not rules.agreements:
        return least
    agreed = [
        (_text(one.hours), sorted(one.excluded), one._replace(hours={}, excluded=frozenset()))
        for one in rules.agreements
    ]
    under = sorted((key, sorted(names)) for key, names in rules.lenses.items())
    return sha256(repr((_text(rules.hours), agreed, under, least)).encode()).hexdigest()


def _text(hours: Hours) -> list[tuple[str, list[str]]]:
    return [
        (day, [f"{start.isoformat()}-{end.isoformat()}" for start, end in intervals])
        for day, intervals in sorted(hours.items())
    ]


def _site(
    key: int, timezone: str, hours: str, chosen: str | None, country: str, region: str
) -> tuple[str, Hours, frozenset[str]]:
    lenses = of_site(json.loads(chosen or "null"), country, region)
    return timezone, _hours(hours, site=key), lenses


def _agreements(sites: Collection[int]) -> dict[int, list[Agreement]]:
    found: dict[int, list[Agreement]] = defaultdict(list)
    for site, key, first, last, hours, in_hours, excluded, *counts in _rows(AGREEMENTS, sites):
        read = _hours(hours, contract=key)
        reasons = frozenset(json.loads(excluded))
        agreement = Agreement(key, first, last, read, in_hours, reasons, *counts)
        found[site].append(agreement)
    return found


def _ports(chargers: Sequence[int]) -> dict[int, _Ports]:
    found: dict[int, _Ports] = defaultdict(dict)
    for charger, port, kind, power in _rows(PORTS, chargers) if chargers else ():
        connectors = found[charger].setdefault(port, [])
        if kind is not None:
            connectors.append((kind, power))
    return found


def _hours(stored: str, **where: int) -> Hours:
    """Return the hours; those that can't be read hold up nobody: always open."""
    try:
        return parse(json.loads(stored))
    except BadOpeningHours as problem:
        log.warning("opening_hours_unreadable", problem=str(problem), **where)
        return {}


def _rows(query: str, keys: Collection[int]) -> list[tuple[Any, ...]]:
    """Return the rows; JSON comes as text."""
    with connection.cursor() as cursor:
        cursor.execute(query, (list(keys),))
        return list(cursor.fetchall())
