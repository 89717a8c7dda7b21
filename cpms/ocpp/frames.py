"""OCPP-J frames: text to objects and back. (OCPP-J 1.6 §4, OCPP 2.1 part 4 §4)"""

from dataclasses import dataclass
from typing import Any

import orjson

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6
#: A message id kept and answered; a longer one is cut in logs, never refused.
LONGEST_ID = 255


@dataclass(slots=True)
class Call:
    """A request from the charger, or in 2.1 an unconfirmed SEND."""

    id: str
    action: str
    payload: Any
    confirmed: bool = True


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

    `message_id` is "-1" where none could be read (OCPP 2.0.1 part 4 §4.2.3).
    """

    def __init__(self, code: str, description: str, message_id: str = "-1") -> None:
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


def parse(text: str | bytes, version: str) -> Frame:
    """Return the frame in `text`; raise `BadFrame`, with the right code, where there is none."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadFrame(CODES[version].unreadable, f"Not JSON: {error}") from None
    if not isinstance(frame, list) or len(frame) < 3:
        raise BadFrame(CODES[version].unreadable, "A message is a JSON array of 3 to 5 elements.")
    kind = frame[0]
    if kind == CALL:
        return _call(frame, version)
    if kind == CALL_RESULT:
        return CallResult(_id(frame[1], version), frame[2])
    if kind == CALL_ERROR or (kind == CALL_RESULT_ERROR and version == "2.1"):
        return _error(frame, version)
    if kind == SEND and version == "2.1":
        return _call(frame, version, confirmed=False)
    raise _unknown_type(frame, version)


def _unknown_type(frame: list[Any], version: str) -> BadFrame:
    # 1.6J has no code for it; 2.x does (part 4 §4.3).
    code = "MessageTypeNotSupported" if version != "1.6" else CODES[version].unreadable
    message_id = frame[1] if isinstance(frame[1], str) else "-1"
    return BadFrame(code, f"There is no message type {frame[0]!r:.40}.", message_id)


def _call(frame: list[Any], version: str, confirmed: bool = True) -> Call:
    message_id = _id(frame[1], version)
    if len(frame) != 4 or not isinstance(frame[2], str):
        raise BadFrame(CODES[version].unreadable, "A CALL is [2, id, action, payload].", message_id)
    return Call(message_id, frame[2], frame[3], confirmed)


def _error(frame: list[Any], version: str) -> CallError:
    code, description, details = (*frame[2:5], "", {})[:3] if len(frame) > 3 else (frame[2], "", {})
    return CallError(
        _id(frame[1], version), str(code), str(description), details, frame[0] == CALL_RESULT_ERROR
    )


def _id(value: Any, version: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):  # seen in the field; answered with the text of it
        return str(value)
    raise BadFrame(CODES[version].unreadable, "The message id must be a string.")


def call(message_id: str, action: str, payload: Any) -> str:
    """Return the text of a CALL."""
    return orjson.dumps([CALL, message_id, action, payload]).decode()


def result(message_id: str, payload: Any) -> str:
    """Return the text of a CALLRESULT."""
    return orjson.dumps([CALL_RESULT, message_id, payload]).decode()


def error(message_id: str, code: str, description: str) -> str:
    """Return the text of a CALLERROR; the description is cut to the 255 characters allowed."""
    return orjson.dumps([CALL_ERROR, message_id, code, description[:255], {}]).decode()
