"""A fleet that comes back at once."""

from tests.bench import stage
from tests.bench.table import Table


def run(table: Table, quick: bool) -> None:
    """2,000 chargers dial at the same moment, with Basic auth."""
    keys = stage.make_fleet(2_000, prefix="BACK")
    port = stage.free_port()
    with (
        stage.server(["manage.py", "gateway", f"--port={port}"], port, KILOWATCH_ROLE="gateway"),
        stage.load(port, keys, connections=2_000, seconds=0, dial=2_000) as load,
    ):
        seconds, connected = load.connected["connect_seconds"], load.connected["connected"]
    table.add(
        "2,000 chargers reconnecting with Basic auth",
        f"{connected:,} in after {seconds:.1f} s, {2_000 - connected} refused",
        "all within 5 s",
        connected == 2_000 and seconds < 5,
    )
