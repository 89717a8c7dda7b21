"""Frames of any kind are read, or refused with the right code; nothing else. (Notes 10, 11, 12)"""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp import frames
from cpms.ocpp.frames import BadFrame, Call, CallError, CallResult, parse

VERSIONS = ["1.6", "2.0.1", "2.1"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.builds(
    lambda kind, rest: json.dumps([kind, *rest]), st.integers(0, 9) | JSON, st.lists(JSON)
)
BEGUN = st.builds(
    lambda kind, rest: f'[{kind},"19223201","Heartbeat",{rest}',
    st.integers(0, 9),
    st.text("[]{}\",:\\ue01NaN\n\x00 -.'", max_size=60),
)


def refused(text: str, version: str) -> BadFrame:
    with pytest.raises(BadFrame) as caught:
        parse(text, version)
    return caught.value


@given(text=st.text() | JSON.map(json.dumps) | NEARLY | BEGUN, version=st.sampled_from(VERSIONS))
def test_any_text_is_a_frame_or_a_bad_frame_with_a_code_of_its_version_10(
    text: str, version: str
) -> None:
    frame: Any = None
    try:
        frame = parse(text, version)
    except BadFrame as caught:
        bad = caught
    if frame is None:
        codes = frames.CODES[version]
        assert bad.code in {codes.unreadable, codes.format, "MessageTypeNotSupported"}
        assert bad.message_id is None or json.loads(frames.error(bad.message_id, bad.code, ""))
    else:
        assert isinstance(frame.id, str)
        orjson.dumps(frame.details if isinstance(frame, CallError) else frame.payload)


def test_each_kind_of_frame_is_read_10() -> None:
    assert parse('[2,"a","Heartbeat",{}]', "1.6") == Call("a", "Heartbeat", {})
    assert parse('[3,"a",{"status":"Accepted"}]', "1.6") == CallResult("a", {"status": "Accepted"})
    refusal = CallError("a", "NotSupported", "no", {"x": 1})
    assert parse('[4,"a","NotSupported","no",{"x":1}]', "1.6") == refusal
    of_result = CallError("a", "FormatViolation", "no", {}, of_result=True)
    assert parse('[5,"a","FormatViolation","no",{}]', "2.1") == of_result
    send = Call("a", "NotifyPeriodicEventStream", {}, confirmed=False)
    assert parse('[6,"a","NotifyPeriodicEventStream",{}]', "2.1") == send


@pytest.mark.parametrize(
    ("version", "unreadable"),
    [
        ("1.6", "FormationViolation"),
        ("2.0.1", "RpcFrameworkError"),
        ("2.1", "RpcFrameworkError"),
    ],
)
def test_what_is_no_frame_gets_the_code_of_its_version_10(version: str, unreadable: str) -> None:
    for text in ("", "{", "hello", "[]", "{}", "2", '"x"', "[2]", '[2,"7"', '[2,null,"a",{}]'):
        assert refused(text, version).code == unreadable, text


def test_an_answer_that_cannot_be_read_is_not_answered_10() -> None:
    for text in ('[3,"7"]', '[3,"7",', '[4,"7"]', '[4,7.5,"x","y",{}]', "[3,null,{}]"):
        assert refused(text, "1.6").message_id is None, text
    for text in ('[6,"7","a"]', '[5,"7"]', '[6,"7"'):
        assert refused(text, "2.1").message_id is None, text


def test_a_broken_call_is_answered_under_its_id_where_that_can_be_seen_10() -> None:
    assert refused('[2,"77","Heartbeat",{', "1.6").message_id == "77"
    assert refused(' [ 2 , "77"', "1.6").message_id == "77"
    assert refused('[2,"7\\u0041","Heartbeat",{', "1.6").message_id == "-1"
    assert refused("[2,77", "1.6").message_id == "-1"


def test_an_unknown_type_has_its_own_code_in_2x_10() -> None:
    assert refused('[9,"7","a",{}]', "2.0.1").code == "MessageTypeNotSupported"
    assert refused('["2","7","a",{}]', "2.1").code == "MessageTypeNotSupported"
    assert refused('[6,"7","a",{}]', "2.0.1").code == "MessageTypeNotSupported"
    assert refused('[[[[]]],"7","a",{}]', "1.6").message_id == "7"


def test_ids_may_be_long_or_numbers_11() -> None:
    assert parse(f'[2,"{"x" * 5000}","Heartbeat",{{}}]', "1.6").id == "x" * 5000
    assert parse('[2,42,"Heartbeat",{}]', "1.6").id == "42"
    assert parse('[2,"","Heartbeat",{}]', "1.6").id == ""


def test_what_json_does_not_know_loses_nothing_of_the_rest_12() -> None:
    call = parse('\ufeff[2,"7","DataTransfer",{"a":NaN,"b":-Infinity,"c":1e400,"d":"x\ny"}]', "1.6")
    assert isinstance(call, Call)
    assert call.payload == {"a": "NaN", "b": "-Infinity", "c": "1e400", "d": "x\ny"}
    assert call.loose
    whole = parse('[2,"7","DataTransfer",{"c":1e300}]', "1.6")
    assert isinstance(whole, Call)
    assert not whole.loose


def test_a_lone_surrogate_is_refused_cleanly_12() -> None:
    bad = refused('[2,"7","DataTransfer",{"vendorId":"\\ud800"}]', "1.6")
    assert (bad.code, bad.message_id) == ("FormationViolation", "7")
    assert parse('[2,"7","DataTransfer",{"vendorId":"\\ud83d\\ude00"}]', "1.6")


@pytest.mark.parametrize("deep", [40, 1_000, 60_000, 400_000])
def test_json_nested_too_deeply_is_refused_10(deep: int) -> None:
    for opened, closed in (("[", "]"), ('{"a":', "}")):
        text = f'[2,"7","DataTransfer",{opened * deep}1{closed * deep}]'
        assert refused(text, "1.6").message_id == "7"
        assert refused(text[: len(text) // 2], "1.6").message_id == "7"


def test_a_wide_message_is_not_a_deep_one_10() -> None:
    payload = {"vendorId": "x", "data": [{"a": [n]} for n in range(5_000)]}
    assert parse(json.dumps([2, "7", "DataTransfer", payload]), "1.6").id == "7"


def test_a_callerrors_words_are_bounded_10() -> None:
    error = parse(json.dumps([4, "7", "x" * 9_999, "y" * 9_999, {}]), "1.6")
    assert isinstance(error, CallError)
    assert (len(error.code), len(error.description)) == (50, 1_000)


def test_a_callerror_we_send_is_as_short_as_allowed_10() -> None:
    kind, message_id, code, description, details = json.loads(
        frames.error("7", "InternalError", "x" * 9_999)
    )
    assert (kind, message_id, code, details) == (4, "7", "InternalError", {})
    assert len(description) == 255


def test_numbers_that_are_none_never_reach_the_handlers_12() -> None:
    for text in ("NaN", "1e999", "-1e999", "Infinity"):
        call = parse(f'[2,"7","DataTransfer",{text}]', "1.6")
        assert isinstance(call, Call)
        assert isinstance(call.payload, str)
        assert not math.isfinite(float(call.payload))
