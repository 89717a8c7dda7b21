"""`make bench`: every figure as a ratio or beside its target, measured in one run.

Gateway, load generator and PostgreSQL are separate processes; CPU time is read from the
operating system. `ARGS="gateway latency"` runs only those parts; `ARGS="--quick"` shortens all.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from cpms import embedded
from tests.bench.table import Table

#: Part -> its module; each has `run(table, quick)`.
PARTS = (
    *("gateway", "latency", "memory", "reconnect", "disk", "kpis", "pages", "dashboards"),
    *("nights", "commands", "tls"),
)
LIBRARIES = ("django", "channels", "uvicorn", "uvloop", "websockets", "psycopg", "ocpp")


def machine() -> str:
    """Return what the figures were measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{datetime.now(UTC):%F %H:%M}Z · {os.cpu_count()} × {model} · Linux {platform.release()}"
        f" · Python {platform.python_version()} · {libraries}"
    )


def main() -> None:
    """Start private servers, run the parts, print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="shorter, less exact")
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error(
            f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}."
        )
    data = Path(tempfile.mkdtemp(prefix="kilowatch-bench-"))
    os.environ.update(DATA=str(data), DJANGO_SETTINGS_MODULE="cpms.settings", DEBUG="0")
    os.environ.update(SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS="*")
    os.environ.update(
        PUBLIC_URL="http://localhost:8000", OCPP_PUBLIC_URL="ws://localhost:9000/ocpp"
    )
    os.environ.update(EMAIL_URL="consolemail://")
    servers = embedded.start(data)
    table = Table()
    print(machine(), flush=True)
    try:
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = embedded.urls(data)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        for part in args.parts or PARTS:
            print(f"\n{part}", flush=True)
            run: Callable[[Table, bool], None] = import_module(f"tests.bench.{part}").run
            run(table, args.quick)
    finally:
        servers.stop()
        shutil.rmtree(data, ignore_errors=True)
    table.show()
    sys.exit(any(row[3] == "MISSED" for row in table.rows))


if __name__ == "__main__":
    main()
