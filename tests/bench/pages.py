"""Server time of the pages people live in, with a big fleet and its month of history."""

import time
from datetime import UTC, datetime

from tests.bench.table import Table

#: Milliseconds.
TARGET = 150


def run(table: Table, quick: bool) -> None:
    """Ask for each page ten times as a signed-in user, and take the median."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from monitoring import rollup
    from tests.bench.history import generate

    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    chargers, days = (500, 3) if quick else (5_000, 30)
    now = datetime.now(UTC)
    history = generate(chargers, 2, days, until=now)
    rollup.settle(now)
    rollup.refresh(now)
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    identity = history.chargers[len(history.chargers) // 2].identity
    for name, path in (
        ("fleet page", "/"),
        ("fleet page, searched", "/?q=" + identity[-4:]),
        ("charger page", f"/chargers/{identity}/"),
        ("KPI page, 30 days", "/kpis/?window=30d"),
        ("incidents page", "/incidents/"),
    ):
        times = []
        for _try in range(10):
            started = time.perf_counter()
            response = client.get(path)
            response.getvalue() if response.streaming else response.content
            times.append((time.perf_counter() - started) * 1000)
            if response.status_code != 200:
                raise RuntimeError(f"{path} answered {response.status_code}.")
        median = sorted(times)[len(times) // 2]
        table.add(
            f"{name}, {chargers:,} chargers and {days} days",
            f"{median:.0f} ms (worst {max(times):.0f})",
            f"< {TARGET} ms" if "fleet" in name or "charger" in name else "–",
            median < TARGET if "fleet" in name or "charger" in name else None,
        )
