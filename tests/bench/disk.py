"""Bytes on disk: per MeterValues message, and of the flight recorder per day."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import zstandard
from django.db import connection

from monitoring import partitions, recorder
from monitoring.exchanges import Frame
from monitoring.frame_dictionary import DICTIONARIES, NEWEST
from tests.bench import stage
from tests.bench.table import Table

#: The recorder writes a charger's frames every so many seconds.
WINDOW = recorder.FLUSH_EVERY


def run(table: Table, quick: bool) -> None:
    """Fill real tables and ask PostgreSQL for their size, indexes and TOAST included."""
    _meters(table, 4 if quick else 10)
    _frames(table, 10 if quick else 40)


def _meters(table: Table, seconds: int) -> None:
    keys = stage.make_fleet(500, prefix="DISK")
    port = stage.free_port()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE monitoring_metersample")
    with (
        stage.server(["manage.py", "gateway", f"--port={port}"], port, KILOWATCH_ROLE="gateway"),
        stage.load(port, keys, connections=500, seconds=seconds) as load,
    ):
        load.run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM monitoring_metersample")
        rows = cursor.fetchone()[0]
    each = _size("monitoring_metersample") / rows
    table.add(
        f"on disk per MeterValues message of 8 samples, with index ({rows:,})",
        f"{each:.0f} bytes",
        "≤ 200 bytes",
        each <= 200,
    )


def _frames(table: Table, chargers: int) -> None:
    day = _a_day_of_frames(chargers)
    frames = sum(len(lines) for lines in day.values())
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE monitoring_framesegment")
        for when in {line[0].date() for lines in day.values() for line in lines}:
            cursor.execute(partitions.create("monitoring_framesegment", when))
        for charger, lines in enumerate(day.values(), 1):
            cursor.executemany(recorder.PUT, list(_segments(charger, lines)))
    start = min(lines[0][0] for lines in day.values()).replace(minute=0, second=0, microsecond=0)
    recorder.compact(start, start + timedelta(hours=26))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL monitoring_framesegment")
    thousand = _size("monitoring_framesegment") / chargers * 1000 / 1e6
    table.add(
        f"flight recorder per 1,000 chargers and day ({frames / chargers:,.0f} frames each)",
        f"{thousand:.0f} MB",
        "≤ 150 MB",
        thousand <= 150,
    )


class _Stamped(list[tuple[str, str, str]]):
    """The log of a simulated central system, with the virtual time of each entry."""

    def __init__(self, csms: Any) -> None:
        super().__init__()
        self.csms = csms
        self.times: list[datetime] = []

    def append(self, entry: tuple[str, str, str]) -> None:
        super().append(entry)
        self.times.append(self.csms.clock.now())


def _a_day_of_frames(chargers: int) -> dict[str, list[tuple[datetime, str, str]]]:
    """Return each charger's frames of a simulated day, half of them 1.6, half 2.0.1."""
    from cpms.ocpp.simulator.fleet import make_specs
    from tests.cpms.ocpp.simulator.csms import Csms
    from tests.cpms.ocpp.simulator.stage import play

    day: dict[str, list[tuple[datetime, str, str]]] = {}
    half = chargers // 2
    for specs in (make_specs(half, version="1.6"), make_specs(half, version="2.0.1", prefix="B-")):
        csms = Csms()
        csms.log = log = _Stamped(csms)
        play(*specs, hours=24, csms=csms)
        for at, (identity, direction, text) in zip(log.times, log, strict=True):
            day.setdefault(identity, []).append((at.astimezone(UTC), direction, text))
    return day


def _segments(charger: int, lines: list[tuple[datetime, str, str]]) -> Any:
    compressor = zstandard.ZstdCompressor(level=3, dict_data=DICTIONARIES[NEWEST])
    for _window, group in groupby(lines, key=lambda line: int(line[0].timestamp() // WINDOW)):
        frames = [Frame(*line) for line in group]
        data = recorder.encode(frames, frames[0].at)
        compressed = compressor.compress(data)
        yield (
            charger, frames[0].at, frames[-1].at, len(frames), len(data), NEWEST,
            compressed,
        )  # fmt: skip


def _size(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
            " WHERE inhparent = %s::regclass",
            [table],
        )
        return int(cursor.fetchone()[0])
