"""How long a charger waits for its answer at a steady rate."""

from tests.bench import stage
from tests.bench.table import Table

RATE = 3_000


def run(table: Table, quick: bool) -> None:
    """3,000 messages a second on 2,000 connections; disk stalls show in the maximum."""
    keys = stage.make_fleet(2_000, prefix="LATE")
    port = stage.free_port()
    seconds = 5 if quick else 20
    with (
        stage.server(["manage.py", "gateway", f"--port={port}"], port, KILOWATCH_ROLE="gateway"),
        stage.load(port, keys, connections=2_000, seconds=seconds, rate=RATE) as load,
    ):
        result = load.run()
    rate = result["messages"] / result["elapsed"]
    table.add(
        f"p99 of the answer at {rate:,.0f} messages/s on 2,000 connections",
        f"{result['p99_ms']:.0f} ms (median {result['p50_ms']:.0f}, worst {result['max_ms']:.0f})",
        "< 50 ms",
        result["p99_ms"] < 50 and rate > RATE * 0.95,
    )
