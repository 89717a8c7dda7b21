"""Charging profiles: what makes no sense is refused in words; what does, every version says."""

from typing import Any

import pytest

from cpms.control.operations import OPERATIONS, BadRequest
from cpms.ocpp.commands import translation

START = "2026-01-05T18:00:00Z"


def schedule(**more: Any) -> dict[str, Any]:
    """Return a schedule of one period: 16 A from now on."""
    return {"unit": "A", "start": START, "periods": [{"start": 0, "limit": 16.0}], **more}


def wanted(**more: Any) -> dict[str, Any]:
    """Return a TxDefaultProfile."""
    schedules = [more.pop("schedule", schedule())]
    plain = {"id": 3, "purpose": "TxDefaultProfile", "kind": "Absolute", "stack_level": 2}
    return {**plain, "schedules": schedules, **more}


BY_LOCAL_TIME = schedule(local_time=True)


def refused(operation: str, **fields: Any) -> str:
    """Return the words in which a request is refused."""
    with pytest.raises(BadRequest) as refusal:
        OPERATIONS[operation].read(fields)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "Recurring"}, "recurrency"),
        ({"recurrency": "Daily"}, "recurrency"),
        ({"kind": "Relative"}, "K01.FR.41"),
        ({"schedule": schedule(start=None)}, "K01.FR.40"),
        ({"schedule": schedule(periods=[{"start": 5, "limit": 1}])}, "K01.FR.31"),
        (
            {"schedule": schedule(periods=[{"start": 0, "limit": 1}, {"start": 0, "limit": 2}])},
            "K01.FR.35",
        ),
        ({"schedule": schedule(periods=[{"start": 0, "limit": 1, "phase": 2}])}, "K01.FR.19"),
        ({"schedule": schedule(periods=[{"start": 0, "limit": float("inf")}])}, "<= 100000000.0"),
        ({"schedule": schedule(periods=[{"start": 0, "limit": float("nan")}])}, ">= 0.0"),
        ({"transaction_id": "1"}, "K01.FR.03"),
        ({"purpose": "TxProfile"}, "K01.FR.03"),
        ({"purpose": "ChargingStationExternalConstraints"}, "K01.FR.22"),
        ({"purpose": "ChargingStationMaxProfile"}, "EVSE 0"),
        ({"valid_from": START, "valid_to": START}, "valid_to"),
        ({"valid_from": "9999-12-31T00:00:00Z"}, "2000"),
        ({"valid_from": "2026-01-05T18:00:00"}, "timezone"),
        ({"schedules": []}, "length >= 1"),
        ({"schedules": [schedule(), schedule()]}, "several"),
        ({"colour": "green"}, "colour"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused_in_words(said: dict[str, Any], why: str) -> None:
    assert why in refused("set_profile", evse=1, profile=wanted(**said))


def test_a_session_s_profile_is_for_one_port() -> None:
    profile = wanted(purpose="TxProfile", transaction_id="7")
    assert "K01.FR.16" in refused("set_profile", evse=0, profile=profile)


def test_a_maximum_of_a_round_is_no_session_s() -> None:
    profile = wanted(purpose="ChargingStationMaxProfile", kind="Relative")
    profile["schedules"] = [schedule(start=None)]
    assert "K01.FR.38" in refused("set_profile", evse=0, profile=profile)


def test_a_session_is_not_started_with_a_default() -> None:
    assert "started with a TxProfile" in refused("start", id_token="A", profile=wanted())


def test_a_profile_without_a_number_is_given_one() -> None:
    asked = OPERATIONS["set_profile"].read({"evse": 1, "profile": {**wanted(), "id": None}})
    made = asked.completed().fields()
    assert made["profile"]["id"] >= 1
    assert made["profile"]["schedules"][0]["id"] == 1
    assert OPERATIONS["set_profile"].read(made).fields() == made


def test_1_6_says_it_in_its_own_words() -> None:
    profile = wanted(purpose="ChargingStationMaxProfile", schedule=schedule(duration=60))
    profile["schedules"][0]["periods"] = [{"start": 0, "limit": 16.19, "phases": 1}]
    asked = OPERATIONS["set_profile"].read({"evse": 0, "profile": profile})
    assert translation.call(asked, "1.6") == (
        "SetChargingProfile",
        {
            "connectorId": 0,
            "csChargingProfiles": {
                "chargingProfileId": 3,
                "stackLevel": 2,
                "chargingProfilePurpose": "ChargePointMaxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {
                    "duration": 60,
                    "startSchedule": "2026-01-05T18:00:00.000Z",
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "limit": 16.1, "numberPhases": 1}
                    ],
                },
            },
        },
    )


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_2_x_says_it_in_its_own_words(version: str) -> None:
    profile = wanted(purpose="TxProfile", transaction_id="t-1", schedule=schedule(id=1))
    asked = OPERATIONS["set_profile"].read({"evse": 2, "profile": profile})
    assert translation.call(asked, version) == (
        "SetChargingProfile",
        {
            "evseId": 2,
            "chargingProfile": {
                "id": 3,
                "stackLevel": 2,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Absolute",
                "transactionId": "t-1",
                "chargingSchedule": [
                    {
                        "id": 1,
                        "startSchedule": "2026-01-05T18:00:00.000Z",
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
                    }
                ],
            },
        },
    )


@pytest.mark.parametrize(
    ("version", "operation", "fields", "action", "payload"),
    [
        ("1.6", "clear_profiles", {}, "ClearChargingProfile", {}),
        ("1.6", "clear_profiles", {"id": 1}, "ClearChargingProfile", {"id": 1}),
        (
            "2.0.1", "clear_profiles", {"evse": 0, "stack_level": 1}, "ClearChargingProfile",
            {"chargingProfileCriteria": {"evseId": 0, "stackLevel": 1}},
        ),
        (
            "2.0.1", "get_profiles", {"evse": 1, "request_id": 5}, "GetChargingProfiles",
            {"requestId": 5, "evseId": 1, "chargingProfile": {}},
        ),
        (
            "2.1", "get_composite", {"evse": 0, "unit": "W"}, "GetCompositeSchedule",
            {"evseId": 0, "duration": 86_400, "chargingRateUnit": "W"},
        ),
        (
            "2.1", "use_priority", {"transaction_id": "t", "active": True},
            "UsePriorityCharging", {"transactionId": "t", "activate": True},
        ),
        (
            "2.1", "update_dynamic", {"id": 4, "limit": 8000.0}, "UpdateDynamicSchedule",
            {"chargingProfileId": 4, "scheduleUpdate": {"limit": 8000.0}},
        ),
    ],
)  # fmt: skip
def test_what_is_asked_of_profiles(
    version: str, operation: str, fields: dict[str, Any], action: str, payload: dict[str, Any]
) -> None:
    asked = OPERATIONS[operation].read(fields)
    assert translation.call(asked, version) == (action, payload)


@pytest.mark.parametrize(
    ("version", "operation", "fields", "why"),
    [
        ("2.0.1", "clear_profiles", {}, "K10.FR.02"),
        ("2.0.1", "get_profiles", {}, "at least one"),
        ("1.6", "get_profiles", {"evse": 1}, "has no"),
        ("2.0.1", "set_profile", {"evse": 1, "profile": wanted(kind="Dynamic")}, "Dynamic"),
        ("1.6", "set_profile", {"evse": 1, "profile": wanted(purpose="PriorityCharging")}, "1.6"),
        ("1.6", "set_profile", {"evse": 1, "profile": wanted(schedule=BY_LOCAL_TIME)}, "UTC"),
    ],
)  # fmt: skip
def test_what_a_version_cannot_say_is_refused_in_words(
    version: str, operation: str, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadRequest, match=why):
        translation.call(OPERATIONS[operation].read(fields), version)
