"""The flight recorder's tab: what passed, put together, filtered, paged, exported, in scope."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import zstandard
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpms.web.frames import page as pages
from cpms.web.frames import views
from inventory.models import Charger, Organisation, Role, Site
from monitoring import recorder
from monitoring.exchanges import Frame
from monitoring.facts import CloseReason
from monitoring.frame_dictionary import DICTIONARIES, NEWEST
from monitoring.masking import MASK
from monitoring.models import FrameSegment
from monitoring.partitions import create
from tests import network
from tests.network import person, signed_in, site, tenant

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WINDOW = "from=2026-03-02T12:00:00Z&to=2026-03-02T13:00:00Z"
UGLY = "<img src=x onerror=alert(1)> \u202eevil \" ' & {% now %}"


@pytest.fixture
def nord(db: None) -> Organisation:
    return tenant("Nord")


@pytest.fixture
def place(nord: Organisation) -> Site:
    return site(nord)


@pytest.fixture
def one(place: Site) -> Charger:
    made = network.charger(place, "CP-1")
    network.connection(made, NOON - timedelta(hours=1))
    return made


@pytest.fixture
def client(nord: Organisation) -> Client:
    return signed_in(person("olga", Role.VIEWER, nord))


def record(of: Charger, *frames: Frame) -> None:
    """Write a segment as the recorder does."""
    started = frames[0].at
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_framesegment", started.date()))
    data = recorder.encode(list(frames), started)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=DICTIONARIES[NEWEST])
    FrameSegment.objects.create(
        charger_id=of.pk, started=started, ended=frames[-1].at, frames=len(frames),
        size=len(data), dictionary=NEWEST, data=compressor.compress(data),
    )  # fmt: skip


def call(seconds: float, action: str, number: str = "", payload: str = "{}") -> Frame:
    number = number or f"m{seconds:g}"
    return Frame(NOON + seconds * SECOND, "in", f'[2,"{number}","{action}",{payload}]')


def answer(seconds: float, number: str, way: str = "out", payload: str = "{}") -> Frame:
    return Frame(NOON + seconds * SECOND, way, f'[3,"{number}",{payload}]')


def heartbeats(count: int, step: float = 1.0) -> list[Frame]:
    made = []
    for number in range(count):
        made.append(call(number * step, "Heartbeat", f"h{number}"))
        made.append(answer(number * step + 0.02, f"h{number}"))
    return made


def show(client: Client, query: str = WINDOW) -> Any:
    return client.get(f"/chargers/CP-1/frames/?{query}")


def shown(client: Client, query: str = WINDOW) -> list[str]:
    """Return the rows in words: action and fate; markers by their kind."""
    rows = show(client, query).context["page"].rows
    return [row.kind if row.marker else f"{row.action} {row.fate}" for row in rows]


def test_a_request_and_its_answer_are_one_row_with_the_time_it_took(
    client: Client, one: Charger
) -> None:
    record(one, call(1, "Heartbeat", "1"), answer(1.034, "1"))
    html = show(client).content.decode()
    assert shown(client)[-1] == "Heartbeat answered"
    assert "34 ms" in html
    assert "From the charger" in html
    assert "From us" in html


STATUS = '{"connectorId":"1","errorCode":"NoError","status":"Available"}'
MIXED = [
    call(1, "Heartbeat", "1"), answer(1.1, "1"),
    call(2, "StatusNotification", "2", STATUS),
    answer(2.1, "2"),
    call(3, "MakeCoffee", "3"),
    Frame(NOON + 3.1 * SECOND, "out", '[4,"3","NotImplemented","There is no such action",{}]'),
    Frame(NOON + 4 * SECOND, "out", '[2,"4","Reset",{"type":"Soft"}]'),
    Frame(NOON + 5 * SECOND, "in", "{not json"),
    Frame(NOON + 6 * SECOND, "gap", "12"),
    Frame(NOON + 7 * SECOND, "out", '[2,"7","GetLog",{}]'),
    answer(7.1, "7", "in", '{"status":"Odd"}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["GetLog answered", "not OCPP gap", "not OCPP unreadable", "Reset unanswered",
              "MakeCoffee refused", "StatusNotification answered", "Heartbeat answered"]),
        ("action=heartbeat", ["Heartbeat answered"]),
        ("way=out", ["GetLog answered", "Reset unanswered"]),
        ("what=refused", ["MakeCoffee refused"]),
        ("what=unanswered", ["Reset unanswered"]),
        ("what=unreadable", ["not OCPP unreadable"]),
        ("what=schema", ["GetLog answered", "not OCPP unreadable", "StatusNotification answered"]),
        ("what=trouble", ["GetLog answered", "not OCPP gap", "not OCPP unreadable",
                          "Reset unanswered", "MakeCoffee refused", "StatusNotification answered"]),
        ("q=no+such+action", ["MakeCoffee refused"]),
        ("q=SOFT", ["Reset unanswered"]),
        ("action=Heartbeat&way=out", []),
        ("q=nothing+like+it", []),
    ],
)  # fmt: skip
def test_filters_choose_exchanges(
    client: Client, one: Charger, query: str, expected: list[str]
) -> None:
    record(one, *MIXED)
    rows = [row for row in shown(client, f"{WINDOW}&{query}") if " " in row]
    assert rows == expected


def test_what_is_wrong_is_said_in_words(client: Client, one: Charger) -> None:
    record(one, *MIXED)
    html = show(client).content.decode()
    for sentence in (
        "connectorId was text: taken as the number",
        "it could not be read: Not JSON",
        "The charger never answered.",
        "NotImplemented · 100 ms",
        "gap: 12 frames were not kept",
        "the answer breaks the schema",
    ):
        assert sentence in html.replace("&#x27;", "'")


def test_openings_closings_and_silences_stand_between(client: Client, place: Site) -> None:
    one = network.charger(place, "CP-1")
    network.connection(one, NOON, NOON + 5 * SECOND, CloseReason.LOST)
    network.connection(one, NOON + 10 * SECOND, NOON + 3000 * SECOND, CloseReason.GATEWAY_DIED)
    record(one, call(1, "Heartbeat"), call(11, "Heartbeat"), call(2000, "Heartbeat"))
    beat = "Heartbeat unanswered"
    expected = [
        "day",
        "closed",
        "gap",
        "gap",
        beat,
        "gap",
        beat,
        "opened",
        "closed",
        beat,
        "opened",
    ]
    assert shown(client) == expected
    html = show(client).content.decode()
    assert "the connection broke off" in html
    assert "Nothing passed for 33 min" in html
    assert "our gateway failed" in html


def test_every_exchange_is_on_exactly_one_page_whichever_way_one_leafs(
    client: Client, one: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 7)
    frames = heartbeats(40)
    same = [call(50, "Heartbeat", f"s{number}") for number in range(5)]  # at one instant
    record(one, *frames, *same)
    query, down, leaves = WINDOW, [], []
    while query:
        page = show(client, query).context["page"]
        leaves.append(page)
        down += [row.exchange.head.id for row in page.rows if not row.marker]
        query = f"{WINDOW}&older={quote(page.older)}" if page.older else ""
    assert down == [*(f"s{n}" for n in range(4, -1, -1)), *(f"h{n}" for n in range(39, -1, -1))]
    up: list[str] = []
    query = f"{WINDOW}&newer={quote(leaves[-1].newer)}"
    while query:
        page = show(client, query).context["page"]
        up = [row.exchange.head.id for row in page.rows if not row.marker] + up
        query = f"{WINDOW}&newer={quote(page.newer)}" if page.newer else ""
    last = [row.exchange.head.id for row in leaves[-1].rows if not row.marker]
    assert up + last == down


def test_one_jumps_to_a_time_and_sees_what_was_around_it(client: Client, one: Charger) -> None:
    record(one, *heartbeats(200))
    page = show(client, "at=2026-03-02T12:01:40.000Z").context["page"]
    ids = [row.exchange.head.id for row in page.rows if not row.marker]
    assert "h99" in ids
    assert "h100" in ids
    assert "h105" in ids
    assert page.older
    assert page.newer


def test_a_link_opens_its_row(client: Client, one: Charger) -> None:
    record(one, *heartbeats(20))
    row = next(row for row in show(client).context["page"].rows if not row.marker)
    html = show(client, f"at={quote('2026-03-02T12:00:19.000Z')}&frame={row.key}").content.decode()
    assert f'id="f-{row.key}" open' in html
    assert html.count("is-linked") == 1


def test_a_search_stops_after_so_much_and_goes_on_from_there(
    client: Client, one: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "EFFORT", 100)
    for minute in range(4):
        record(one, *(call(minute * 60 + n, "Heartbeat", f"{minute}.{n}") for n in range(20)))
    query, found, leaves = f"{WINDOW}&q=0.7", [], 0
    while query and leaves < 10:
        page = show(client, query).context["page"]
        found += [row for row in page.rows if not row.marker]
        query = f"{WINDOW}&q=0.7&older={quote(page.older)}" if page.older else ""
        leaves += 1
    assert 2 < leaves < 10
    assert [row.exchange.head.id for row in found] == ["0.7"]


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday", "to=%00", "window=100y", "way=sideways", "what=ever", "at=noon",
        "older=xyz", "newer=%F0%9F%92%A9", "from=0001-01-01T00:00&to=9999-12-31T23:59",
        "at=0001-01-01T00:00:00Z", "from=2026-03-02T13:00&to=2026-03-02T12:00",
        "q=" + "x" * 3000, "action=%3Cb%3E", "older=" + "A" * 5000, "frame=%22%3E%3Cscript%3E",
        "from=2026-03-02T12:00:00%2B25:00",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_answered_with_a_page(
    client: Client, one: Charger, query: str
) -> None:
    for path in ("", "export/", "replay/"):
        found = client.get(f"/chargers/CP-1/frames/{path}?{query}")
        assert found.status_code == 200
        if path:
            body(found)
    assert "<script>" not in show(client, query).content.decode().replace("<script src", "")


def test_what_chargers_say_is_text(client: Client, one: Charger) -> None:
    record(one, call(1, "DataTransfer", "1", json.dumps({"vendorId": UGLY, "data": "x" * 5000})),
           Frame(NOON + SECOND, "in", "</code></pre><script>alert(1)</script>" + UGLY))  # fmt: skip
    html = show(client).content.decode()
    assert "<img src=x" not in html
    assert "<script>alert" not in html


def body(found: Any) -> bytes:
    """Return the whole of a streamed answer."""
    return b"".join(found.streaming_content)


def lines(client: Client, query: str = WINDOW) -> list[dict[str, Any]]:
    found = client.get(f"/chargers/CP-1/frames/export/?{query}")
    assert found["Content-Disposition"].endswith('.jsonl"')
    whole = body(found).decode()
    return [json.loads(line) for line in whole.splitlines()]


def test_the_export_is_a_line_per_frame_with_its_partner_and_its_latency(
    client: Client, one: Charger
) -> None:
    secret = '{"key":"AuthorizationKey","value":"0011"}'
    record(
        one, *MIXED, Frame(NOON + 20 * SECOND, "out", f'[2,"20","ChangeConfiguration",{secret}]')
    )
    found = lines(client)
    assert len(found) == len(MIXED) + 1
    assert found[0] == {
        "at": "2026-03-02T12:00:01.000Z", "direction": "in", "type": "call", "id": "1",
        "action": "Heartbeat", "error": None, "latency_ms": None, "problems": [],
        "text": '[2,"1","Heartbeat",{}]',
    }  # fmt: skip
    assert (found[1]["type"], found[1]["id"], found[1]["action"]) == ("result", "1", "Heartbeat")
    assert found[1]["latency_ms"] == 100.0
    assert found[5]["error"] == "NotImplemented"
    assert MASK in found[-1]["text"]
    assert "0011" not in json.dumps(found)
    assert [line["id"] for line in lines(client, f"{WINDOW}&action=Reset")] == ["4"]


def test_the_whole_of_a_large_window_is_exported(client: Client, one: Charger) -> None:
    for part in range(3):
        record(one, *(call(part * 900 + n * 0.1, "Heartbeat", f"{part}.{n}") for n in range(3000)))
    assert len(lines(client)) == 9000


def test_an_export_that_finds_nothing_ends_with_how_far_it_got(
    client: Client, one: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = heartbeats(80)
    for first in range(0, len(beats), 40):
        record(one, *beats[first : first + 40])
    assert lines(client, f"{WINDOW}&q=nothing") == []
    monkeypatch.setattr(views, "DOWNLOAD_EFFORT", 600)
    [last] = lines(client, f"{WINDOW}&q=nothing")
    assert (last["type"], last["at"]) == ("unfinished", "2026-03-02T12:00:20.000Z")
    whole = [line["id"] for line in lines(client) if line["type"] == "call"]
    assert whole == [f"h{n}" for n in range(20)]


def test_the_replay_is_a_recording_of_the_window(client: Client, one: Charger) -> None:
    record(one, *heartbeats(3))
    found = client.get(f"/chargers/CP-1/frames/replay/?{WINDOW}")
    deeds = [json.loads(line) for line in body(found).splitlines()]
    assert deeds[0]["kilowatch"] == "recording"
    assert [deed["do"] for deed in deeds[1:]] == ["open", "call", "call", "call"]


def test_another_tenant_s_frames_are_not_there(one: Charger) -> None:
    outsider = signed_in(person("otto", Role.ADMINISTRATOR, tenant("Sued")))
    for path in ("", "export/", "replay/"):
        assert outsider.get(f"/chargers/CP-1/frames/{path}").status_code == 404


def test_a_page_takes_few_queries_however_much_there_is(client: Client, one: Charger) -> None:
    for part in range(60):
        record(one, *(call(part * 50 + n, "Heartbeat", f"{part}.{n}") for n in range(40)))
    show(client)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert show(client).context["page"].count == pages.PAGE_SIZE
    assert len(queries) <= 15, [query["sql"][:90] for query in queries]


def test_nothing_recorded_is_said(client: Client, one: Charger, django_user_model: User) -> None:
    assert "No frames in this window" in show(client).content.decode()
    assert "No frame like this" in show(client, f"{WINDOW}&q=x").content.decode()
    assert "Frames are kept for 30 days" in show(client).content.decode()
