"""Server time and queries of the pages people live in: many chargers, and a month of history."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.bench.table import Table

#: Milliseconds, and queries, of any page.
TARGET = 200
MOST_QUERIES = 15
TRIES = 10
FRAGMENT = {"HX-Request": "true", "HX-Target": "fleet"}
#: Columns for the CSV of the whole fleet.
SHEET = "/fleet/export/?columns=state,charger,site,model,firmware,ports,what,since,power,seen"


def run(table: Table, quick: bool) -> None:
    """Ask for each page ten times as a signed-in person, and take the median."""
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    _with_history(table, quick)
    _with_a_crowd(table, quick)


def _with_history(table: Table, quick: bool) -> None:
    from django.contrib.auth.models import User

    from monitoring.kpis import rollup
    from tests.bench.history import generate

    chargers, days = (500, 3) if quick else (5_000, 30)
    now = datetime.now(UTC)
    history = generate(chargers, 2, days, until=now)
    rollup.settle(now)
    rollup.refresh(now)
    identity = history.chargers[len(history.chargers) // 2].identity
    of = f"{chargers:,} chargers and {days} days"
    client = _signed_in(User.objects.create_superuser("bench"))
    pages = {
        "charger page": f"/chargers/{identity}/",
        "charger's history, 24 h": f"/chargers/{identity}/history/",
        "charger's history, 1 year": f"/chargers/{identity}/history/?window=1y",
        "charger's sessions": f"/chargers/{identity}/sessions/",
        "charger's facts": f"/chargers/{identity}/facts/",
        "KPI page, 30 days": "/kpis/?window=30d",
        "incidents page": "/incidents/",
    }
    _ask(table, client, of, pages)


def _with_a_crowd(table: Table, quick: bool) -> None:
    """Ask as a NOC lead who belongs to all of the crowd's organisations."""
    from django.contrib.auth.models import User
    from django.db import connection

    from inventory.models import Membership, Role
    from tests.bench.crowd import seed

    chargers, sites = (2_500, 500) if quick else (25_000, 5_000)
    now = datetime.now(UTC)
    crowd = seed(chargers, 2, sites, now=now)
    _watched(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    user = User.objects.create_user("lead")
    for organisation in crowd.organisations:
        Membership.objects.create(user=user, organisation=organisation, role=Role.LEAD)
    client, of = _signed_in(user), f"{2 * chargers:,} ports on {sites:,} sites"
    model, site = crowd.chargers[7].model_id, crowd.sites[7]
    pages = {
        "fleet page": "/",
        "fleet page, the last": f"/?page={chargers // 50}",
        "fleet page, by site": f"/?sort=site&page={chargers // 100}",
        "fleet page, broken for over 1 h": "/?state=offline&state=faulted&since=over-1h",
        "fleet page, by model, operator and tag": f"/?model={model}&operator=Telenord&tag=depot",
        "fleet page, what nobody has": "/?held=nobody",
        "fleet page, by power": "/?sort=-power",
        "fleet page, searched by serial": f"/?q={crowd.chargers[77].serial_number[:6]}",
        "fleet page, searched by street": "/?q=bahnhofstra%C3%9Fe+12",
    }
    _ask(table, client, of, pages)
    _ask(table, client, of, {"fleet's live part": "/"}, headers=FRAGMENT)
    others = {
        "choices of sites": f"/fleet/choices/site/?find={site.name[:4]}",
        "choices of who has it": "/fleet/choices/held/",
        "map": "/map/",
        "map's sites": "/map/sites/",
        "sites": "/sites/",
        "a site": f"/sites/{site.pk}/",
        "palette": "/search/?q=bahnhof",
        "sightings": "/sightings/",
        "choosing a site for a new charger": "/connect/",
    }
    _ask(table, client, of, others)
    _export(table, client, chargers)


def _watched(now: datetime) -> None:
    """Open an incident of each charger that is broken; somebody has every other."""
    from alerts.models import DetectorName, Incident
    from alerts.models.severity import Severity
    from alerts.policies import current
    from inventory.models import Charger
    from monitoring.effective import BROKEN, RANK

    policy, states = current(None, now), Incident.State
    broken = Charger.objects.filter(
        effective_state__rank__in=[RANK[state] for state in BROKEN]
    ).select_related("site")
    Incident.objects.bulk_create(
        Incident(
            detector=DetectorName.OFFLINE, dedup_key=f"bench {n}", subject=charger.identity,
            organisation_id=charger.site.organisation_id, site=charger.site, charger=charger,
            severity=Severity.MAJOR, policy_version=policy, since=now, opened_at=now,
            state=states.ACKNOWLEDGED if n % 2 else states.OPEN, acknowledged_at=now,
        )
        for n, charger in enumerate(broken)
    )  # fmt: skip


def _signed_in(user: Any) -> Any:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client


def _ask(
    table: Table,
    client: Any,
    of: str,
    pages: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
) -> None:
    for name, path in pages.items():
        times = sorted(_time(client, path, headers) for _try in range(TRIES))
        queries, median = _queries(client, path, headers), times[TRIES // 2]
        table.add(
            f"{name}, {of}",
            f"{median:.0f} ms (worst {times[-1]:.0f}), {queries} queries",
            f"< {TARGET} ms, ≤ {MOST_QUERIES}",
            median < TARGET and queries <= MOST_QUERIES,
        )


def _time(client: Any, path: str, headers: Mapping[str, str] | None) -> float:
    started = time.perf_counter()
    response = client.get(path, headers=headers)
    for _chunk in _body(response):
        pass
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}.")
    return (time.perf_counter() - started) * 1000


def _body(response: Any) -> Iterable[bytes]:
    return response.streaming_content if response.streaming else [response.content]


def _queries(client: Any, path: str, headers: Mapping[str, str] | None) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        _time(client, path, headers)
    return len(queries)


def _export(table: Table, client: Any, chargers: int) -> None:
    seconds = _time(client, SHEET, None) / 1000
    table.add(
        f"CSV of the fleet, {chargers:,} chargers",
        f"{seconds:.1f} s, {chargers / seconds:,.0f} rows/s",
        "–",
    )
