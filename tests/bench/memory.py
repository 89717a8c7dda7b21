"""What an idle connection costs the gateway."""

from tests.bench import stage
from tests.bench.table import Table


def run(table: Table, quick: bool) -> None:
    """Memory before and after that many chargers have connected."""
    connections = 2_000 if quick else 10_000
    keys = stage.make_fleet(connections, prefix="IDLE")
    port = stage.free_port()
    command = ["manage.py", "gateway", f"--port={port}"]
    with stage.server(command, port, KILOWATCH_ROLE="gateway") as server:
        before = stage.memory_bytes(server.pid)
        with stage.load(port, keys, connections=connections, seconds=0) as load:
            after = stage.memory_bytes(server.pid)
            connected = load.connected["connected"]
    each = (after - before) / connected / 1024
    table.add(
        f"memory per idle connection at {connected:,}",
        f"{each:.1f} KB",
        "≤ 40 KB",
        each <= 40 and connected == connections,
    )
