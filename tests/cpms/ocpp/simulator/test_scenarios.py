"""What each scenario lets go wrong, as the central system sees it."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from cpms.ocpp.simulator.fleet import make_specs
from cpms.ocpp.simulator.scenarios import SCENARIOS, UnknownScenarioError, check, scenario_for
from cpms.ocpp.simulator.scenarios.catalogue import CATALOGUE, Material
from cpms.ocpp.simulator.scenarios.wrong_id import mistyped
from cpms.ocpp.simulator.spec import ChargerSpec
from tests.cpms.ocpp.simulator.csms import Csms
from tests.cpms.ocpp.simulator.stage import MINUTE, Stage, play


def bodies(stage: Stage, action: str) -> list[dict[str, Any]]:
    """Return the payloads of one action in order."""
    return [body for name, body in stage.csms.calls() if name == action]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_plays_for_hours(scenario: str) -> None:
    stage = play(*make_specs(4, scenario=scenario), hours=3)
    assert "BootNotification" in stage.csms.actions()


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"wrong-clock", "malformed"}))
def test_only_clocks_and_malformed_frames_break_a_schema(scenario: str) -> None:
    stage = play(*make_specs(4, scenario=scenario), hours=6)
    assert stage.csms.problems == []


def test_a_flaky_link_is_lost_and_found_again_without_a_boot() -> None:
    stage = play(ChargerSpec("CP-1", scenario="flaky-lte"), hours=3)
    assert len(stage.csms.connections) > 10
    assert stage.csms.actions().count("BootNotification") == 1
    lost = stage.world.tally.counts["lost (1006)"]
    assert len(stage.csms.connections) - 1 <= lost <= len(stage.csms.connections)


def test_a_power_cut_takes_a_site_at_once_and_gives_it_back_together() -> None:
    online: list[int] = []

    async def story(stage: Stage) -> None:
        for _ in range(20 * 12):
            await stage.wait(5)
            online.append(stage.world.tally.online)

    site = [
        ChargerSpec(f"CP-{number}", site="Ost", scenario="power-cut", seed=number)
        for number in range(4)
    ]
    elsewhere = ChargerSpec("CP-9", site="West", seed=9)
    stage = play(*site, elsewhere, story=story)
    assert set(online) == {5, 1}
    assert online[0] == online[-1] == 5
    assert Counter(stage.csms.actions())["BootNotification"] == 9
    back = [who for who, _ in stage.csms.connections][5:]
    assert sorted(back) == ["CP-0", "CP-1", "CP-2", "CP-3"]


def test_sessions_cut_off_by_a_power_cut_end_with_power_loss() -> None:
    specs = [
        ChargerSpec(f"CP-{number}", site="Ost", scenario="power-cut", seed=number)
        for number in range(8)
    ]
    reasons = {body["reason"] for body in bodies(play(*specs, hours=8), "StopTransaction")}
    assert "PowerLoss" in reasons


def test_a_faulted_connector_stays_faulted() -> None:
    stage = play(ChargerSpec("CP-1", scenario="faulted:lasting"), hours=6)
    faults = [body for body in bodies(stage, "StatusNotification") if body["status"] == "Faulted"]
    assert len(faults) == 1
    assert faults[0]["errorCode"] != "NoError"
    later = [
        body["status"]
        for body in bodies(stage, "StatusNotification")
        if body["connectorId"] == faults[0]["connectorId"]
        and body["timestamp"] > faults[0]["timestamp"]
    ]
    assert later == []


def test_a_flapping_connector_faults_again_and_again() -> None:
    stage = play(ChargerSpec("CP-1", scenario="faulted:flapping"), hours=1)
    statuses = [body["status"] for body in bodies(stage, "StatusNotification")]
    assert statuses.count("Faulted") > 15
    assert statuses.count("Available") > 15


def test_a_deaf_charger_heartbeats_but_answers_no_call() -> None:
    async def story(stage: Stage) -> None:
        await stage.wait(MINUTE)
        with pytest.raises(TimeoutError):
            await stage.csms.call("CP-1", "ClearCache", {})
        await stage.wait(10 * MINUTE)

    stage = play(ChargerSpec("CP-1", scenario="deaf"), story=story)
    assert stage.csms.actions().count("Heartbeat") >= 2


def test_a_silently_failing_charger_starts_sessions_without_energy() -> None:
    stage = play(ChargerSpec("CP-1", scenario="silent-failure", max_power_w=150_000), hours=12)
    starts = bodies(stage, "StartTransaction")
    stops = bodies(stage, "StopTransaction")
    assert len(stops) > 5
    assert [
        body["meterStop"]
        for body in stops
        if body["meterStop"] not in {start["meterStart"] for start in starts}
    ] == []
    assert {body["errorCode"] for body in bodies(stage, "StatusNotification")} == {"NoError"}


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ("fast", "2026-03-02T06:37:12.000Z"),
        ("slow", "2026-03-02T03:55:00.000Z"),
        ("1970", "1970-01-01T06:00:00.000Z"),
        ("year-222222017", "222222017-03-02T06:00:00.000Z"),
        ("seven-digits", "2026-03-02T06:00:00.0000007Z"),
        ("no-zone", "2026-03-02T07:00:00"),
    ],
)
def test_a_wrong_clock_shows_in_every_timestamp(variant: str, shown: str) -> None:
    spec = ChargerSpec("CP-1", scenario=f"wrong-clock:{variant}")
    stage = play(spec, hours=0.1)
    assert bodies(stage, "StatusNotification")[0]["timestamp"] == shown


def test_a_mistyped_identity_is_close_to_the_right_one() -> None:
    stage = play(ChargerSpec("DE-BER-001", scenario="wrong-id:mistyped"), hours=0.1)
    assert {who for who, _ in stage.csms.connections} == {"DE-BER-00I"}
    assert mistyped("ACE") == "AEC"


@pytest.mark.parametrize("variant", ["serial", "model"])
def test_another_box_says_so_in_its_boot(variant: str) -> None:
    right = bodies(play(ChargerSpec("CP-1"), hours=0.1), "BootNotification")
    wrong = bodies(
        play(ChargerSpec("CP-1", scenario=f"wrong-id:{variant}"), hours=0.1), "BootNotification"
    )
    assert right != wrong


def test_a_boot_loop_boots_again_and_again_for_its_watchdog() -> None:
    stage = play(ChargerSpec("CP-1", version="2.0.1", scenario="boot-loop"), hours=1)
    reasons = [body["reason"] for body in bodies(stage, "BootNotification")]
    assert len(reasons) > 30
    assert set(reasons[1:]) == {"Watchdog"}


def test_an_offline_queue_is_replayed_after_an_hour() -> None:
    lags: list[float] = []
    csms = Csms()

    def note(body: dict[str, Any]) -> dict[str, Any]:
        age = csms.clock.now() - datetime.fromisoformat(body["timestamp"])
        lags.append(age.total_seconds())
        return {}

    csms.answers["StopTransaction"] = note
    play(*make_specs(12, version="1.6", scenario="offline-queue"), hours=10, csms=csms)
    assert max(lags) > 30 * MINUTE
    assert min(lags) < 1
    assert csms.actions().count("BootNotification") == 12


def test_a_duplicate_is_a_second_box_with_the_same_identity() -> None:
    stage = play(ChargerSpec("CP-1", scenario="duplicate-socket"), hours=0.1)
    assert [who for who, _ in stage.csms.connections] == ["CP-1", "CP-1"]
    serials = {body["chargePointSerialNumber"] for body in bodies(stage, "BootNotification")}
    assert len(serials) == 2


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_malformed_frames_are_sent_one_after_the_other(version: str) -> None:
    spec = ChargerSpec("CP-1", version=version, scenario="malformed")
    stage = play(spec, hours=0.5)
    sent = {name for name in stage.world.tally.counts if name.startswith("malformed")}
    assert sent == {f"malformed {name}" for name in CATALOGUE}
    assert len(stage.csms.connections) == 1
    assert json.loads(stage.csms.log[-1][2])[0] in (2, 3)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"same-id-twice", "large", "markup"}))
def test_every_malformed_frame_is_malformed(name: str, version: str) -> None:
    allowed = {
        # Sound for the schema, and wrong all the same.
        "not-a-number",
        "infinite",
        "negative-energy",
        "unparsable-value",
        "number-as-id",
        "long-id",
        "text-as-number",
        "unknown-unit",
    }
    frames = CATALOGUE[name](Material(version, "id-1", "2026-03-02T08:00:00.000Z"))
    csms = Csms()
    problems = verdict(csms, version, frames)
    assert problems or name in allowed


def verdict(csms: Csms, version: str, frames: list[str | bytes]) -> list[str]:
    """Return what the strict central system finds wrong with the frames."""

    async def story(stage: Stage) -> None:
        await stage.wait(1)
        for frame in frames:
            await stage.charger.line.send(frame)

    play(ChargerSpec("CP-1", version=version), story=story, csms=csms)
    return csms.problems


def test_an_unknown_scenario_or_variant_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownScenarioError, match="no scenario 'sleepy'; there are normal, "):
        check("sleepy")
    with pytest.raises(UnknownScenarioError, match="faulted has no variant 'x'; it has lasting"):
        check("faulted:x")
    with pytest.raises(UnknownScenarioError, match="deaf has no variant 'x'; it has none"):
        check("deaf:x")


def test_without_a_variant_chance_picks_one_and_always_the_same() -> None:
    specs = [ChargerSpec(f"CP-{number}", scenario="wrong-clock") for number in range(40)]
    first = [scenario_for(spec).variant for spec in specs]
    assert first == [scenario_for(spec).variant for spec in specs]
    assert set(first) == set(SCENARIOS["wrong-clock"].variants)
