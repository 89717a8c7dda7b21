"""What is acknowledged is on disk, once, in the order of events, whatever goes wrong."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Charger, Evse, Organisation, Site
from monitoring import backlog, housekeeping, ingest, quarantine
from monitoring import facts as f
from monitoring.database import committed, connect
from monitoring.facts import Status
from monitoring.ingest import Writer
from monitoring.models import (
    ChargerState,
    ConnectionSpan,
    DirtyDay,
    Event,
    Gateway,
    MeterSample,
    PortState,
    QuarantinedFact,
    Session,
    StatusSpan,
)
from monitoring.models.meters import COLUMNS
from tests.monitoring.door import Door, door

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENERGY = COLUMNS.index("energy")


@pytest.fixture
def chargers(transactional_db: None) -> list[int]:
    """Three chargers with two ports each."""
    organisation = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=organisation, name="Depot")
    made = [Charger.objects.create(site=site, identity=f"CP-{n}") for n in range(1, 4)]
    for charger in made:
        for number in (1, 2):
            Evse.objects.create(charger=charger, number=number)
    return [charger.pk for charger in made]


@pytest.fixture
async def gate(chargers: list[int]) -> AsyncIterator[Door]:
    """The door between the writers and the database."""
    async with door() as made:
        yield made
    await sync_to_async(connections.close_all)()


async def begun(gate: Door) -> Writer:
    """Return a writer at work, as a gateway starts one."""
    gateway = await Gateway.objects.acreate(
        id=uuid.uuid4(), host="here", pid=1, started_at=NOON, lease_until=at(1000)
    )
    made = Writer(gate.dsn, gateway.id)
    made.start()
    return made


@pytest.fixture
async def writer(gate: Door) -> AsyncIterator[Writer]:
    """A writer at work."""
    made = await begun(gate)
    yield made
    gate.release()
    await made.stop()


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def status(charger: int, minute: float, said: Status, **more: Any) -> f.StatusReported:
    return f.StatusReported(charger, 1, 1, at(minute), at(minute), said, **more)


def event(charger: int, **more: Any) -> f.EventReported:
    return f.EventReported(charger, more.pop("kind", "note"), NOON, NOON, **more)


def start(charger: int, key: str = "start", minute: float = 0, **more: Any) -> f.SessionChanged:
    """Return a 1.6 start: the writer gives it its transaction id."""
    said = {"evse": 1, "connector": 1, "id_token": "TAG", "meter_start": 1000.0, **more}
    return f.SessionChanged(
        charger, "", at(minute), at(minute), start_key=key, started=at(minute), **said
    )


def sample(charger: int, minute: float, wh: float, transaction: str | None) -> f.MetersSampled:
    values = [None] * len(COLUMNS)
    values[ENERGY] = wh  # type: ignore[call-overload]
    return f.MetersSampled(charger, 1, at(minute), at(minute), tuple(values), transaction)


def stop(charger: int, minute: float, wh: float, transaction: str) -> f.SessionChanged:
    return f.SessionChanged(
        charger,
        transaction,
        at(minute),
        at(minute),
        create=False,
        ended=at(minute),
        meter_stop=wh,
        stop_reason="Local",
    )


def fresh(fact: Any) -> Any:
    """Return the fact as it would come again."""
    return replace(fact)


class NotStored(Exception):
    """The writer said so."""


async def commit(
    writer: Writer, facts: Sequence[f.Fact], frame: str = "", patience: float = 20.0
) -> None:
    """Wait until the writer says that the facts are on disk."""
    told: asyncio.Queue[bool] = asyncio.Queue()
    writer.store(facts, frame, told.put_nowait, patience)
    if not await told.get():
        raise NotStored


async def at_once(writer: Writer, messages: Sequence[f.Fact]) -> None:
    """Store messages in one commit."""
    await asyncio.gather(*(commit(writer, [fact]) for fact in messages))


# Poison


class Unsayable:
    """Nothing that JSON or a column could hold."""

    def __str__(self) -> str:
        raise ValueError("no words")


def deep(levels: int) -> Any:
    inner: Any = 1
    for _ in range(levels):
        inner = [inner]
    return inner


POISON: dict[str, Callable[[int], f.Fact]] = {
    "a lone surrogate in a text": lambda c: event(c, text="\ud800"),
    "a lone surrogate in data": lambda c: event(c, data={"x": "\ud800"}),
    "a text that is too long": lambda c: event(c, code="x" * 101),
    "a number beyond JSON": lambda c: event(c, data={"x": 10**400}),
    "data too deep": lambda c: event(c, data={"x": deep(400)}),
    "data deeper than Python": lambda c: event(c, data={"x": deep(5_000)}),
    "data of no type": lambda c: event(c, data={"x": Unsayable()}),
    "a charger that is not there": lambda c: event(999_999),
    "a status too long for its column": lambda c: status(c, 1, Status.FAULTED, error_code="x" * 51),
    "a session's token too long": lambda c: start(c, id_token="x" * 256),
    "no time at all": lambda c: replace(status(c, 0, Status.FAULTED), at=None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("poison", POISON, ids=lambda name: name.replace(" ", "_"))
async def test_a_poison_message_is_quarantined_and_its_neighbours_are_stored(
    writer: Writer, chargers: list[int], poison: str
) -> None:
    first, second, third = chargers
    bad = POISON[poison](first)
    neighbours = [event(c, kind="neighbour", code=str(n)) for n, c in enumerate(chargers * 3)]
    batch = [*neighbours[:4], bad, *neighbours[4:], start(second), status(third, 0, Status.FAULTED)]
    await asyncio.gather(*(commit(writer, [fact], "the frame") for fact in batch))
    assert await Event.objects.filter(kind="neighbour").acount() == len(neighbours)
    assert await Session.objects.acount() == 1
    assert await StatusSpan.objects.acount() == 1
    kept = await QuarantinedFact.objects.aget()
    assert (kept.charger_id, kept.kind) == (bad.charger_id, type(bad).__name__)
    assert kept.frame == "the frame"
    await commit(writer, [event(first, kind="after")])
    assert await Event.objects.filter(kind="after").acount() == 1


async def test_what_is_quarantined_holds_no_secret(writer: Writer, chargers: list[int]) -> None:
    frame = '[2,"1","DataTransfer",{"password":"s3cr3t"}]'
    await commit(writer, [event(chargers[0], code="x" * 101)], frame)
    assert "s3cr3t" not in (await QuarantinedFact.objects.aget()).frame


async def test_a_message_of_many_facts_is_stored_whole_or_not_at_all(
    writer: Writer, chargers: list[int]
) -> None:
    charger = chargers[0]
    await commit(writer, [event(charger, kind="good"), event(charger, code="x" * 101)])
    assert not await Event.objects.aexists()
    assert (await QuarantinedFact.objects.aget()).kind == "EventReported,EventReported"


async def test_what_was_remembered_wrong_is_no_poison(writer: Writer, chargers: list[int]) -> None:
    """Another gateway held the charger meanwhile, and this one didn't hear of it."""
    await commit(writer, [status(chargers[0], 0, Status.AVAILABLE)])
    span = await StatusSpan.objects.aget()
    await StatusSpan.objects.filter(pk=span.pk).aupdate(ended=at(5))
    await StatusSpan.objects.acreate(evse_id=span.evse_id, status="Faulted", started=at(5))
    await commit(writer, [status(chargers[0], 3, Status.CHARGING)])
    await commit(writer, [status(chargers[0], 9, Status.FINISHING)])
    assert not await QuarantinedFact.objects.aexists()
    spans = [(s.started, s.status) async for s in StatusSpan.objects.order_by("started")]
    assert spans == [
        (at(0), "Available"), (at(3), "Charging"), (at(5), "Faulted"), (at(9), "Finishing"),
    ]  # fmt: skip


# Sessions


async def test_a_repeated_start_gets_the_same_transaction_14(
    writer: Writer, chargers: list[int]
) -> None:
    first, again = start(chargers[0]), start(chargers[0])
    await at_once(writer, [first, again])
    writer.memory.forget(chargers)
    late = start(chargers[0])
    await commit(writer, [late])
    other = start(chargers[1])
    await commit(writer, [other])
    assert first.transaction_id == again.transaction_id == late.transaction_id
    assert other.transaction_id != first.transaction_id
    assert await Session.objects.acount() == 2


async def test_a_start_beside_a_poison_message_is_named_by_the_commit_that_stored_it_14(
    writer: Writer, chargers: list[int]
) -> None:
    begun_now = start(chargers[0])
    again = start(chargers[0])
    await at_once(writer, [begun_now, event(chargers[0], code="x" * 101), again])
    session = await Session.objects.aget()
    assert begun_now.transaction_id == again.transaction_id == str(session.pk)


async def test_a_start_sent_to_two_gateways_is_one_session_14(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    other = await begun(gate)
    starts = [start(chargers[0], f"start-{n}") for n in range(20)]
    again = [fresh(fact) for fact in starts]
    await asyncio.gather(
        *(commit(writer, [fact]) for fact in starts), *(commit(other, [fact]) for fact in again)
    )
    await other.stop()
    stored = {str(pk) async for pk in Session.objects.values_list("pk", flat=True)}
    assert [fact.transaction_id for fact in starts] == [fact.transaction_id for fact in again]
    assert {fact.transaction_id for fact in starts} == stored


async def test_a_stop_of_another_chargers_transaction_touches_nothing_14(
    writer: Writer, chargers: list[int]
) -> None:
    running = start(chargers[0])
    await commit(writer, [running])
    await commit(writer, [stop(chargers[1], 9, 9000.0, running.transaction_id)])
    session = await Session.objects.aget()
    assert (session.ended, session.meter_stop) == (None, None)
    orphan = await Event.objects.aget(kind="orphan_stop")
    assert (orphan.charger_id, orphan.data["meterStop"]) == (chargers[1], 9000.0)


async def test_samples_of_another_chargers_transaction_touch_nothing_14(
    writer: Writer, chargers: list[int]
) -> None:
    running = start(chargers[0])
    await commit(writer, [running])
    await commit(writer, [sample(chargers[1], 5, 99_000.0, running.transaction_id)])
    kept = await MeterSample.objects.aget()
    assert (kept.session_id, kept.extra) == (None, {"transactionId": running.transaction_id})
    assert (await Session.objects.aget()).energy is None


async def test_energy_is_the_registers_difference_and_falling_ones_are_flagged_19(
    writer: Writer, chargers: list[int]
) -> None:
    good, falling, below = (start(c, f"s{c}") for c in chargers)
    await at_once(writer, [good, falling, below])
    for fact, registers, end in (
        (good, (1500.0, 1500.5, 1500.0, 9000.0), 9000.0),
        (falling, (5000.0, 100.0, 9000.0), 9000.0),
        (below, (8000.0,), 3000.0),
    ):
        for minute, register in enumerate(registers, 1):
            await commit(writer, [sample(fact.charger_id, minute, register, fact.transaction_id)])
        await commit(writer, [stop(fact.charger_id, 30, end, fact.transaction_id)])
    sessions = [await Session.objects.aget(charger=c) for c in chargers]
    assert [(s.energy, s.flags) for s in sessions] == [
        (8000.0, []), (8000.0, ["meter_backwards"]), (2000.0, ["meter_backwards"]),
    ]  # fmt: skip


async def test_a_sessions_own_register_is_its_energy_19(
    writer: Writer, chargers: list[int]
) -> None:
    running = start(chargers[0], meter_start=None)
    await commit(writer, [running])
    said = sample(chargers[0], 5, 0.0, running.transaction_id)
    nothing = (None,) * len(COLUMNS)
    await commit(writer, [replace(said, values=nothing, session_energy=2500.0)])
    assert (await PortState.objects.aget(evse__charger=chargers[0], evse__number=1)).energy == 2500
    await commit(
        writer, [replace(stop(chargers[0], 9, 0.0, running.transaction_id), meter_stop=None)]
    )
    assert (await Session.objects.aget()).energy == 2500.0


def story(charger: int, transaction: str) -> list[f.Fact]:
    """Return everything a charger says of one session; 2.x: it names the transaction itself."""
    opened = f.SessionChanged(
        charger, transaction, at(0), at(0), evse=1, connector=1, id_token="TAG", started=at(0),
        meter_start=1000.0, seq_no=0, authorization="Accepted", charging_state="EVConnected",
    )  # fmt: skip
    going = [
        f.SessionChanged(charger, transaction, at(n), at(n), evse=1, seq_no=n, charging_state=state)
        for n, state in ((2, "Charging"), (4, "SuspendedEV"))
    ]
    ended = f.SessionChanged(
        charger, transaction, at(8), at(8), evse=1, seq_no=8, ended=at(8), meter_stop=9000.0,
        stop_reason="EVDisconnected",
    )  # fmt: skip
    samples = [
        replace(sample(charger, n, 1000.0 + 1000 * n, transaction), evse=1) for n in range(1, 8)
    ]
    states = [
        status(charger, 0, Status.PREPARING),
        status(charger, 1, Status.CHARGING),
        status(charger, 8, Status.FINISHING),
        status(charger, 10, Status.AVAILABLE),
    ]
    return [opened, *going, ended, *samples, *states]


async def outcome() -> tuple[Any, ...]:
    """Return what matters of sessions, spans, ports and samples."""
    sessions = [
        (
            s.charger_id, s.transaction_id, s.started, s.ended, s.energy, s.meter_start,
            s.meter_stop, s.stop_reason, s.id_token, s.peak_power, s.charging_state,
        )
        async for s in Session.objects.order_by("charger_id")
    ]  # fmt: skip
    spans = [
        (s.evse_id, s.started, s.ended, s.status)
        async for s in StatusSpan.objects.order_by("evse_id", "started")
    ]
    ports = [
        (p.evse_id, p.status, p.since, p.session_id)
        async for p in PortState.objects.order_by("evse_id")
    ]
    samples = [
        (m.charger_id, m.at, m.energy)
        async for m in MeterSample.objects.order_by("charger_id", "at")
    ]
    return sessions, spans, ports, samples


@pytest.mark.parametrize(("seed", "forgetful"), [(0, False), (1, False), (2, True), (3, True)])
async def test_every_message_twice_and_shuffled_is_as_once_and_in_order(
    writer: Writer, chargers: list[int], seed: int, forgetful: bool
) -> None:
    chance = random.Random(seed)
    print("seed", seed)
    ordered, shuffled, _rest = chargers
    for fact in story(ordered, "A"):
        await commit(writer, [fact])
    messages = [fresh(fact) for fact in story(shuffled, "A") * 2]
    chance.shuffle(messages)
    while messages:
        portion, messages = messages[: (size := chance.randint(1, 6))], messages[size:]
        await at_once(writer, portion)
        if forgetful and chance.random() < 0.3:
            writer.memory.forget(chargers)
    sessions, spans, ports, samples = await outcome()
    evses = [e.pk async for e in Evse.objects.filter(number=1).order_by("charger_id")]
    # The number of the message that said the charging state is remembered, not stored.
    end = -1 if forgetful else None
    assert sessions[0][2:end] == sessions[1][2:end]
    assert sessions[0][4] == 8000.0
    once = [span[1:] for span in spans if span[0] == evses[0]]
    assert once == [span[1:] for span in spans if span[0] == evses[1]]
    assert [status_ for *_times, status_ in once] == [
        "Preparing", "Charging", "Finishing", "Available",
    ]  # fmt: skip
    assert [p[1:] for p in ports if p[0] == evses[0]] == [p[1:] for p in ports if p[0] == evses[1]]
    assert {s[1:] for s in samples if s[0] == ordered} == {
        s[1:] for s in samples if s[0] == shuffled
    }


# Late facts


async def test_a_late_report_repairs_the_span_it_falls_into_and_marks_its_day_18(
    writer: Writer, chargers: list[int]
) -> None:
    charger = chargers[0]
    for minute, said in ((0, Status.AVAILABLE), (60, Status.CHARGING)):
        await commit(writer, [status(charger, minute, said)])
    late = replace(status(charger, 30, Status.FAULTED), received=at(90))
    before = replace(status(charger, -24 * 60, Status.UNAVAILABLE), received=at(90))
    await at_once(writer, [late, before])
    spans = [(s.started, s.ended, s.status) async for s in StatusSpan.objects.order_by("started")]
    assert spans == [
        (at(-24 * 60), at(0), "Unavailable"),
        (at(0), at(30), "Available"),
        (at(30), at(60), "Faulted"),
        (at(60), None, "Charging"),
    ]
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (port.status, port.since) == ("Charging", at(60))
    days = {day.day.isoformat() async for day in DirtyDay.objects.filter(charger=charger)}
    assert days == {"2026-03-01", "2026-03-02"}


async def test_a_late_report_of_the_same_status_moves_its_beginning_18(
    writer: Writer, chargers: list[int]
) -> None:
    charger = chargers[0]
    await commit(writer, [status(charger, 20, Status.FAULTED)])
    await commit(writer, [status(charger, 10, Status.FAULTED)])
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert port.since == at(10)


async def test_what_comes_in_time_marks_no_day(writer: Writer, chargers: list[int]) -> None:
    await commit(writer, [status(chargers[0], 0, Status.AVAILABLE)])
    await commit(writer, [start(chargers[0])])
    assert not await DirtyDay.objects.aexists()


async def test_ten_thousand_queued_messages_are_kept_at_their_own_time_18(
    writer: Writer, chargers: list[int]
) -> None:
    """A scaled-down week offline: a thousand samples over seven days, in a few commits."""
    charger = chargers[0]
    now = at(0)
    week = [
        replace(sample(charger, -10 * n, 1000.0 * n, None), received=now) for n in range(1, 1001)
    ]
    await at_once(writer, week)
    times = {m.at async for m in MeterSample.objects.all()}
    assert times == {fact.at for fact in week}


# Property: any facts in any portions


WORDS = st.sampled_from(list(Status))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_statuses_in_any_portions_leave_spans_without_overlap_or_gap(
    transactional_db: None, data: st.DataObject
) -> None:
    said = data.draw(
        st.lists(
            st.tuples(st.integers(0, 500), WORDS), min_size=1, max_size=25, unique_by=lambda s: s[0]
        )
    )
    cuts = data.draw(st.lists(st.integers(1, 6), min_size=len(said)))
    spans, port = asyncio.run(_kept_of_portions(said, cuts))
    reported = sorted(at(minute) for minute, _word in said)
    started, ended = [span.started for span in spans], [span.ended for span in spans]
    assert started == [reported[0], *ended[:-1]]
    assert set(started) <= set(reported)
    assert ended[-1] is None
    assert port.status == spans[-1].status


async def _kept_of_portions(
    said: list[tuple[int, Status]], cuts: list[int]
) -> tuple[list[StatusSpan], PortState]:
    """Return the spans that a charger's statuses leave, in order, and the state of its port."""
    charger = await sync_to_async(_another_charger)()
    async with door() as gate:
        writer = await begun(gate)
        messages = [status(charger, minute, word) for minute, word in said]
        for cut in cuts:
            portion, messages = messages[:cut], messages[cut:]
            await at_once(writer, portion)
        await writer.stop()
    kept = StatusSpan.objects.filter(evse__charger=charger).order_by("started")
    spans = [span async for span in kept]
    port = await PortState.objects.aget(evse__charger=charger)
    await sync_to_async(connections.close_all)()
    return spans, port


def _another_charger() -> int:
    organisation, _ = Organisation.objects.get_or_create(slug="acme", defaults={"name": "Acme"})
    site, _ = Site.objects.get_or_create(organisation=organisation, name="Depot")
    made = Charger.objects.create(site=site, identity=f"CP-{uuid.uuid4().hex[:12]}")
    Evse.objects.create(charger=made, number=1)
    return made.pk


# The database goes away


def terminate_writers() -> None:
    """Kill the server's side of every writer's connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kilowatch-gateway' AND datname = current_database()"
        )


async def test_a_commit_whose_answer_was_lost_is_not_done_again(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    await commit(writer, [event(chargers[0])])
    gate.swallow_answer_to = b"COMMIT"
    running = start(chargers[0])
    await at_once(writer, [event(chargers[0], kind="once"), running])
    assert gate.swallow_answer_to is None
    assert await Event.objects.filter(kind="once").acount() == 1
    assert str((await Session.objects.aget()).pk) == running.transaction_id


@pytest.mark.parametrize(
    "statement", [b"INSERT INTO monitoring_event", b"INSERT INTO monitoring_session"]
)
async def test_a_transaction_that_broke_in_the_middle_is_done_again(
    gate: Door, writer: Writer, chargers: list[int], statement: bytes
) -> None:
    gate.swallow_answer_to = statement
    running = start(chargers[0])
    await at_once(writer, [event(chargers[0], kind="once"), running])
    assert gate.swallow_answer_to is None
    assert await Event.objects.filter(kind="once").acount() == 1
    assert str((await Session.objects.aget()).pk) == running.transaction_id


async def test_a_backend_that_is_killed_loses_and_doubles_nothing(
    writer: Writer, chargers: list[int]
) -> None:
    for number in range(5):
        storing = asyncio.gather(
            *(commit(writer, [event(c, kind=f"n{number}")]) for c in chargers * 20)
        )
        await sync_to_async(terminate_writers)()
        await storing
    for number in range(5):
        assert await Event.objects.filter(kind=f"n{number}").acount() == 60


async def test_a_lost_connection_whose_transaction_the_server_keeps_does_not_hold_us_up(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    """The server's side of a cut line may stay for hours; our transaction is in progress there."""
    await commit(writer, [event(chargers[0])])
    assert writer._connection is not None
    await writer._connection.execute("BEGIN")
    cursor = await writer._connection.execute("SELECT pg_current_xact_id()::text")
    (xid,) = await cursor.fetchone() or ("",)
    other = await connect(gate.dsn)
    async with asyncio.timeout(5):
        assert not await committed(other, xid)
    await other.close()


async def test_the_database_stopped_and_started_costs_nothing_acknowledged(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    await gate.shut()
    storing = asyncio.gather(*(commit(writer, [event(c)]) for c in chargers * 10))
    await asyncio.sleep(0.7)
    assert not storing.done()
    await gate.start()
    await asyncio.wait_for(storing, 5)
    assert await Event.objects.acount() == 30


async def test_nothing_is_acknowledged_after_patience_while_the_database_is_away(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    await gate.shut()
    with pytest.raises(NotStored):
        await asyncio.wait_for(commit(writer, [event(chargers[0])], patience=0.3), 3)
    kept = asyncio.ensure_future(commit(writer, [event(chargers[0], kind="kept")], patience=60))
    await gate.start()
    await asyncio.wait_for(kept, 5)
    assert [e.kind async for e in Event.objects.all()] == ["kept"]


async def test_a_database_that_hangs_is_given_up_and_asked_again(
    gate: Door, writer: Writer, chargers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "STALLED", 0.3)
    await commit(writer, [event(chargers[0])])
    gate.hold()
    with pytest.raises(NotStored):
        await asyncio.wait_for(commit(writer, [event(chargers[0], kind="no")], patience=0.2), 9)
    gate.release()
    await asyncio.wait_for(commit(writer, [event(chargers[0], kind="yes")]), 9)
    assert {e.kind async for e in Event.objects.all()} >= {"note", "yes"}


async def test_a_read_only_database_is_asked_until_it_takes_it(
    writer: Writer, chargers: list[int]
) -> None:
    await commit(writer, [event(chargers[0])])
    assert writer._connection is not None
    await writer._connection.execute("SET default_transaction_read_only = on")
    await asyncio.wait_for(commit(writer, [event(chargers[0], kind="yes")]), 5)
    assert await Event.objects.filter(kind="yes").acount() == 1
    assert not await QuarantinedFact.objects.aexists()


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


async def test_a_missing_table_is_no_fault_of_the_messages(
    writer: Writer, chargers: list[int]
) -> None:
    await sync_to_async(rename)("monitoring_event", "away")
    try:
        storing = asyncio.ensure_future(commit(writer, [event(chargers[0])]))
        await asyncio.sleep(0.3)
        assert not storing.done()
    finally:
        await sync_to_async(rename)("away", "monitoring_event")
    await asyncio.wait_for(storing, 5)
    assert not await QuarantinedFact.objects.aexists()


async def test_poison_while_the_database_goes_away_is_quarantined_when_it_is_back(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    gate.swallow_answer_to = b"INSERT INTO monitoring_quarantinedfact"
    await asyncio.wait_for(commit(writer, [event(chargers[0], code="x" * 101)]), 5)
    assert await QuarantinedFact.objects.aexists()


# Back-pressure


async def test_a_full_queue_says_so_until_it_is_written(
    gate: Door, writer: Writer, chargers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "QUEUE_LIMIT", 10)
    monkeypatch.setattr(backlog, "BATCH_LIMIT", 5)
    await gate.shut()
    tasks = [asyncio.ensure_future(commit(writer, [event(chargers[0])])) for _ in range(100)]
    await asyncio.sleep(0.2)
    assert writer.full
    await gate.start()
    await asyncio.wait_for(asyncio.gather(*tasks), 9)
    assert not writer.full
    assert await Event.objects.acount() == 100


async def test_whoever_fails_when_told_holds_up_nobody_else(
    writer: Writer, chargers: list[int]
) -> None:
    def fail(well: bool) -> None:
        raise RuntimeError("the socket")

    writer.store([event(chargers[0], kind="first")], "", fail)
    await commit(writer, [event(chargers[0], kind="second")])
    assert [e.kind async for e in Event.objects.order_by("pk")] == ["first", "second"]


async def test_a_listener_that_fails_costs_no_acknowledgement(
    writer: Writer, chargers: list[int]
) -> None:
    def fail(facts: list[f.Fact]) -> None:
        raise RuntimeError("the live view")

    writer.on_commit = fail
    await commit(writer, [event(chargers[0])])
    assert await Event.objects.acount() == 1


async def test_stopping_writes_what_is_queued(gate: Door, chargers: list[int]) -> None:
    writer = await begun(gate)
    for _ in range(50):
        writer.put([event(chargers[0])])
    await writer.stop()
    assert await Event.objects.acount() == 50


# Connections and memory


def connected(charger: int, minute: float, token: uuid.UUID) -> f.Connected:
    return f.Connected(charger, at(minute), token, "192.0.2.7", "1.6", 1)


def gone(charger: int, minute: float, token: uuid.UUID) -> f.Disconnected:
    return f.Disconnected(charger, at(minute), at(minute), token, f.CloseReason.LOST)


async def test_the_clean_up_of_a_replaced_socket_leaves_the_charger_online_5(
    writer: Writer, chargers: list[int]
) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    charger = chargers[0]
    await commit(writer, [connected(charger, 0, old)])
    await at_once(writer, [connected(charger, 5, new), gone(charger, 6, old)])
    state = await ChargerState.objects.aget(charger=charger)
    assert (state.online, state.connection) == (True, new)
    spans = [(s.token, s.close_reason) async for s in ConnectionSpan.objects.order_by("opened")]
    assert spans == [(old, "replaced"), (new, "")]


async def test_a_gateway_that_returns_and_housekeeping_do_not_lock_each_other_out(
    gate: Door, writer: Writer, chargers: list[int]
) -> None:
    charger, token = chargers[0], uuid.uuid4()
    await commit(writer, [connected(charger, 0, token), status(charger, 0, Status.AVAILABLE)])
    housekeeper = await connect(gate.dsn)
    try:
        await housekeeper.execute("BEGIN")
        await housekeeper.execute(
            "SELECT FROM monitoring_chargerstate WHERE charger_id = %s FOR NO KEY UPDATE",
            (charger,),
        )
        writer.seen(token, at(5), None, None)
        storing = asyncio.create_task(commit(writer, [status(charger, 5, Status.CHARGING)]))
        await until_blocked(housekeeper)
        await housekeeper.execute(  # As the trigger will, once it has closed the connection.
            "SELECT FROM monitoring_effectivestate WHERE charger_id = %s FOR NO KEY UPDATE NOWAIT",
            (charger,),
        )
        await housekeeper.execute("COMMIT")
        await storing
    finally:
        await housekeeper.close()
    assert (await ChargerState.objects.aget(charger=charger)).last_seen == at(5)


async def until_blocked(blocker: Any) -> None:
    """Wait until somebody waits for what the connection holds."""
    async with asyncio.timeout(20):
        while True:
            waiting = await blocker.execute(
                "SELECT FROM pg_locks WHERE NOT granted"
                " AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if await waiting.fetchone() is not None:
                return
            await asyncio.sleep(0.02)


async def test_any_order_of_connects_and_ends_in_one_commit_keeps_spans_apart_5(
    writer: Writer, chargers: list[int]
) -> None:
    charger = chargers[0]
    tokens = [uuid.uuid4() for _ in range(4)]
    changes = [connected(charger, n * 2, token) for n, token in enumerate(tokens)]
    ends = [gone(charger, n * 2 + 1, token) for n, token in enumerate(tokens[:3])]
    order: list[f.Fact] = [
        changes[0],
        changes[1],
        ends[0],
        changes[2],
        ends[2],
        ends[1],
        changes[3],
    ]
    await at_once(writer, order)
    spans = [s async for s in ConnectionSpan.objects.order_by("opened")]
    assert [s.token for s in spans] == tokens
    assert [s.closed is None for s in spans] == [False, False, False, True]
    assert (await ChargerState.objects.aget(charger=charger)).online
    assert not await QuarantinedFact.objects.aexists()


async def test_a_session_that_was_abandoned_meanwhile_does_not_come_back_17(
    writer: Writer, chargers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    charger = chargers[0]
    await at_once(writer, [start(charger), status(charger, 30, Status.AVAILABLE)])
    assert await sync_to_async(housekeeping.abandon_zombies)(at(120)) == 1
    monkeypatch.setattr("monitoring.memory.FRESH_FOR", 0.0)
    await commit(writer, [status(charger, 130, Status.PREPARING)])
    port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (port.status, port.session_id) == ("Preparing", None)


async def test_a_charger_that_starts_without_end_is_remembered_within_bounds(
    writer: Writer, chargers: list[int]
) -> None:
    charger = chargers[0]
    await at_once(writer, [start(charger, f"s{n}", n) for n in range(300)])
    assert len(writer.memory.chargers[charger].sessions) <= 100
    writer.memory.forget([charger])
    await commit(writer, [event(charger)])
    assert len(writer.memory.chargers[charger].sessions) <= 100
    newest = await Session.objects.order_by("-pk").afirst()
    assert newest is not None
    assert newest.transaction_id in writer.memory.chargers[charger].sessions


async def test_what_not_even_the_quarantine_takes_is_never_called_stored(
    writer: Writer, chargers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "KEEP", "SELECT 'x'::int, %s, %s, %s, %s, %s, %s")
    with pytest.raises(NotStored):
        await commit(writer, [event(chargers[0], code="x" * 101)])
    await commit(writer, [event(chargers[0], kind="next")])
    assert await Event.objects.filter(kind="next").acount() == 1
