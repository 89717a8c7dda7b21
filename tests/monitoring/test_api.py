"""What happened, over the API: live status, sessions, meters, frames, KPIs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import time_machine
import zstandard
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Charger, Evse, Role
from monitoring import frame_log, recorder
from monitoring.api import frames as frames_api
from monitoring.exchanges import Frame
from monitoring.facts import Status
from monitoring.frame_dictionary import DICTIONARIES, NEWEST
from monitoring.frame_pages import Place
from monitoring.models import (
    Attempt,
    ChargerState,
    ConnectionSpan,
    DailyConnectivity,
    DailyKpi,
    Event,
    Gateway,
    PortState,
    QuarantinedFact,
    Session,
    Sighting,
    StatusSpan,
)
from monitoring.partitions import create
from tests.api import NOON, Answer, Api, Tenant, add_charger

LISTS = (
    "sessions/", "attempts/", "events/", "status-spans/", "connections/", "sightings/",
)  # fmt: skip


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def happen(evse: Evse, number: int, at: datetime = NOON) -> Session:
    """Let one of everything happen at a port."""
    charger = evse.charger
    session = Session.objects.create(
        id=number, charger=charger, evse=evse, transaction_id=str(number), started=at,
        received=at, updated=at, id_token="04AA", energy=12_500.0,
    )  # fmt: skip
    Event.objects.create(
        charger=charger, evse=evse, kind="boot", at=at, received=at, severity=3, code="PowerUp"
    )
    Attempt.objects.create(
        evse=evse, started=at, ended=at + minutes(30), outcome="success", session=session
    )
    StatusSpan.objects.create(evse=evse, status=Status.CHARGING, started=at, ended=at + minutes(30))
    gateway, _new = Gateway.objects.get_or_create(
        host="node", defaults={"id": uuid4(), "pid": 1, "started_at": at, "lease_until": at}
    )
    ConnectionSpan.objects.create(
        charger=charger, token=uuid4(), gateway=gateway, opened=at, closed=at + minutes(5),
        close_reason="lost", peer="192.0.2.7", ocpp_version="1.6", security_profile=1,
    )  # fmt: skip
    Sighting.objects.create(
        identity=f"{charger.identity}-{number}", reason="credentials", charger=charger,
        peer="192.0.2.7", first_seen=at, last_seen=at,
    )  # fmt: skip
    return session


@pytest.mark.parametrize("path", LISTS)
def test_what_happened_is_listed_newest_first_for_members_only(nord: Tenant, path: str) -> None:
    sued = Tenant.make("Sued")
    for number, tenant in ((1, nord), (2, nord), (3, sued)):
        happen(tenant.evses[number % 2], number, NOON + minutes(60 * number))
    rows = nord.api(Role.VIEWER).get(path).results
    assert [row["charger"] for row in rows] == ["Nord-1", "Nord-1"]
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert nord.api().get(f"{path}{ids[0]}/").body == rows[0]
    theirs = Api.of(User.objects.create_superuser("root")).get(path).results[0]
    assert theirs["charger"] == "Sued-1"
    assert nord.api().get(f"{path}{theirs['id']}/").status == 404


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("as_csv", [False, True])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    nord: Tenant, path: str, as_csv: bool
) -> None:
    api = nord.api(Role.VIEWER)
    query: dict[str, Any] = {"format": "csv"} if as_csv else {}
    happen(nord.evses[0], 1)
    api.get(path, **query)
    with CaptureQueriesContext(connection) as few:
        api.get(path, **query)
    for number in range(2, 12):
        _charger, evses = add_charger(nord.site, f"X-{number}")
        happen(evses[0], number, NOON + minutes(60 * number))
    with CaptureQueriesContext(connection) as many:
        answer = api.get(path, **query)
    assert b"X-11" in answer.raw
    assert len(many) == len(few) <= 5


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("sessions/", {"from_": "2026-03-02T12:00:00Z", "to": "2026-03-02T13:00:00Z"}, [1]),
        ("sessions/", {"charger": "nord-1"}, [2, 1]),
        ("sessions/", {"charger": "nobody"}, []),
        ("sessions/", {"running": "true"}, [2, 1]),
        ("sessions/", {"running": "false"}, []),
        ("sessions/", {"id_token": "04AA", "transaction_id": "2"}, [2]),
        ("sessions/", {"flag": "meter_backwards"}, [2]),
        ("attempts/", {"outcome": "success", "from_": "2026-03-02T13:00:00Z"}, [2]),
        ("events/", {"kind": "boot", "severity_at_most": 3}, [2, 1]),
        ("events/", {"severity_at_most": 2}, []),
        ("status-spans/", {"from_": "2026-03-02T12:10:00Z", "to": "2026-03-02T12:11:00Z"}, [1]),
        ("status-spans/", {"status": "Faulted"}, []),
        ("connections/", {"from_": "2026-03-02T12:05:00Z"}, [2]),
        ("connections/", {"open": "true"}, []),
        ("connections/", {"close_reason": "lost"}, [2, 1]),
        ("sightings/", {"reason": "credentials"}, [2, 1]),
    ],
)
def test_what_happened_is_filtered(
    nord: Tenant, path: str, query: dict[str, Any], found: list[int]
) -> None:
    happen(nord.evses[0], 1)
    happen(nord.evses[1], 2, NOON + minutes(90))
    Session.objects.filter(pk=2).update(flags=["meter_backwards"])
    everything = sorted(row["id"] for row in nord.api().get(path).results)
    rows = nord.api().get(path, **query).results
    assert [everything.index(row["id"]) + 1 for row in rows] == found


def test_nothing_that_happened_can_be_written(nord: Tenant) -> None:
    happen(nord.evses[0], 1)
    for path in (*LISTS, "meter-samples/", "kpis/"):
        assert nord.api(Role.ADMINISTRATOR).post(path, {}).status == 405, path


def test_unknown_identities_show_to_those_who_see_everything(nord: Tenant) -> None:
    Sighting.objects.create(
        identity="stranger", reason="unknown", peer="192.0.2.9", first_seen=NOON, last_seen=NOON
    )
    assert [row["identity"] for row in nord.api().get("sightings/").results] == ["stranger"]
    assert nord.api(Role.LEAD, nord.site).get("sightings/").results == []
    Tenant.make("Sued")
    assert nord.api().get("sightings/").results == []


def test_the_quarantine_is_for_the_installations_staff(nord: Tenant) -> None:
    QuarantinedFact.objects.create(
        charger_id=nord.charger.pk, received=NOON, kind="SessionChanged", fact={"a": 1},
        frame="[2]", error="out of range",
    )  # fmt: skip
    assert nord.api(Role.ADMINISTRATOR).get("quarantine/").status == 403
    rows = Api.of(User.objects.create_superuser("root")).get("quarantine/").results
    assert [row["error"] for row in rows] == ["out of range"]


def test_the_live_status_tells_of_each_port_its_session_and_its_connectors(nord: Tenant) -> None:
    session = happen(nord.evses[0], 7)
    PortState.objects.filter(evse=nord.evses[0]).update(
        status=Status.CHARGING, session_id=session.pk, power=48_000.0, soc=61.0
    )
    PortState.objects.filter(evse=nord.evses[1]).update(
        status=Status.FAULTED, error_code="GroundFailure"
    )
    ChargerState.objects.filter(charger=nord.charger).update(clock_offset=-2500, rtt=41.5)
    body = nord.api().get("chargers/Nord-1/status/").body
    assert (body["online"], body["clock_offset"], body["round_trip"]) == (True, -2.5, 41.5)
    first, second = body["evses"]
    assert (first["number"], first["state"], first["status"]) == (1, "charging", "Charging")
    assert (first["power"], first["soc"]) == (48_000.0, 61.0)
    assert first["session"]["id"] == 7
    assert first["connectors"][0]["status"] == "Charging"
    assert (second["state"], second["error_code"]) == ("faulted", "GroundFailure")
    assert second["session"] is None


def test_ports_of_an_offline_charger_are_offline_whatever_they_said_last(nord: Tenant) -> None:
    ChargerState.objects.filter(charger=nord.charger).update(online=False)
    body = nord.api().get("chargers/Nord-1/status/").body
    assert [(port["state"], port["status"]) for port in body["evses"]] == [
        ("offline", "Available"),
        ("offline", "Available"),
    ]
    assert {row["state"] for row in nord.api().get("evses/").results} == {"offline"}


def test_a_charger_that_was_never_seen_has_a_status_too(nord: Tenant) -> None:
    charger = Charger.objects.create(site=nord.site, identity="Plan")
    Evse.objects.create(charger=charger, number=1)
    body = nord.api().get("chargers/plan/status/").body
    assert (body["online"], body["since"]) == (False, None)
    assert [(port["state"], port["status"]) for port in body["evses"]] == [("unknown", "Unknown")]


def test_the_live_status_takes_as_many_queries_for_ten_ports_as_for_two(nord: Tenant) -> None:
    api = nord.api()
    add_charger(nord.site, "Big", ports=10)
    counts = []
    for path in ("chargers/Nord-1/status/", "chargers/Nord-1/status/", "chargers/Big/status/"):
        with CaptureQueriesContext(connection) as queries:
            api.get(path)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 6


def test_the_clock_offset_is_in_seconds(nord: Tenant) -> None:
    ChargerState.objects.filter(charger=nord.charger).update(clock_offset=90_250)
    assert nord.api().get("chargers/Nord-1/").body["clock_offset"] == 90.25


# Meter samples


def sample(evse: Evse, at: datetime, energy: float, session: int | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_metersample", at.date()))
        cursor.execute(
            "INSERT INTO monitoring_metersample (charger_id, evse_id, session_id, at, received,"
            " offset_ms, context, energy, power) VALUES (%s, %s, %s, %s, %s, 0, 0, %s, 7000)",
            [evse.charger_id, evse.pk, session, at, at, energy],
        )


def test_meter_samples_are_read_for_a_charger_and_a_window(nord: Tenant) -> None:
    for step in range(4):
        sample(nord.evses[step % 2], NOON + minutes(step), 1000.0 + step)
    answer = nord.api().get(
        "meter-samples/", charger="nord-1", from_="2026-03-02T12:01:00Z", to="2026-03-02T12:03:00Z"
    )
    rows = answer.results
    assert [(row["evse"], row["energy"]) for row in rows] == [(2, 1001.0), (1, 1002.0)]
    assert rows[0]["at"] == "2026-03-02T12:01:00Z"
    assert rows[0]["reading_context"] == "Sample.Periodic"
    assert rows[0]["power"] == 7000.0


def test_meter_samples_of_one_instant_are_neither_lost_nor_doubled_between_pages(
    nord: Tenant,
) -> None:
    for step in range(9):
        sample(nord.evses[step % 2], NOON + minutes(step // 4), float(step))
    api = nord.api()
    answer = api.get(
        "meter-samples/", charger="Nord-1", from_="2026-03-02", to="2026-03-03", page_size=2
    )
    rows = answer.results
    while answer.body["next"]:
        answer = api.get(answer.body["next"])
        rows += answer.results
    assert sorted(row["energy"] for row in rows) == [float(step) for step in range(9)]


def test_meter_samples_of_a_session_need_no_window(nord: Tenant) -> None:
    session = happen(nord.evses[0], 7)
    sample(nord.evses[0], NOON + minutes(1), 1.0, session.pk)
    sample(nord.evses[0], NOON + minutes(2), 2.0)
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        answer = nord.api().get("meter-samples/", session=7)
    assert [row["energy"] for row in answer.results] == [1.0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "charger"),
        ({"charger": "Nord-1"}, "from"),
        ({"charger": "Nord-1", "from_": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"charger": "Nord-1", "from_": "2026-01-01", "to": "2026-03-01"}, "to"),
        ({"charger": "Nord-1", "from_": "soon", "to": "2026-03-01"}, "from"),
        ({"charger": "Sued-1", "from_": "2026-03-01", "to": "2026-03-02"}, "charger"),
        ({"charger": "Nord-1", "from_": "2026-03-01", "to": "2026-03-02", "site": 1}, "site"),
    ],
)
def test_meter_samples_without_a_bounded_window_are_refused(
    nord: Tenant, query: dict[str, Any], field: str
) -> None:
    Tenant.make("Sued")
    answer = nord.api().get("meter-samples/", **query)
    assert answer.status == 400, answer.body
    assert field in answer.problem()["errors"]


def test_another_tenants_session_has_no_samples_for_us(nord: Tenant) -> None:
    sued = Tenant.make("Sued")
    happen(sued.evses[0], 7)
    assert nord.api().get("meter-samples/", session=7).status == 404


# Frames


def record(charger: Charger, frames: list[Frame]) -> None:
    """Write a segment as the recorder does."""
    started = frames[0].at
    data = recorder.encode(frames, started)
    packed = zstandard.ZstdCompressor(dict_data=DICTIONARIES[NEWEST]).compress(data)
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_framesegment", started.date()))
        cursor.execute(
            "INSERT INTO monitoring_framesegment"
            " (charger_id, started, ended, frames, size, dictionary, data)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [charger.pk, started, frames[-1].at, len(frames), len(data), NEWEST, packed],
        )


def calls(number: int, at: datetime = NOON) -> list[Frame]:
    """Return heartbeats and their answers, a second apart."""
    frames = []
    for n in range(number):
        when = at + timedelta(seconds=n)
        frames.append(Frame(when, "in", f'[2,"m{n}","Heartbeat",{{}}]'))
        frames.append(Frame(when, "out", f'[3,"m{n}",{{"currentTime":"x"}}]'))
    return frames


WINDOW = {"from_": "2026-03-02T12:00:00Z", "to": "2026-03-02T13:00:00Z"}


def test_frames_are_read_newest_first_with_their_action(nord: Tenant) -> None:
    record(nord.charger, calls(2))
    rows = nord.api().get("chargers/nord-1/frames/", **WINDOW).results
    assert [row["action"] for row in rows] == [None, "Heartbeat", None, "Heartbeat"]
    assert rows[0]["at"] == "2026-03-02T12:00:01Z"
    assert rows[1] == {
        "at": "2026-03-02T12:00:01Z", "direction": "in", "type": "call", "id": "m1",
        "action": "Heartbeat", "text": '[2,"m1","Heartbeat",{}]',
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_of_frames_neither_lose_nor_double_frames_of_one_instant(
    nord: Tenant, size: int
) -> None:
    record(nord.charger, calls(5))
    record(nord.charger, [Frame(NOON + minutes(1), "in", f'[2,"x{n}","X",{{}}]') for n in range(6)])
    api = nord.api()
    answer = api.get("chargers/Nord-1/frames/", **WINDOW, page_size=size)
    texts = [row["text"] for row in answer.results]
    while answer.body["next"]:
        assert len(answer.results) == size
        answer = api.get(answer.body["next"])
        texts += [row["text"] for row in answer.results]
    assert len(texts) == len(set(texts)) == 16


def test_frames_are_filtered_by_action_with_replies_and_by_direction(nord: Tenant) -> None:
    record(nord.charger, [*calls(2), Frame(NOON + minutes(1), "in", '[2,"s","Status",{}]')])
    api = nord.api()
    path = "chargers/Nord-1/frames/"
    assert len(api.get(path, **WINDOW, action="Heartbeat").results) == 4
    assert len(api.get(path, **WINDOW, action="Heartbeat", direction="out").results) == 2
    assert api.get(path, **WINDOW, action="Nothing").results == []


def test_frames_by_default_are_those_of_the_last_24_hours(nord: Tenant) -> None:
    record(nord.charger, calls(1))
    for later, seen in ((1, 2), (25, 0)):
        with time_machine.travel(NOON + timedelta(hours=later), tick=False):
            assert len(nord.api().get("chargers/Nord-1/frames/").results) == seen


def test_all_frames_of_a_window_come_as_csv(nord: Tenant) -> None:
    record(nord.charger, calls(700))
    answer = nord.api().get("chargers/Nord-1/frames/", **WINDOW, format="csv")
    rows = list(csv.DictReader(io.StringIO(answer.raw.decode())))
    assert len(rows) == 1400
    assert rows[-1]["text"] == '[2,"m0","Heartbeat",{}]'


@pytest.mark.parametrize("segments", [1, 3, 4])
def test_a_window_of_many_segments_is_read_to_its_end(
    nord: Tenant, segments: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_log, "SEGMENTS_AT_A_TIME", 2)
    for n in range(segments):
        record(nord.charger, calls(2, NOON + minutes(n)))
    end = NOON + timedelta(hours=1)
    for newest_first in (True, False):
        frames = frame_log.read(nord.charger.pk, NOON, end, newest_first=newest_first)
        assert len(frames) == 4 * segments
        times = [frame.at for frame in frames]
        assert times == sorted(times, reverse=newest_first)
    found = frame_log.read(nord.charger.pk, NOON, end, action="Heartbeat", direction="in")
    assert len(found) == 2 * segments


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"from_": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"from_": "2026-01-02", "to": "2026-03-02"}, "to"),
        ({"cursor": "!!"}, "cursor"),
        ({"cursor": "MjAyNi0wMy0wMg=="}, "cursor"),
        ({"cursor": Place(datetime.min.replace(tzinfo=UTC), 0).encode()}, "cursor"),
        ({"cursor": Place(datetime.max.replace(tzinfo=UTC), 0).encode()}, "cursor"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 100_000}, "page_size"),
        ({"kind": "x"}, "kind"),
    ],
)
def test_a_bad_question_for_frames_is_refused(
    nord: Tenant, query: dict[str, Any], field: str
) -> None:
    answer = nord.api().get("chargers/Nord-1/frames/", **query)
    assert answer.status == 400
    assert field in answer.problem()["errors"]


def test_frames_of_another_tenants_charger_do_not_exist(nord: Tenant) -> None:
    Tenant.make("Sued")
    assert nord.api().get("chargers/Sued-1/frames/").status == 404
    assert nord.api().get("chargers/Sued-1/status/").status == 404


# KPIs


def day_of(tenant: Tenant, up: float, attempts: int, successes: int, evse: int = 0) -> None:
    """Roll a day of the tenant's charger up by hand."""
    port = tenant.evses[evse]
    day, until = NOON.date(), NOON
    DailyKpi.objects.create(
        evse=port, charger=port.charger, day=day, up=up, offline=86_400 - up, faulted=0,
        unavailable=0, no_data=0, attempts=attempts, successes=successes, refused=0, until=until,
    )  # fmt: skip
    reasons = {f"after_{r}": 0 for r in (
        "clean", "lost", "ping_timeout", "replaced", "gateway_restart", "gateway_died",
        "protocol_error", "kicked", "unknown",
    )}  # fmt: skip
    DailyConnectivity.objects.get_or_create(
        charger=port.charger, day=day,
        defaults={
            "online": 43_200, "offline": 43_200, "unseen": 0, "refusals": 0, "until": until,
            **reasons, "after_lost": 3,
        },
    )  # fmt: skip


DAY = {"from_": "2026-03-02", "to": "2026-03-03"}


def by_metric(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["metric"]: row for row in rows}


def test_kpis_come_with_numerator_denominator_formula_and_evidence(nord: Tenant) -> None:
    day_of(nord, 64_800, 4, 3)
    answer = nord.api(Role.MANAGER).get("kpis/", **DAY)
    rows = by_metric(answer.results)
    assert set(rows) == {"uptime", "online_rate", "session_success", "reconnects"}
    assert rows["uptime"]["value"] == 0.75
    assert (rows["uptime"]["numerator"], rows["uptime"]["denominator"]) == (64_800, 86_400)
    assert rows["session_success"]["value"] == 0.75
    assert rows["online_rate"]["value"] == 0.5
    assert rows["uptime"]["details"]["offline"] == 21_600
    assert set(answer.body["formulas"]) == set(rows)
    assert answer.body["lens"] == "raw"


def test_no_data_is_null_and_not_zero(nord: Tenant) -> None:
    assert {row["value"] for row in nord.api().get("kpis/", **DAY).results} == {None}


def test_the_evidence_is_the_rows_that_the_figure_counts(nord: Tenant) -> None:
    sued = Tenant.make("Sued")
    day_of(nord, 64_800, 1, 1)
    happen(nord.evses[0], 1)
    happen(sued.evses[0], 2)
    api = Api.of(User.objects.create_superuser("root"))
    for group in ("fleet", "organisation", "site", "charger", "port", "day"):
        for row in api.get("kpis/", **DAY, group_by=group).results:
            evidence = api.get(row["evidence"])
            assert evidence.status == 200, (group, row)
            if "Nord" in row["label"]:
                assert {found["charger"] for found in evidence.results} <= {"Nord-1"}
    row = by_metric(api.get("kpis/", **DAY, group_by="port", charger="nord-1").results[:4])
    assert len(api.get(row["session_success"]["evidence"]).results) == 1
    asked = parse_qs(urlsplit(row["uptime"]["evidence"]).query)
    assert asked["from"] == ["2026-03-01T23:00:00Z"]  # Midnight in Berlin.
    assert asked["to"] == ["2026-03-02T23:00:00Z"]


@pytest.mark.parametrize(
    ("group", "labels"),
    [
        ("fleet", ["Fleet"]), ("organisation", ["Nord"]), ("site", ["Nord Depot"]),
        ("charger", ["Nord-1"]), ("port", ["Nord-1/1", "Nord-1/2"]), ("day", ["2026-03-02"]),
    ],
)  # fmt: skip
def test_kpis_are_grouped_and_nothing_of_another_tenant_is_counted(
    nord: Tenant, group: str, labels: list[str]
) -> None:
    sued = Tenant.make("Sued")
    day_of(nord, 86_400, 0, 0)
    day_of(nord, 86_400, 0, 0, evse=1)
    day_of(sued, 0, 0, 0)
    rows = nord.api().get("kpis/", **DAY, group_by=group, metric="uptime").results
    assert [row["label"] for row in rows] == labels
    assert {row["value"] for row in rows} == {1.0}


def test_kpis_by_charger_come_in_pages_and_whole_as_csv(nord: Tenant) -> None:
    for number in range(5):
        add_charger(nord.site, f"X-{number}")
    api, rows = nord.api(), []
    query = {**DAY, "group_by": "charger", "metric": "uptime"}
    answer = api.get("kpis/", **query, page_size=2)
    rows += answer.results
    while answer.body["next"]:
        answer = api.get(answer.body["next"])
        rows += answer.results
    labels = ["Nord-1", *(f"X-{number}" for number in range(5))]
    assert [row["label"] for row in rows] == labels
    whole = csv.DictReader(io.StringIO(api.get("kpis/", **query, format="csv").raw.decode()))
    assert [row["label"] for row in whole] == labels


def test_kpis_are_asked_for_several_metrics(nord: Tenant) -> None:
    rows = nord.api().get("kpis/", **DAY, metric=["uptime", "reconnects"]).results
    assert [row["metric"] for row in rows] == ["uptime", "reconnects"]


def test_a_window_of_instants_is_computed(nord: Tenant) -> None:
    answer = nord.api().get(
        "kpis/", from_="2026-03-02T11:30:00Z", to="2026-03-02T12:30:00+01:00", metric="uptime"
    )
    assert answer.status == 400  # The zone makes it end before it starts.
    answer = nord.api().get(
        "kpis/", from_="2026-03-02T11:30:00Z", to="2026-03-02T12:30:00Z", metric="uptime"
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metric": "luck"}, "metric"),
        ({"lens": "pink"}, "lens"),
        ({"group_by": "mood"}, "group_by"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "2026-03-40"}, "from"),
        ({"from_": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"from_": "2020-03-02", "to": "2026-03-02"}, "to"),
        ({"from_": "2026-01-01T00:00:00Z", "to": "2026-03-20T00:00:00Z"}, "to"),
        ({"site": 10**20}, "site"),
        ({"charger": "Sued-1"}, "charger"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_question_for_kpis_is_refused(
    nord: Tenant, query: dict[str, Any], field: str
) -> None:
    Tenant.make("Sued")
    answer = nord.api().get("kpis/", **query)
    assert answer.status == 400, answer.body
    assert field in answer.problem()["errors"]


@pytest.mark.parametrize("group", ["charger", "port", "site", "day"])
def test_kpis_take_as_many_queries_for_many_chargers_as_for_two(nord: Tenant, group: str) -> None:
    api = nord.api(Role.VIEWER)
    add_charger(nord.site, "Y")
    day_of(nord, 86_400, 0, 0)
    counts = []
    for _step in range(2):
        api.get("kpis/", **DAY, group_by=group)
        with CaptureQueriesContext(connection) as queries:
            api.get("kpis/", **DAY, group_by=group)
        counts.append(len(queries))
        for number in range(10):
            add_charger(nord.site, f"Z-{_step}-{number}")
    assert counts[0] == counts[1] <= 8


def test_times_are_utc_whatever_was_sent(nord: Tenant) -> None:
    happen(nord.evses[0], 1, datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC))
    row = nord.api().get("sessions/", from_="2026-03-02T13:00:00+01:00").results[0]
    assert row["started"] == "2026-03-02T12:00:00.123456Z"


def talk(n: int = 0) -> list[Frame]:
    """Return a CALL and its answer, one that is refused, and what can't be read."""
    at = NOON + minutes(n)
    return [
        Frame(at, "in", '[2,"1","Heartbeat",{}]'),
        Frame(at + timedelta(milliseconds=40), "out", '[3,"1",{"currentTime":"x"}]'),
        Frame(at + timedelta(seconds=1), "in", '[2,"2","MakeCoffee",{}]'),
        Frame(at + timedelta(seconds=2), "out", '[4,"2","NotImplemented","no coffee",{}]'),
        Frame(at + timedelta(seconds=3), "in", "{"),
    ]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({}, ["unreadable", "error", "call", "result", "call"]),
        ({"type": "error"}, ["error"]),
        ({"type": "call", "direction": "in"}, ["call", "call"]),
        ({"contains": "COFFEE"}, ["error", "call"]),
        ({"contains": "coffee", "type": "call"}, ["call"]),
        ({"action": "MakeCoffee", "type": "error"}, ["error"]),
    ],
)
def test_frames_are_filtered_by_type_and_text(
    nord: Tenant, query: dict[str, str], kinds: list[str]
) -> None:
    record(nord.charger, talk())
    found = nord.api().get("chargers/Nord-1/frames/", **WINDOW, **query).results
    assert [frame["type"] for frame in found] == kinds
    assert [frame["id"] for frame in found if frame["type"] == "error"] in ([], ["2"])


def go_on(api: Api, answer: Answer) -> tuple[list[str], list[str]]:
    """Return the texts and the ends of the searches of all pages from `answer` on."""
    texts, searched = [], []
    for _page in range(100):
        texts += [row["text"] for row in answer.results]
        searched.append(answer.body["searched_to"])
        if not answer.body["next"]:
            return texts, searched
        answer = api.get(answer.body["next"])
    raise AssertionError("It never ends.")


def test_a_search_without_a_hit_says_how_far_it_got_and_goes_on(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_api, "EFFORT", 1)
    record(nord.charger, talk(0))
    for n in (10, 20, 30):
        record(nord.charger, calls(2, NOON + minutes(n)))
    api = nord.api()
    answer = api.get("chargers/Nord-1/frames/", **WINDOW, contains="coffee")
    assert answer.results == []
    assert answer.body["searched_to"] == "2026-03-02T12:30:00Z"
    texts, searched = go_on(api, answer)
    assert searched == [*(f"2026-03-02T12:{n}:00Z" for n in (30, 20, 10)), None]
    assert [text[:3] for text in texts] == ["[4,", "[2,"]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_bounded_search_by_action_loses_and_doubles_no_reply(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(frames_api, "EFFORT", 1)
    for n, frame in enumerate([frame for frame in talk() if frame.text != "{"] * 5):
        at = NOON + timedelta(seconds=50 * n)
        record(nord.charger, [frame._replace(at=at, text=frame.text.replace('"1"', f'"{n // 4}"'))])
    api = nord.api()
    path, only = "chargers/Nord-1/frames/", {"action": "Heartbeat"}
    texts, searched = go_on(api, api.get(path, **WINDOW, **only, page_size=size))
    assert len(texts) == len(set(texts)) == 10
    assert any(searched)


def test_a_window_comes_as_json_lines_with_latencies(nord: Tenant) -> None:
    record(nord.charger, talk())
    answer = nord.api().get("chargers/Nord-1/frames/", **WINDOW, format="jsonl")
    lines = [json.loads(line) for line in answer.raw.decode().splitlines()]
    assert [line["type"] for line in lines] == ["call", "result", "call", "error", "unreadable"]
    assert [line["latency_ms"] for line in lines] == [None, 40.0, None, 1000.0, None]
    assert (lines[3]["action"], lines[3]["error"]) == ("MakeCoffee", "NotImplemented")
    only = nord.api().get("chargers/Nord-1/frames/", **WINDOW, format="jsonl", type="error")
    assert len(only.raw.decode().splitlines()) == 1
