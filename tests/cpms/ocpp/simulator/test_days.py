"""Believable days, in virtual time, against a central system that checks every frame."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest

from cpms.ocpp.simulator.fleet import make_specs
from cpms.ocpp.simulator.spec import ChargerSpec
from tests.cpms.ocpp.simulator.csms import Csms
from tests.cpms.ocpp.simulator.stage import HOUR, MINUTE, Stage, play
from tests.cpms.ocpp.simulator.virtual import START

VERSIONS = ["1.6", "2.0.1", "2.1"]
DC = ChargerSpec("DC-1", max_power_w=150_000, connectors=1, seed=4)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_frame_of_a_normal_day_is_valid(version: str) -> None:
    stage = play(*make_specs(6, version=version), hours=24)
    assert stage.csms.problems == []
    counts = Counter(stage.csms.actions())
    assert counts["Heartbeat"] > 1500
    assert counts["BootNotification"] == 6
    assert counts["MeterValues"] + counts["TransactionEvent"] > 500


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_seed_gives_the_same_frames(version: str) -> None:
    specs = make_specs(3, version=version, seed=7)
    assert play(*specs, hours=12).csms.log == play(*specs, hours=12).csms.log


def test_another_seed_gives_another_day() -> None:
    first = play(*make_specs(1, seed=1), hours=12)
    second = play(*make_specs(1, seed=2), hours=12)
    assert first.csms.calls() != second.csms.calls()


def test_a_later_run_continues_its_meters_and_reuses_no_names() -> None:
    spec = ChargerSpec("CP-1", version="2.0.1", max_power_w=150_000)
    first = play(spec, hours=24)
    second = play(spec, hours=24, start=START + timedelta(hours=25))
    names = [
        {event["transactionInfo"]["transactionId"] for event in events(stage)}
        for stage in (first, second)
    ]
    assert names[0]
    assert not names[0] & names[1]
    for number in (1, 2):
        before, after = first.charger.ports[number], second.charger.ports[number]
        assert before.register_wh < second.registers[number] < after.register_wh


def events(stage: Stage) -> list[dict[str, Any]]:
    """Return the TransactionEvents."""
    return [payload for action, payload in stage.csms.calls() if action == "TransactionEvent"]


@pytest.mark.parametrize("scenario", ["flaky-lte", "malformed", "faulted:flapping", "boot-loop"])
def test_a_scenario_repeats_with_its_seed(scenario: str) -> None:
    specs = make_specs(2, scenario=scenario, seed=3)
    assert play(*specs, hours=2).csms.log == play(*specs, hours=2).csms.log


def test_a_charger_of_1_6_boots_reports_its_connectors_and_heartbeats() -> None:
    stage = play(ChargerSpec("CP-1"), hours=0.5)
    calls = stage.csms.calls()
    assert calls[0][0] == "BootNotification"
    first = [payload for action, payload in calls if action == "StatusNotification"][:3]
    assert [payload["connectorId"] for payload in first] == [0, 1, 2]
    beats = stage.csms.actions().count("Heartbeat")
    assert 5 <= beats <= 6


def test_heartbeats_follow_the_interval_that_the_boot_was_answered_with() -> None:
    csms = Csms()
    csms.answers["BootNotification"] = lambda _: {
        "status": "Accepted",
        "currentTime": "2026-03-02T06:00:00Z",
        "interval": 30,
    }
    stage = play(ChargerSpec("CP-1"), hours=0.5, csms=csms)
    assert 58 <= stage.csms.actions().count("Heartbeat") <= 60


def sessions_16(stage: Stage) -> list[list[tuple[str, dict[str, Any]]]]:
    """Return the calls of one connector of 1.6, split at its Available."""
    calls = [
        (action, payload)
        for action, payload in stage.csms.calls("DC-1")
        if payload.get("connectorId") == 1 or action in ("StopTransaction", "Authorize")
    ]
    is_rest = [payload.get("status") == "Available" for _, payload in calls]
    split = groupby(zip(is_rest, calls, strict=True), key=lambda pair: pair[0])
    return [[call for _, call in group] for rest, group in split if not rest]


def test_a_session_of_1_6_goes_through_its_states_in_order() -> None:
    first = sessions_16(play(DC, hours=8))[0]
    actions = [action for action, _ in first]
    assert actions[:4] == [
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
    ]
    statuses = [payload["status"] for action, payload in first if action == "StatusNotification"]
    assert statuses[:2] == ["Preparing", "Charging"]
    assert statuses[-1] == "Finishing"
    assert actions.index("StopTransaction") > actions.index("MeterValues")


def test_the_meter_never_runs_backwards_and_ends_where_the_stop_says() -> None:
    for session in sessions_16(play(DC, hours=24))[:-1]:
        start = next(payload for action, payload in session if action == "StartTransaction")
        stop = next(payload for action, payload in session if action == "StopTransaction")
        registers = [
            float(sample["value"])
            for action, payload in session
            if action == "MeterValues"
            for sample in payload["meterValue"][0]["sampledValue"]
            if sample["measurand"] == "Energy.Active.Import.Register"
        ]
        shown = [start["meterStart"], *registers, stop["meterStop"]]
        assert shown == sorted(shown)
        assert stop["meterStop"] - start["meterStart"] < 150_000


def test_energy_is_power_times_time() -> None:
    session = sessions_16(play(DC, hours=8))[0]
    values = [payload["meterValue"][0] for action, payload in session if action == "MeterValues"]
    assert len(values) > 10
    for before, after in pairwise(values):
        seconds = moment(after) - moment(before)
        energy = reading(after, "Energy.Active.Import.Register") - reading(
            before, "Energy.Active.Import.Register"
        )
        highest = max(reading(before, "Power.Active.Import"), reading(after, "Power.Active.Import"))
        assert energy <= highest * 1.01 * seconds / 3600 + 1


def test_state_of_charge_rises_and_power_tapers() -> None:
    session = sessions_16(play(DC, hours=8))[0]
    values = [payload["meterValue"][0] for action, payload in session if action == "MeterValues"]
    charges = [reading(value, "SoC") for value in values]
    assert charges == sorted(charges)
    powers = [reading(value, "Power.Active.Import") for value in values]
    assert max(powers) > 2 * min(powers)


def moment(value: dict[str, Any]) -> float:
    """Return a meter value's time in seconds."""
    return datetime.fromisoformat(value["timestamp"]).timestamp()


def reading(value: dict[str, Any], measurand: str) -> float:
    """Return the first reading of `measurand`."""
    samples = value["sampledValue"]
    return float(next(one["value"] for one in samples if one["measurand"] == measurand))


def test_transaction_events_of_2_0_1_are_numbered_without_gaps() -> None:
    stage = play(ChargerSpec("CP-1", version="2.0.1", max_power_w=150_000), hours=12)
    numbers: dict[str, list[int]] = {}
    kinds: dict[str, list[str]] = {}
    for action, payload in stage.csms.calls():
        if action == "TransactionEvent":
            transaction = payload["transactionInfo"]["transactionId"]
            numbers.setdefault(transaction, []).append(payload["seqNo"])
            kinds.setdefault(transaction, []).append(payload["eventType"])
    assert len(numbers) > 2
    assert all(found == list(range(len(found))) for found in numbers.values())
    assert all(found[0] == "Started" and "Started" not in found[1:] for found in kinds.values())
    assert sum(found[-1] == "Ended" for found in kinds.values()) >= len(kinds) - 2


def test_a_driver_with_a_refused_card_leaves_without_a_session() -> None:
    csms = Csms()
    csms.answers["Authorize"] = lambda _: {"idTagInfo": {"status": "Blocked"}}
    stage = play(DC, hours=12, csms=csms)
    assert "Authorize" in csms.actions()
    assert "StartTransaction" not in csms.actions()
    statuses = [one[1]["status"] for one in stage.csms.calls() if one[0] == "StatusNotification"]
    assert statuses.count("Preparing") - statuses.count("Available") in (-2, -1)


def test_a_session_whose_start_is_refused_ends_deauthorized() -> None:
    csms = Csms()
    csms.answers["StartTransaction"] = lambda _: {
        "transactionId": 7,
        "idTagInfo": {"status": "Invalid"},
    }
    play(DC, hours=6, csms=csms)
    stops = [payload for action, payload in csms.calls() if action == "StopTransaction"]
    assert {stop["reason"] for stop in stops} == {"DeAuthorized"}
    assert {stop["transactionId"] for stop in stops} == {7}


def test_a_pending_charger_says_nothing_but_its_boot_at_the_interval_given() -> None:
    csms = Csms()
    csms.answers["BootNotification"] = lambda _: {
        "status": "Pending",
        "currentTime": "2026-03-02T06:00:00Z",
        "interval": 120,
    }
    play(DC, hours=1.99, csms=csms)
    assert set(csms.actions()) == {"BootNotification"}
    assert len(csms.calls()) == 60


def test_a_rejected_charger_comes_alive_once_it_is_accepted() -> None:
    csms = Csms()
    answers = iter(["Rejected", "Rejected", "Accepted"])
    csms.answers["BootNotification"] = lambda _: {
        "status": next(answers),
        "currentTime": "2026-03-02T06:00:00Z",
        "interval": 60,
    }
    play(DC, hours=1, csms=csms)
    assert csms.actions()[:4] == ["BootNotification"] * 3 + ["StatusNotification"]
    assert "Heartbeat" in csms.actions()


def test_a_fleet_finds_back_after_the_central_system_was_away() -> None:
    async def story(stage: Stage) -> None:
        await stage.wait(10 * MINUTE)
        stage.csms.refuse_with = -1
        for peer in list(stage.csms.peers.values()):
            await peer.close(1012)
        await stage.wait(30 * MINUTE)
        assert stage.world.tally.online == 0
        stage.csms.refuse_with = 0
        await stage.wait(4 * MINUTE)
        assert stage.world.tally.online == 5

    stage = play(*make_specs(5), story=story)
    attempts = stage.world.tally.counts["nobody there"]
    assert 5 * 8 < attempts < 5 * 40
    boots = Counter(identity for identity, _ in stage.csms.connections)
    assert set(boots.values()) == {2}
    assert stage.csms.actions().count("BootNotification") == 5


def test_what_happened_offline_is_told_later_in_order_with_its_own_time() -> None:
    async def story(stage: Stage) -> None:
        await stage.until(lambda: stage.charger.ports[1].session)
        stage.charger.line.stay_away(6 * HOUR)
        stage.charger.line.drop()
        told = len(stage.csms.calls())
        await stage.wait(6 * HOUR + MINUTE)
        late = [
            payload for action, payload in stage.csms.calls()[told:] if action == "StopTransaction"
        ]
        stamps = [datetime.fromisoformat(payload["timestamp"]) for payload in late]
        assert len(stamps) >= 2
        assert stamps == sorted(stamps)
        assert (stage.world.clock.now() - stamps[0]).total_seconds() > HOUR

    stage = play(DC, story=story)
    starts = [action for action in stage.csms.actions() if action == "StartTransaction"]
    stops = [p["transactionId"] for action, p in stage.csms.calls() if action == "StopTransaction"]
    assert stops == sorted(stops)
    assert len(stops) >= len(starts) - 1
    assert -1 not in stops


def test_events_told_later_are_marked_offline_in_2_0_1() -> None:
    async def story(stage: Stage) -> None:
        await stage.until(lambda: stage.charger.ports[1].session)
        stage.charger.line.stay_away(10 * MINUTE)
        stage.charger.line.drop()
        await stage.wait(20 * MINUTE)

    spec = ChargerSpec("CP-1", version="2.0.1", max_power_w=150_000, connectors=1, seed=4)
    stage = play(spec, story=story)
    marks = [event.get("offline", False) for event in events(stage)]
    assert marks[0] is False
    assert 5 <= marks.count(True) <= 20
    assert stage.csms.problems == []


def test_a_session_message_that_is_refused_is_tried_three_times() -> None:
    csms = Csms()

    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise LookupError

    csms.answers["StartTransaction"] = refuse
    play(DC, hours=8, csms=csms)
    assert csms.actions().count("StartTransaction") % 3 == 0
    stops = [payload for action, payload in csms.calls() if action == "StopTransaction"]
    assert {stop["transactionId"] for stop in stops} == {-1}
