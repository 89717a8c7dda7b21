"""OCPP-J frames: text to objects and back. (OCPP-J 1.6 §4, OCPP 2.1 part 4 §4)"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import orjson

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6
#: What a frame begins with, whatever comes then.
BEGINNING = re.compile(r'\s*\[\s*(?P<kind>[2-6])\s*(?:,\s*"(?P<id>[^"\\\x00-\x1f]{1,255})")?')
#: The longest message id that OCPP allows; a longer one is answered all the same.
LONGEST_ID = 36
NO_FRAME = "A message is a JSON array of 3 to 5 elements."
#: Kept of what a CALLERROR says.
LONGEST_CODE, LONGEST_DESCRIPTION = 50, 1_000
#: Objects and arrays inside each other; OCPP needs about ten.
DEEPEST, CONTAINERS = 32, frozenset({dict, list})


@dataclass(slots=True)
class Call:
    """A request from the charger, or in 2.1 an unconfirmed SEND."""

    id: str
    action: str
    payload: Any
    confirmed: bool = True
    #: The JSON held what JSON doesn't: NaN, a bare line feed, a number beyond all.
    loose: bool = False


@dataclass(slots=True)
class CallResult:
    """The charger's answer to our CALL."""

    id: str
    payload: Any


@dataclass(slots=True)
class CallError:
    """The charger's refusal of our CALL, or (2.1) of our answer."""

    id: str
    code: str
    description: str
    details: Any
    of_result: bool = False


Frame = Call | CallResult | CallError


class BadFrame(Exception):
    """A frame that can't be read; `code` names the error for the charger.

    `message_id` is "-1" where none could be read (OCPP 2.0.1 part 4 §4.2.3), and None where
    nothing is to be answered: it was an answer itself, or a SEND.
    """

    def __init__(self, code: str, description: str, message_id: str | None = "-1") -> None:
        """Say what is wrong."""
        super().__init__(description)
        self.code = code
        self.description = description
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class ErrorCodes:
    """The names of errors that differ between versions: 1.6J misspells two of them."""

    unreadable: str
    format: str
    occurrence: str


CODES = {
    # OCPP-J 1.6 §4.2.3: "FormationViolation", "OccurenceConstraintViolation" are its spelling.
    "1.6": ErrorCodes("FormationViolation", "FormationViolation", "OccurenceConstraintViolation"),
    "2.0.1": ErrorCodes("RpcFrameworkError", "FormatViolation", "OccurrenceConstraintViolation"),
    "2.1": ErrorCodes("RpcFrameworkError", "FormatViolation", "OccurrenceConstraintViolation"),
}


def parse(text: str, version: str) -> Frame:
    """Return the frame in `text`; raise `BadFrame`, with the right code, where there is none."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        frame = _loads_loosely(text, version, str(error))
        read = _frame(frame, text, version)
        if isinstance(read, Call):
            read.loose = True
        return read
    return _frame(frame, text, version)


def _frame(frame: Any, text: str, version: str) -> Frame:
    if not isinstance(frame, list) or len(frame) < 3:
        raise BadFrame(CODES[version].unreadable, NO_FRAME, _answer_to(text))
    if text.count("[") + text.count("{") > DEEPEST and _deeper(frame, DEEPEST):
        raise BadFrame(CODES[version].format, "Nested too deeply.", _answer_to(text))
    kind = frame[0]
    if kind == CALL:
        return _call(frame, version)
    if kind == CALL_RESULT:
        return CallResult(_id(frame[1], version, None), frame[2])
    if kind == CALL_ERROR or (kind == CALL_RESULT_ERROR and version == "2.1"):
        return _error(frame, version)
    if kind == SEND and version == "2.1":
        return _call(frame, version, confirmed=False)
    raise _unknown_type(frame, version)


def _loads_loosely(text: str, version: str, why: str) -> Any:
    """Read what some write for JSON: NaN, numbers beyond all, control characters, a BOM.

    A number that is none becomes its text, for validation to find.
    """
    try:
        frame = json.loads(
            text.lstrip("\ufeff"), strict=False, parse_constant=str, parse_float=_finite
        )
        orjson.dumps(frame)  # refuses lone surrogates, which no column and no reply can hold
    except (ValueError, RecursionError, TypeError):
        raise BadFrame(CODES[version].unreadable, f"Not JSON: {why}", _answer_to(text)) from None
    return frame


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _answer_to(text: str) -> str | None:
    """Return the id with which a broken message is answered, as far as it can be seen."""
    seen = BEGINNING.match(text)
    if seen is None:
        return "-1"
    return seen["id"] or "-1" if seen["kind"] == "2" else None


def _unknown_type(frame: list[Any], version: str) -> BadFrame:
    # 1.6J has no code for it; 2.x does (part 4 §4.3).
    code = "MessageTypeNotSupported" if version != "1.6" else CODES[version].unreadable
    shown = frame[0] if isinstance(frame[0], int) else type(frame[0]).__name__
    message_id = frame[1] if isinstance(frame[1], str) else "-1"
    return BadFrame(code, f"There is no message type {shown}.", message_id)


def _deeper(value: Any, most: int) -> bool:
    """Tell whether objects and arrays stand more than `most` deep in each other."""
    level = [value]
    for _depth in range(most):
        level = [
            part
            for around in level
            for part in (around.values() if type(around) is dict else around)
            if part and type(part) in CONTAINERS
        ]
        if not level:
            return False
    return True


def _call(frame: list[Any], version: str, confirmed: bool = True) -> Call:
    message_id = _id(frame[1], version, "-1" if confirmed else None)
    if len(frame) != 4 or not isinstance(frame[2], str):
        answer_to = message_id if confirmed else None
        raise BadFrame(CODES[version].unreadable, "A CALL is [2, id, action, payload].", answer_to)
    return Call(message_id, frame[2], frame[3], confirmed)


def _error(frame: list[Any], version: str) -> CallError:
    code, description, details = (*frame[2:5], "", {})[:3] if len(frame) > 3 else (frame[2], "", {})
    return CallError(
        _id(frame[1], version, None),
        str(code)[:LONGEST_CODE],
        str(description)[:LONGEST_DESCRIPTION],
        details,
        frame[0] == CALL_RESULT_ERROR,
    )


def _id(value: Any, version: str, answer_to: str | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):  # seen in the field; answered with the text of it
        return str(value)
    raise BadFrame(CODES[version].unreadable, "The message id must be a string.", answer_to)


def call(message_id: str, action: str, payload: Any) -> str:
    """Return the text of a CALL."""
    return orjson.dumps([CALL, message_id, action, payload]).decode()


def result(message_id: str, payload: Any) -> str:
    """Return the text of a CALLRESULT."""
    return orjson.dumps([CALL_RESULT, message_id, payload]).decode()


def result_error(message_id: str, code: str, description: str) -> str:
    """Return the text of a CALLRESULTERROR. (OCPP 2.1 part 4 §4.2.5)"""
    return orjson.dumps([CALL_RESULT_ERROR, message_id, code, description[:255], {}]).decode()


def error(message_id: str, code: str, description: str) -> str:
    """Return the text of a CALLERROR; the description is cut to the 255 characters allowed."""
    return orjson.dumps([CALL_ERROR, message_id, code, description[:255], {}]).decode()
