"""Payloads are validated, repaired where nothing is lost, and refused where it would be. (12)"""

import copy
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.schemas import BadPayload, check
from cpms.ocpp.v16.routes import ROUTES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
AT = "2026-03-02T12:00:00Z"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
LONG_INFO, ADORNED = {**STATUS, "info": "x" * 50}, {**STATUS, "colour": "red"}
SAMPLE = {"timestamp": AT, "sampledValue": [{"value": "1"}]}
VALID: dict[str, dict[str, Any]] = {
    "Authorize": {"idTag": "TAG"},
    "BootNotification": {"chargePointVendor": "Acme", "chargePointModel": "One"},
    "DataTransfer": {"vendorId": "Acme"},
    "DiagnosticsStatusNotification": {"status": "Uploaded"},
    "FirmwareStatusNotification": {"status": "Installed"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Uploaded"},
    "MeterValues": {"connectorId": 1, "meterValue": [SAMPLE]},
    "SecurityEventNotification": {"type": "x", "timestamp": AT},
    "SignCertificate": {"csr": "x"},
    "SignedFirmwareStatusNotification": {"status": "Installed"},
    "StartTransaction": {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": AT},
    "StatusNotification": STATUS,
    "StopTransaction": {"transactionId": 1, "meterStop": 9, "timestamp": AT},
}


def mended(action: str, payload: Any) -> tuple[Any, list[str]]:
    """Return the repaired payload and the kinds of breakage."""
    payload, breakages = check("1.6", action, copy.deepcopy(payload))
    return payload, sorted({breakage.kind for breakage in breakages})


def refused(action: str, payload: Any, version: str = "1.6") -> str:
    with pytest.raises(BadPayload) as caught:
        check(version, action, copy.deepcopy(payload))
    assert len(caught.value.description) < 300
    return caught.value.code


def with_change(payload: Any, path: list[int], value: Any) -> Any:
    """Return `payload` with one value in it, found by `path` modulo what is there, replaced."""
    if not path or not isinstance(payload, dict | list) or not payload:
        return value
    changed = copy.copy(payload)
    keys = list(payload) if isinstance(payload, dict) else range(len(payload))
    key = keys[path[0] % len(keys)]
    changed[key] = with_change(payload[key], path[1:], value)
    return changed


def test_every_action_has_an_example_here() -> None:
    assert VALID.keys() == ROUTES.handlers.keys()
    for action, payload in VALID.items():
        assert mended(action, payload) == (payload, [])


@given(
    action=st.sampled_from(sorted(VALID)),
    path=st.lists(st.integers(0, 9), max_size=5),
    value=JSON,
    extra=st.dictionaries(st.text(), JSON, max_size=2),
)
def test_any_json_is_returned_or_refused_as_a_bad_payload_12(
    action: str, path: list[int], value: Any, extra: dict[str, Any]
) -> None:
    payload = with_change(VALID[action], path, value)
    if isinstance(payload, dict):
        payload = {**extra, **payload}
    refusal = None
    try:
        check("1.6", action, payload)
    except BadPayload as bad:
        refusal = bad
    assert refusal is None or (refusal.code.endswith("Violation") and refusal.description)


@given(payload=JSON, version=st.sampled_from(["2.0.1", "2.1"]))
def test_any_json_for_a_2x_action_is_returned_or_refused_12(payload: Any, version: str) -> None:
    for action in ("TransactionEvent", "NotifyReport", "StatusNotification"):
        with pytest.raises(BadPayload):
            check(version, action, copy.deepcopy(payload))


@pytest.mark.parametrize(
    ("action", "broken", "whole", "kinds"),
    [
        ("Heartbeat", None, {}, ["null"]),
        ("Heartbeat", [], {}, ["null"]),
        ("StatusNotification", {**STATUS, "info": None, "vendorId": None}, STATUS, ["null"]),
        ("StatusNotification", {**STATUS, "connectorId": "1"}, STATUS, ["string_as_number"]),
        ("StatusNotification", {**STATUS, "connectorId": "1.0"}, STATUS, ["string_as_number"]),
        ("Authorize", {"idTag": 4711}, {"idTag": "4711"}, ["number_as_string"]),
        ("Authorize", {"idTag": True}, {"idTag": "true"}, ["boolean_as_string"]),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": {**SAMPLE, "sampledValue": {"value": 1}}},
            {"connectorId": 1, "meterValue": [SAMPLE]},
            ["number_as_string", "object_for_array"],
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [{**SAMPLE, "sampledValue": []}]},
            {"connectorId": 1, "meterValue": [{**SAMPLE, "sampledValue": []}]},
            ["empty"],
        ),
        ("StatusNotification", {**STATUS, "info": "x" * 70}, LONG_INFO, ["too_long"]),
        ("StatusNotification", ADORNED, ADORNED, ["extra_property"]),
        (
            "StatusNotification",
            {**STATUS, "timestamp": "2026-03-02T12:00:00"},
            {**STATUS, "timestamp": "2026-03-02T12:00:00"},
            ["format"],
        ),
    ],
)  # fmt: skip
def test_what_loses_nothing_is_repaired_and_counted_12(
    action: str, broken: Any, whole: Any, kinds: list[str]
) -> None:
    assert mended(action, broken) == (whole, kinds)


def test_an_unknown_unit_or_measurand_passes_and_is_counted_12() -> None:
    value = {"value": "1", "unit": "furlong", "measurand": "Mood"}
    payload = {"connectorId": 1, "meterValue": [{**SAMPLE, "sampledValue": [value]}]}
    assert mended("MeterValues", payload) == (payload, ["unknown_value"])


def test_a_breakage_is_counted_once_however_often_it_shows_12() -> None:
    entries = [
        {**SAMPLE, "sampledValue": [{"value": 1, "x": 1} for _ in range(8)]} for _ in range(20)
    ]
    _payload, breakages = check("1.6", "MeterValues", {"connectorId": 1, "meterValue": entries})
    assert len(breakages) == 2


def test_a_token_too_long_is_kept_whole_12() -> None:
    assert mended("Authorize", {"idTag": "x" * 60}) == ({"idTag": "x" * 60}, ["too_long"])
    assert refused("Authorize", {"idTag": "x" * 300}) == "PropertyConstraintViolation"


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("StatusNotification", {}, "OccurenceConstraintViolation"),
        ("StatusNotification", {**STATUS, "status": "Sleeping"}, "PropertyConstraintViolation"),
        ("StatusNotification", {**STATUS, "connectorId": {}}, "TypeConstraintViolation"),
        ("StatusNotification", {**STATUS, "connectorId": "one"}, "TypeConstraintViolation"),
        ("StatusNotification", {**STATUS, "connectorId": "1e999"}, "TypeConstraintViolation"),
        ("StatusNotification", {**STATUS, "connectorId": "9" * 4000}, "TypeConstraintViolation"),
        ("StatusNotification", {**STATUS, "connectorId": 1e300}, "TypeConstraintViolation"),
        ("StatusNotification", "Available", "FormationViolation"),
        ("StatusNotification", [1], "FormationViolation"),
        ("MeterValues", {"connectorId": 1, "meterValue": [None]}, "TypeConstraintViolation"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_code_of_1_6_10(
    action: str, payload: Any, code: str
) -> None:
    assert refused(action, payload) == code


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("1.6", "Heartbeat", [1] * 500_000),
        ("1.6", "Heartbeat", {f"k{n}": 1 for n in range(80_000)}),
        ("1.6", "MeterValues", {"connectorId": 1, "meterValue": [{}] * 300_000}),
        ("1.6", "MeterValues", {"connectorId": 1, "meterValue": [1] * 500_000}),
        ("2.0.1", "NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [{"x": 1}] * 50_000}),
        ("2.1", "NotifyReport", {"requestId": 1, "reportData": [None] * 200_000}),
    ],
)
def test_a_broken_array_of_a_million_costs_nothing_12(
    version: str, action: str, payload: Any
) -> None:
    check(version, action, copy.copy(VALID["Heartbeat"])) if action == "Heartbeat" else None
    started = time.process_time()
    assert refused(action, payload, version) in {"FormationViolation", "FormatViolation"}
    assert time.process_time() - started < 1.0


def test_a_whole_message_may_be_large_12() -> None:
    entries = [copy.deepcopy(SAMPLE) for _ in range(5_000)]
    payload = {"connectorId": 1, "meterValue": entries}
    assert check("1.6", "MeterValues", payload) == (payload, ())


def test_json_too_deep_for_the_validator_is_refused_10() -> None:
    deep: Any = 1
    for _level in range(900):
        deep = [deep]
    with pytest.raises(BadPayload, match="too deeply"):
        check("1.6", "DataTransfer", {"vendorId": "x", "data": deep})
