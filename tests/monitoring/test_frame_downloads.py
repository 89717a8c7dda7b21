"""Downloads of frames begin at once, look through so much, and say where they stopped."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from django.db import connection

from inventory.models import Charger
from monitoring import frame_lines, recorder
from monitoring.api import frames as frames_api
from monitoring.exchanges import Frame
from monitoring.frame_dictionary import DICTIONARIES, NEWEST
from monitoring.frame_pages import DOWNLOAD_EFFORT
from monitoring.models import FrameSegment
from monitoring.partitions import create
from tests.api import NOON, Api, Tenant

PATH = "chargers/Nord-1/frames/"
UNTIL = "2026-03-02T13:00:00Z"
WINDOW = {"from_": "2026-03-02T12:00:00Z", "to": UNTIL}


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def record(charger: Charger, frames: list[Frame]) -> None:
    """Write a segment for each two frames: most answers lie in another than their CALL."""
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_framesegment", NOON.date()))
    compressor = zstandard.ZstdCompressor(dict_data=DICTIONARIES[NEWEST])
    for first in range(0, len(frames), 2):
        part = frames[first : first + 2]
        data = recorder.encode(part, part[0].at)
        FrameSegment.objects.create(
            charger_id=charger.pk, started=part[0].at, ended=part[-1].at, frames=len(part),
            size=len(data), dictionary=NEWEST, data=compressor.compress(data),
        )  # fmt: skip


def talk(number: int) -> list[Frame]:
    """Return CALLs, 10 s apart; each is answered 15 s later, after the next."""
    frames = []
    for n in range(number):
        at = NOON + timedelta(seconds=10 * n)
        action = "Heartbeat" if n % 2 else "MeterValues"
        frames.append(Frame(at, "in", f'[2,"m{n}","{action}",{{}}]'))
        frames.append(Frame(at + timedelta(seconds=15), "out", f'[3,"m{n}",{{"said":"{n}"}}]'))
    return sorted(frames)


def lines(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(PATH, **{**WINDOW, **query}, format="jsonl")
    return [json.loads(line) for line in answer.raw.decode().splitlines()]


def rows(api: Api, **query: Any) -> list[dict[str, str]]:
    answer = api.get(PATH, **{**WINDOW, **query}, format="csv")
    return list(csv.DictReader(io.StringIO(answer.raw.decode())))


@pytest.mark.parametrize(
    "query", [{}, {"action": "Heartbeat"}, {"direction": "out"}, {"contains": '"said"'}]
)
def test_what_lines_leave_out_follows_from_where_they_stopped(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    record(nord.charger, talk(40))
    api = nord.api()
    whole = lines(api, **query)
    assert {line["type"] for line in whole} <= {"call", "result"}
    monkeypatch.setattr(frames_api, "DOWNLOAD_EFFORT", 500)
    found, begin, parts = [], WINDOW["from_"], 0
    while begin and parts < 100:
        *some, last = lines(api, **query, from_=begin)
        found += some
        begin = last["at"] if last["type"] == "unfinished" else ""
        found += [] if begin else [last]
        parts += 1
    # An answer to what was written before comes again, as one to nothing in the window.
    strays = [line for line in found if line["type"] == "result" and not line["action"]]
    assert [line for line in found if line not in strays] == whole
    assert {line["text"] for line in strays} <= {line["text"] for line in whole}
    assert 3 < parts < 40


def test_a_filter_that_nothing_passes_ends_with_how_far_one_got(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(nord.charger, talk(40))
    api = nord.api()
    assert lines(api, contains="coffee") == []
    monkeypatch.setattr(frames_api, "DOWNLOAD_EFFORT", 500)
    [last] = lines(api, contains="coffee")
    assert (last["type"], last["direction"]) == ("unfinished", None)
    assert WINDOW["from_"] < last["at"] < UNTIL
    assert last["text"] == frame_lines.go_on_from(NOON).replace("12:00:00.000Z", last["at"][11:])
    assert "256 MB" in last["text"]


@pytest.mark.parametrize("query", [{}, {"action": "Heartbeat"}])
def test_a_sheet_says_how_far_back_it_got_and_the_rest_follows(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    record(nord.charger, talk(40))
    api = nord.api()
    whole = [row["text"] for row in rows(api, **query)]
    monkeypatch.setattr(frames_api, "DOWNLOAD_EFFORT", 800)
    found: list[str] = []
    end, parts = UNTIL, 0
    while end and parts < 100:
        *some, last = rows(api, **query, to=end)
        end = last["at"] if last["type"] == "unfinished" else ""
        found += [row["text"] for row in (some if end else [*some, last])]
        parts += 1
    assert list(dict.fromkeys(found)) == whole
    assert 1 < parts < 40


def test_a_download_is_bounded_by_more_than_most_say_in_a_month() -> None:
    assert DOWNLOAD_EFFORT == 256 * 1024**2
