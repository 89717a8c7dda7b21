"""The profiles that a charger holds, by its answers and reports; its composite, and its meter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from cpms.control import composites, profiles, vehicles
from cpms.control.charging.composite import EXTERNAL
from cpms.control.models import ChargingNeeds, ChargingProfile, Command, CompositeAnswer
from cpms.control.settlement import Ending
from cpms.ocpp import profiles as reading
from cpms.ocpp.commands.effects import follow
from inventory.models import Charger, ChargerModel
from monitoring import housekeeping
from monitoring.facts import Status
from monitoring.models import ChargerState, MeterSample, Session
from tests import network

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
State, Gone, Drift = Command.State, ChargingProfile.Gone, ChargingProfile.Drift

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger() -> Charger:
    """A charger with two ports."""
    place = network.site(network.tenant())
    return network.charger(place, "CP-1", Status.CHARGING, Status.AVAILABLE)


def said(number: int = 1, limit: float = 16.0, **more: Any) -> dict[str, Any]:
    """Return a profile as OCPP 2.x has it."""
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "startSchedule": "2026-03-02T12:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        **more.pop("schedule", {}),
    }
    plain = {"chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    return {"id": number, "stackLevel": 0, **plain, "chargingSchedule": [schedule], **more}


def answered(
    charger: Charger,
    action: str,
    payload: dict[str, Any],
    at: datetime = NOON,
    state: str = State.ACCEPTED,
    version: str = "2.0.1",
    **answer: Any,
) -> Command:
    """Let the charger answer a message of ours."""
    names = {"SetChargingProfile": "set_profile", "GetCompositeSchedule": "get_composite"}
    command = Command.objects.create(
        charger=charger, operation=names.get(action, ""), action=action, payload=payload,
        ocpp_version=version, state=state, sent_at=at, answered_at=at,
        expires_at=at + timedelta(hours=1), requested_by_name="Olga",
    )  # fmt: skip
    response = {"status": "Accepted", **answer}
    ending = Ending(State(state), at, response["status"], response)
    follow(action, payload, ending, command)
    return command


def sets(charger: Charger, evse: int, *args: Any, **more: Any) -> Command:
    """Set a profile."""
    at, version = more.pop("at", NOON), more.pop("version", "2.0.1")
    profile = said(*args, **more)
    payload: dict[str, Any] = {"evseId": evse, "chargingProfile": profile}
    if version == "1.6":
        number, schedule = profile.pop("id"), profile.pop("chargingSchedule")[0]
        profile |= {"chargingProfileId": number, "chargingSchedule": schedule}
        payload = {"connectorId": evse, "csChargingProfiles": profile}
    return answered(charger, "SetChargingProfile", payload, at, version=version)


def held(charger: Charger, at: datetime = LATER) -> list[tuple[int, int, str]]:
    """Return evse, number and drift of what is in force."""
    return [(row.evse, row.number, row.drift) for row in profiles.in_force(charger, at)]


def gone(charger: Charger) -> list[tuple[int, str]]:
    """Return number and reason of what is over."""
    over = ChargingProfile.objects.filter(charger=charger, gone_at__isnull=False)
    return list(over.order_by("pk").values_list("number", "gone_why"))


def test_what_was_accepted_is_held_and_a_second_of_the_number_replaces_it(charger: Charger) -> None:
    sets(charger, 1)
    sets(charger, 1, 1, 10.0)
    sets(charger, 0, 2, chargingProfilePurpose="ChargingStationMaxProfile")
    assert held(charger) == [(0, 2, ""), (1, 1, "")]
    assert gone(charger) == [(1, Gone.REPLACED)]


def test_in_1_6_one_of_the_same_purpose_and_level_replaces_it_too(charger: Charger) -> None:
    sets(charger, 1, 1, version="1.6")
    sets(charger, 1, 2, version="1.6")
    sets(charger, 2, 3, version="1.6")
    sets(charger, 1, 4, stackLevel=1, version="1.6")
    assert held(charger) == [(1, 4, ""), (1, 2, ""), (2, 3, "")]
    assert gone(charger) == [(1, Gone.REPLACED)]


def test_what_was_refused_is_not_held(charger: Charger) -> None:
    payload = {"evseId": 1, "chargingProfile": said()}
    answered(charger, "SetChargingProfile", payload, state=State.REJECTED, status="Rejected")
    assert held(charger) == []


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ({"chargingProfileId": 1}, [2, 3]),
        ({"chargingProfileCriteria": {"evseId": 1}}, [3]),
        ({"chargingProfileCriteria": {"stackLevel": 2}}, [1, 3]),
        ({"chargingProfileCriteria": {"evseId": 2, "stackLevel": 2}}, [1, 2, 3]),
        ({"connectorId": 0}, [1, 2]),
        ({}, []),
    ],
)
def test_clearing_takes_off_what_fits(
    charger: Charger, which: dict[str, Any], left: list[int]
) -> None:
    sets(charger, 1, 1)
    sets(charger, 1, 2, stackLevel=2)
    sets(charger, 0, 3, chargingProfilePurpose="ChargingStationMaxProfile")
    answered(charger, "ClearChargingProfile", which)
    assert sorted(number for _evse, number, _drift in held(charger)) == left


def test_what_the_charger_does_not_know_it_forgot(charger: Charger) -> None:
    sets(charger, 1, 1)
    which = {"chargingProfileId": 1}
    answered(charger, "ClearChargingProfile", which, state=State.REJECTED, status="Unknown")
    assert gone(charger) == [(1, Gone.FORGOTTEN)]


def test_what_expired_is_over(charger: Charger) -> None:
    sets(charger, 1, 1, validTo="2026-03-02T13:00:00Z")
    sets(charger, 1, 2, schedule={"duration": 3600})
    sets(charger, 1, 3, schedule={"duration": 3600}, recurrencyKind="Daily",
         chargingProfileKind="Recurring")  # fmt: skip
    assert len(held(charger, NOON + timedelta(minutes=59))) == 3
    assert held(charger, NOON + timedelta(minutes=61)) == [(1, 3, "")]
    assert gone(charger) == [(1, Gone.EXPIRED), (2, Gone.EXPIRED)]


def session(charger: Charger, **more: Any) -> Session:
    """A session on port 1."""
    evse = charger.evses.get(number=1)
    about = {"id": 7, "transaction_id": "t-1", "started": NOON, "received": NOON, "updated": NOON}
    return Session.objects.create(charger=charger, evse=evse, **{**about, **more})


def test_a_session_s_profile_ends_with_it(charger: Charger) -> None:
    running = session(charger)
    sets(charger, 1, 1, chargingProfilePurpose="TxProfile", transactionId="t-1")
    assert held(charger) == [(1, 1, "")]
    running.ended = LATER
    running.save()
    assert held(charger) == []
    assert gone(charger) == [(1, Gone.SESSION_OVER)]


def test_a_model_that_forgets_has_forgotten_after_a_restart(charger: Charger) -> None:
    charger.model = ChargerModel.objects.create(
        vendor="Acme", name="One", quirks={"keeps_profiles": False}
    )
    charger.save()
    sets(charger, 1)
    ChargerState.objects.update_or_create(charger=charger, defaults={"booted_at": LATER})
    assert held(charger) == []
    assert gone(charger) == [(1, Gone.FORGOTTEN)]


def reports(charger: Charger, *said: dict[str, Any], evse: int = 1, source: str = "CSO") -> None:
    """Let the charger report profiles."""
    known = [profile for one in said if (profile := reading.profile(one, LATER))]
    profiles.reported(charger.pk, evse, source, known, LATER)


def test_a_report_shows_what_differs_what_is_missing_and_what_is_not_ours(charger: Charger) -> None:
    for number in (1, 2, 3):
        sets(charger, 1, number, stackLevel=number)
    asked = {"requestId": 5, "evseId": 1, "chargingProfile": {}}
    answered(charger, "GetChargingProfiles", asked, NOON + timedelta(seconds=1))
    # The parts come in any order, the last first.
    reports(charger, said(2, 12.0, stackLevel=2))
    profiles.reported_all(charger.pk, 5, LATER)
    reports(charger, said(1, stackLevel=1))
    foreign = said(90, 8.0, chargingProfilePurpose=EXTERNAL)
    reports(charger, foreign, source="EMS")
    asked_for = Command.objects.get(action="GetChargingProfiles")
    assert (asked_for.verified, asked_for.evidence) == (True, "message")
    assert sorted(held(charger)) == [
        (1, 1, ""), (1, 2, Drift.DIFFERS), (1, 3, Drift.MISSING), (1, 90, Drift.FOREIGN),
    ]  # fmt: skip
    limits = {layer.profile.id: layer for layer in profiles.layers(charger, LATER)}
    assert set(limits) == {1, 2, 90}
    assert limits[2].profile.schedules[0].periods[0].limit == 12.0
    assert limits[90].source == "EMS"


def test_a_report_fills_no_disk(charger: Charger) -> None:
    reports(charger, *[said(number, stackLevel=number) for number in range(1, 251)])
    assert ChargingProfile.objects.count() == profiles.MOST
    for number in range(120):
        sets(charger, 2, 1, at=NOON + timedelta(seconds=number))
    over = ChargingProfile.objects.filter(gone_at__isnull=False)
    assert over.count() == profiles.MOST_GONE


def test_what_no_database_can_hold_is_mended(charger: Charger) -> None:
    reports(charger, said(1, chargingProfilePurpose="TxProfile", transactionId="t\0" + 99 * "x"))
    assert ChargingProfile.objects.get().transaction_id == "t\ufffd" + 34 * "x"
    reports(charger, said(2, limit=float("nan")), said(3, stackLevel=-1), said(4, schedule={}))
    assert ChargingProfile.objects.count() == 2


def test_there_is_nothing_to_report(charger: Charger) -> None:
    sets(charger, 1)
    asked = {"requestId": 5, "chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}}
    answered(charger, "GetChargingProfiles", asked, LATER, status="NoProfiles")
    assert held(charger) == [(1, 1, Drift.MISSING)]
    assert profiles.layers(charger, LATER) == []


def test_a_limit_of_others_counts_until_it_is_lifted(charger: Charger) -> None:
    schedule = reading.schedule(said()["chargingSchedule"][0], NOON)
    assert schedule is not None
    profiles.limited(charger.pk, 0, "EMS", [schedule], NOON)
    profiles.limited(charger.pk, 0, "EMS", [schedule], LATER, grid_critical=True)
    (layer,) = profiles.layers(charger, LATER)
    assert (layer.source, layer.profile.purpose) == ("EMS", EXTERNAL)
    profiles.limit_lifted(charger.pk, "EMS", LATER)
    assert profiles.layers(charger, LATER) == []
    for number in range(30):
        profiles.limited(charger.pk, number, "SO", [schedule], NOON)
    assert charger.external_limits.count() == profiles.MOST_LIMITS


def test_a_new_profile_takes_the_number_of_the_one_it_replaces(charger: Charger) -> None:
    assert profiles.number_for(charger, 1, "TxDefaultProfile", 0) == 1
    sets(charger, 1, 4)
    assert profiles.number_for(charger, 1, "TxDefaultProfile", 0) == 4
    assert profiles.number_for(charger, 1, "TxDefaultProfile", 1) == 1


@pytest.mark.parametrize(
    ("limit", "verdict", "evidence"),
    [
        (16.0, "same", (True, "composite")),
        (10.0, "lower", (True, "composite")),
        (32.0, "above", (False, "composite_above")),
    ],
)
def test_the_charger_s_composite_verifies_its_profiles(
    charger: Charger, limit: float, verdict: str, evidence: tuple[bool, str]
) -> None:
    command = sets(charger, 1)
    schedule = {
        "evseId": 1, "duration": 3600, "scheduleStart": "2026-03-02T12:01:00Z",
        "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }  # fmt: skip
    asked = {"evseId": 1, "duration": 3600}
    answered(charger, "GetCompositeSchedule", asked, LATER, schedule=schedule)
    assert CompositeAnswer.objects.get().verdict == verdict
    command.refresh_from_db()
    assert (command.verified, command.evidence) == evidence


def test_a_composite_of_1_6_is_read_as_well(charger: Charger) -> None:
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1}]}
    asked = {"connectorId": 1, "duration": 3600}
    answered(
        charger, "GetCompositeSchedule", asked, LATER, version="1.6", chargingSchedule=schedule,
        connectorId=1, scheduleStart="2026-03-02T12:01:00Z",
    )  # fmt: skip
    assert CompositeAnswer.objects.get().verdict == "nothing"


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("drawn", "evidence"),
    [
        (15.8, (True, "meter")),
        (31.5, (False, "meter_above")),
        (2.0, (None, "")),
    ],
)
def test_the_meter_verifies_a_limit(
    charger: Charger, drawn: float, evidence: tuple[bool | None, str], place: int
) -> None:
    session(charger)
    command = sets(charger, place)
    housekeeping.make_partitions(NOON)
    evse = charger.evses.get(number=1)
    for minute in range(10):
        at = NOON + timedelta(minutes=minute)
        MeterSample.objects.create(
            charger_id=charger.pk, evse_id=evse.pk, at=at, received=at, offset_ms=0, context=0,
            current_l1=32.0 if minute < 2 else drawn, current_l2=0.0,
        )  # fmt: skip
    composites.sweep(NOON + timedelta(minutes=10))
    command.refresh_from_db()
    assert (command.verified, command.evidence) == evidence


@pytest.mark.parametrize(("drawn", "holds"), [(11_000.0, True), (15_000.0, False)])
def test_a_meter_without_phases_is_read_in_watts(
    charger: Charger, drawn: float, holds: bool
) -> None:
    session(charger)
    command = sets(charger, 1)
    housekeeping.make_partitions(NOON)
    for minute in range(2, 10):
        at = NOON + timedelta(minutes=minute)
        MeterSample.objects.create(
            charger_id=charger.pk, evse_id=charger.evses.get(number=1).pk, at=at, received=at,
            offset_ms=0, context=0, power=drawn, current=30.0,
        )  # fmt: skip
    composites.sweep(NOON + timedelta(minutes=10))
    command.refresh_from_db()
    assert command.verified is holds


NEEDS = {
    "requestedEnergyTransfer": "AC_three_phase",
    "departureTime": "2026-03-02T22:00:00Z",
    "acChargingParameters": {
        "energyAmount": 45_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400,
    },
}  # fmt: skip


@time_machine.travel(NOON, tick=False)
def test_needs_are_kept_with_the_session_and_answered_within_the_default(
    charger: Charger,
) -> None:
    session(charger)
    sets(charger, 0, 3, 8.0)
    needs = reading.needs(NEEDS, 4, NOON, UTC)
    row = vehicles.needed(charger.pk, 1, needs, NEEDS, NOON)
    assert row is not None
    assert row.answer == ChargingNeeds.Answer.GIVEN
    assert row.why == "45.0 kWh until 23:00: 5 kW are enough."
    assert row.command is not None
    (schedule,) = row.command.request["profile"]["schedules"]
    assert [period["limit"] for period in schedule["periods"]] == [7.2]
    assert row.command.requested_by_name == "Kilowatch"
    assert [given.pk for given in vehicles.given(charger.pk)] == [row.pk]


def test_needs_without_a_session_are_kept_and_nothing_is_sent(charger: Charger) -> None:
    row = vehicles.needed(charger.pk, 1, reading.needs(NEEDS, None, NOON, UTC), NEEDS, NOON)
    assert row is not None
    assert row.answer == ChargingNeeds.Answer.NO_SESSION
    assert not Command.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_a_vehicle_that_never_keeps_to_its_profile_is_sent_it_so_often_and_no_more(
    charger: Charger,
) -> None:
    session(charger)
    vehicles.needed(charger.pk, 1, reading.needs(NEEDS, 4, NOON, UTC), NEEDS, NOON)
    for _ in range(10):
        vehicles.scheduled(charger.pk, 1, {}, LATER, fits=False)
    assert Command.objects.count() == 1 + vehicles.MOST_ROUNDS
    assert ChargingNeeds.objects.get().fit == ChargingNeeds.Fit.EXCEEDS


@time_machine.travel(NOON, tick=False)
def test_needs_that_never_end_fill_no_disk(charger: Charger) -> None:
    session(charger)
    needs = reading.needs(NEEDS, 4, NOON, UTC)
    for _ in range(vehicles.MOST_IN_AN_HOUR + 5):
        vehicles.needed(charger.pk, 1, needs, NEEDS, NOON)
    assert Command.objects.count() == vehicles.MOST_IN_AN_HOUR


def test_direct_current_and_both_ways_are_read() -> None:
    direct = {
        "requestedEnergyTransfer": "DC",
        "dcChargingParameters": {"evMaxCurrent": 200, "evMaxVoltage": 400, "evMaxPower": 50_000},
    }
    needs = reading.needs(direct, 0, NOON, UTC)
    assert (needs.unit, needs.most, needs.least, needs.tuples) == ("W", 50_000.0, 0.0, None)
    both = {
        "requestedEnergyTransfer": "DC_BPT",
        "v2xChargingParameters": {"maxChargePower": 11_000, "evTargetEnergyRequest": 9_000},
    }
    needs = reading.needs(both, 1, NOON, UTC)
    assert (needs.most, needs.energy) == (11_000.0, 9_000.0)
