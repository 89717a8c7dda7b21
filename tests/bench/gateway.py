"""Messages per CPU-second of the gateway, against a plain server and against no storage."""

from typing import Any

from tests.bench import stage
from tests.bench.table import Table

OURS = ["manage.py", "gateway"]
UNSTORED = ["-m", "tests.bench.unstored"]
PLAIN = ["-m", "tests.bench.plain"]


def measure(command: list[str], keys: Any, connections: int, seconds: float) -> float:
    """Return the messages per CPU-second of a server under the load mix."""
    port = stage.free_port()
    with (
        stage.server([*command, f"--port={port}"], port, KILOWATCH_ROLE="gateway") as server,
        stage.load(port, keys, connections=connections, seconds=seconds) as load,
    ):
        if load.connected["refused"]:
            raise RuntimeError(f"Refused: {load.connected}")
        before = stage.cpu_seconds(server.pid)
        result = load.run()
        cpu = stage.cpu_seconds(server.pid) - before
    if result["errors"]:
        raise RuntimeError(f"Answered with errors: {result}")
    return float(result["messages"] / cpu)


def run(table: Table, quick: bool) -> None:
    """Measure each server in turn, twice, and take the better of each: machines are noisy."""
    keys = stage.make_fleet(2_000)
    seconds, rounds = (4, 1) if quick else (15, 2)
    best: dict[str, float] = {}
    for _round in range(rounds):
        for name, command, connections in (
            ("500", OURS, 500),
            ("2000", OURS, 2_000),
            ("unstored", UNSTORED, 500),
            ("plain", PLAIN, 500),
        ):
            rate = measure(command, keys, connections, seconds)
            best[name] = max(best.get(name, 0), rate)
    for many in ("500", "2000"):
        rate = best[many]
        table.add(
            f"gateway, {many} connections: durable messages per CPU-second",
            f"{rate:,.0f}",
            "≥ 10,000 (goal 15,000)",
            rate >= 10_000,
        )
    against_plain = best["500"] / best["plain"]
    table.add(
        "against a plain Channels server on the ocpp library",
        f"{against_plain:.1f} × ({best['plain']:,.0f})",
        "≥ 25 ×",
        against_plain >= 25,
    )
    against_unstored = best["500"] / best["unstored"]
    table.add(
        "against the same gateway with storage off",
        f"{against_unstored:.2f} ({best['unstored']:,.0f})",
        "≥ 0.5",
        against_unstored >= 0.5,
    )
