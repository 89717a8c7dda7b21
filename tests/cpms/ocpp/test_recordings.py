"""What a charger did is recorded, exported, played to a real gateway, and gives the same facts."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from cpms.ocpp.recordings import Subject, recording
from cpms.ocpp.simulator import SimulatedCharger
from cpms.ocpp.simulator.link import Target
from cpms.ocpp.simulator.recording import RecordingError, is_recording, read
from cpms.ocpp.simulator.replay import Fitting, Outcome, Player
from cpms.ocpp.simulator.spec import VERSIONS
from inventory.models import Charger
from monitoring.exchanges import Frame
from monitoring.models import ConnectionSpan, Event, MeterSample, Session, StatusSpan
from monitoring.recorder import encode
from tests.cpms.ocpp.conftest import KEY, RunningGateway, make_charger

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def story(gateway: RunningGateway, identity: str, version: str) -> None:
    """A charger boots, charges a vehicle, breaks the schema once, and answers a command."""
    simulated = SimulatedCharger(
        gateway.url(""), identity, version=version, password=KEY,
        answers={"TriggerMessage": {"status": "NotImplemented"}},
    )  # fmt: skip
    async with simulated as charger:
        await charger.boot()
        await charger.status(1, "Preparing")
        await charger.authorize("04A1B2C3")
        await charger.start(1)
        await charger.status(1, "Charging")
        await charger.sample(1, 1_500)
        await charger.sample(1, 2_500)
        await charger.send_text('[2,"bad","StatusNotification",{')
        await charger.next_stray()
        held = gateway.hub.sockets[await charger_id(identity)]
        await held.calls.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await charger.stop(1)
        await charger.status(1, "Available")


async def charger_id(identity: str) -> int:
    return (await Charger.objects.aget(identity=identity)).pk


async def export(charger: Charger, start: datetime, end: datetime, path: Path) -> None:
    subject = Subject(charger.pk, charger.identity, "", "Acme", "Two", "", "")
    lines = await sync_to_async(lambda: list(recording(subject, start, end)))()
    await asyncio.to_thread(path.write_text, "".join(lines))


def facts(identity: str) -> dict[str, Any]:
    """Return what is known of a charger's life, without when and without names of its own."""
    sessions = Session.objects.filter(charger__identity=identity)
    samples = MeterSample.objects.filter(charger_id=Charger.objects.get(identity=identity).pk)
    spans = StatusSpan.objects.filter(evse__charger__identity=identity).order_by("started", "id")
    events = Event.objects.filter(charger__identity=identity).exclude(kind="boot")
    return {
        "sessions": [
            (s.evse and s.evse.number, s.id_token, s.energy, s.stop_reason, s.ended is None)
            for s in sessions
        ],
        "samples": sorted((s.context, s.energy, s.power) for s in samples),
        "statuses": [(span.evse.number, span.status) for span in spans],
        "events": sorted((event.kind, event.code, event.text) for event in events),
        "connections": [
            (span.ocpp_version, span.close_reason)
            for span in ConnectionSpan.objects.filter(charger__identity=identity)
        ],
    }


async def settled(gateway: RunningGateway, identity: str) -> None:
    """Wait until the charger's connection is closed, and all of it is written."""
    for _ in range(200):
        open_ones = ConnectionSpan.objects.filter(charger__identity=identity, closed=None)
        if not await open_ones.aexists():
            break
        await asyncio.sleep(0.05)
    await gateway.hub.recorder.flush()


async def play(gateway: RunningGateway, path: Path, identity: str, speed: float = 1.0) -> Outcome:
    def target(version: str) -> Target:
        return Target(gateway.url(""), identity, [VERSIONS[version]], KEY.encode())

    return await Player(read(path), target, speed).play()


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_recorded_hour_played_again_gives_the_same_facts(
    charger: Charger, gateway: RunningGateway, tmp_path: Path, version: str
) -> None:
    twin = await sync_to_async(make_charger)("CP-2")
    began = datetime.now(UTC)
    await story(gateway, "CP-1", version)
    await settled(gateway, "CP-1")
    path = tmp_path / "hour.jsonl"
    await export(charger, began, datetime.now(UTC) + MINUTE, path)
    outcome = await play(gateway, path, "CP-2")
    await settled(gateway, twin.identity)
    then, now = [await sync_to_async(facts)(identity) for identity in ("CP-1", "CP-2")]
    assert then["sessions"]
    assert then["samples"]
    assert now == then
    assert outcome.differences == []
    assert outcome.counts["answered as recorded"] >= 9
    texts = [s.transaction_id async for s in Session.objects.all()]
    assert len(set(texts)) == 2


async def test_a_2_x_charger_that_was_connected_already_boots_first(
    charger: Charger, gateway: RunningGateway, tmp_path: Path
) -> None:
    await sync_to_async(make_charger)("CP-2")
    simulated = SimulatedCharger(gateway.url(""), "CP-1", version="2.0.1", password=KEY)
    async with simulated as one:
        await one.boot()
        await asyncio.sleep(0.01)
        began = datetime.now(UTC)
        await asyncio.sleep(0.01)  # The recorder keeps milliseconds.
        await one.status(1, "Charging")
    await settled(gateway, "CP-1")
    path = tmp_path / "later.jsonl"
    await export(charger, began, began + MINUTE, path)
    assert read(path).needs_boot
    outcome = await play(gateway, path, "CP-2")
    await settled(gateway, "CP-2")
    assert outcome.differences == []
    statuses = StatusSpan.objects.filter(evse__charger__identity="CP-2")
    assert [span.status async for span in statuses] == ["Occupied"]


async def test_secrets_and_cut_frames_are_left_out_and_counted(
    charger: Charger, gateway: RunningGateway, tmp_path: Path
) -> None:
    texts = ["password: x", '[2,"1","Heartbeat",{}]', "x" * 66_000]
    for number, text in enumerate(texts):
        gateway.hub.recorder.record(charger.pk, NOON + number * MINUTE, "in", text)
    await gateway.hub.recorder.flush()
    path = tmp_path / "secrets.jsonl"
    await export(charger, NOON, NOON + 5 * MINUTE, path)
    deeds = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    whys = [(deed["do"], deed.get("why")) for deed in deeds]
    assert whys == [("open", None), ("skip", "masked"), ("call", None), ("skip", "cut")]
    assert "password" not in path.read_text()


def test_times_and_ids_are_fitted_and_nothing_else_is_changed() -> None:
    began = NOON + timedelta(days=100)
    fit = Fitting(NOON, began, 2.0, "run")
    old = (
        '[2, "a", "X", {"timestamp":"2026-03-02T12:00:10.500Z", "at":"2026-03-02T14:00:10+02:00",'
        ' "when": "2026-03-02T11:59", "odd":"yesterday", "value":NaN, "transactionId": 7,'
        ' "said":"2026-03-02T12:00:10Z is no time"}]'
    )
    new = fit.frame(old)
    assert '"timestamp":"2026-06-10T12:00:05.250Z"' in new
    assert '"at":"2026-06-10T14:00:05+02:00"' in new
    assert '"when": "2026-06-10T11:59"' in new
    assert '"transactionId": 7,' in new
    assert new.endswith(' "said":"2026-03-02T12:00:10Z is no time"}]')
    assert not new.startswith('[2, "a"')
    fit.learn('[3,"a",{"transactionId":7}]', {"transactionId": 4711})
    assert '"transactionId": 4711,' in fit.frame(old)


def test_a_repeated_id_is_repeated_and_a_transaction_of_2_x_gets_one_new_name() -> None:
    fit = Fitting(NOON, NOON, 1.0, "run")
    frames = [fit.frame(f'[2,"{name}","X",{{"transactionId":"tx-17"}}]') for name in "aaba"]
    ids = [json.loads(frame)[1] for frame in frames]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    names = {json.loads(frame)[3]["transactionId"] for frame in frames}
    assert len(names) == 1
    assert names != {"tx-17"}


HEAD = {"kilowatch": "recording", "format": 1, "identity": "CP-1", "version": "1.6", "boot": None}
SAY = {"at": "2026-03-02T12:00:00Z", "do": "say", "frame": "x"}


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "is no recording"),
        (["nonsense"], "line 1 isn't JSON"),
        (["[]"], "line 1 isn't an object"),
        ([{"a": 1}], "is no recording"),
        ([{**HEAD, "format": 2}], "is of format 2"),
        ([HEAD], "has nothing that the charger said"),
        ([{**HEAD, "version": "9"}, SAY], "no OCPP '9'"),
        ([{**HEAD, "version": ["1.6"]}, SAY], "no OCPP ['1.6']"),
        ([HEAD, {**SAY, "do": "dance"}], "line 2: there is nothing like 'dance'"),
        ([HEAD, {**SAY, "do": ["say"]}], "line 2: there is nothing like ['say']"),
        ([HEAD, {**SAY, "at": "noon"}], "line 2: 'noon' is no time"),
        ([HEAD, {**SAY, "at": "2026-03-02T12:00:00"}], "is no time with a zone"),
        ([HEAD, SAY, {**SAY, "at": "9999-12-31T23:59:59Z"}], "line 3: nothing was recorded then"),
        ([HEAD, {**SAY, "at": "0001-01-01T00:00:00Z"}], "line 2: nothing was recorded then"),
        ([HEAD, {**SAY, "frame": 7}], "a frame is text"),
        ([HEAD, {**SAY, "frame": None}], "there is no frame"),
        ([HEAD, {**SAY, "do": "answer", "after_ms": -1}], "-1 is no time in ms"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_a_sentence(
    tmp_path: Path, lines: list[Any], sentence: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    with pytest.raises(RecordingError, match=r"bad\.jsonl") as problem:
        read(path)
    assert sentence in str(problem.value)


def test_the_command_takes_a_file_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    assert is_recording("hour.jsonl")
    assert not is_recording("normal")
    assert not is_recording("wrong-clock:1970")
    with pytest.raises(CommandError, match=r"can't be read"):
        call_command("simulate", "--scenario", str(tmp_path / "none.jsonl"))
    path = tmp_path / "one.jsonl"
    path.write_text(f"{json.dumps(HEAD)}\n{json.dumps(SAY)}\n")
    with pytest.raises(CommandError, match="leave --version out"):
        call_command("simulate", "--scenario", str(path), "--version", "1.6")
    opened = {"at": "2026-03-02T12:00:00Z", "do": "open", "version": "1.6"}
    path.write_text(f"{json.dumps(HEAD)}\n{json.dumps(opened)}\n{json.dumps(SAY)}\n")
    with pytest.raises(CommandError, match="can't be reached"):
        call_command("simulate", "--scenario", str(path), "--url", "ws://127.0.0.1:9/")


def test_encoded_gaps_are_decoded() -> None:
    assert encode([Frame(NOON, "gap", "12")], NOON) == b"0 gap 12"
