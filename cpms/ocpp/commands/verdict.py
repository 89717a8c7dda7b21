"""What a charger's answer to a CALL means: its status words, of every message and version."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cpms.control.models import Command
from cpms.control.settlement import Ending
from cpms.ocpp import frames, schemas
from cpms.ocpp.text import clean, storable
from monitoring.masking import masked

State = Command.State

#: A status word -> how it ends a command. Where several are said, the worst counts.
WORDS: dict[str, Command.State] = {
    **dict.fromkeys(
        ("Accepted", "Unlocked", "Scheduled", "AcceptedCanceled", "RebootRequired",
         "EmptyResultSet", "NoProfiles", "Success", "Processing", "NoTransaction", "Unpublished"),
        State.ACCEPTED,
    ),
    **dict.fromkeys(
        ("NotSupported", "NotImplemented", "UnknownVendorId", "UnknownMessageId", "UnknownVendor",
         "NotSupportedPriority", "NotSupportedState", "NotSupportedMessageFormat",
         "NotSupportedAttributeType", "UnsupportedMonitorType", "UnsupportedParams",
         "LanguageNotSupported"),
        State.NOT_SUPPORTED,
    ),
    **dict.fromkeys(("Failed", "UnlockFailed", "DownloadOngoing", "Failure"), State.FAILED),
}  # fmt: skip
#: The worst first.
GRAVITY = (State.FAILED, State.REJECTED, State.NOT_SUPPORTED, State.ACCEPTED)
#: Ends of a message after which the next one makes no sense: nobody answers.
SILENT = (State.UNKNOWN, State.TIMED_OUT)
#: Lists of results, each with a status of its own. (2.x B05, B06, N04, N06)
LISTS = {
    "SetVariables": ("setVariableResult", "attributeStatus"),
    "GetVariables": ("getVariableResult", "attributeStatus"),
    "SetVariableMonitoring": ("setMonitoringResult", "status"),
    "ClearVariableMonitoring": ("clearMonitoringResult", "status"),
}


def of_answer(version: str, action: str, answer: frames.CallResult, at: datetime) -> Ending:
    """Return what a CALLRESULT means; one that can't be read is a failure that says so.

    A status that isn't OCPP's, or not that message's, is read all the same: it accepts nothing.
    """
    try:
        payload, _breakages = schemas.check(version, action, answer.payload, answer=True)
    except schemas.BadPayload as bad:
        why = storable(bad.description)
        error = {"code": "UnreadableAnswer", "description": why, "details": {}}
        said = answer.payload.get("status") if isinstance(answer.payload, dict) else None
        if not isinstance(said, str) or _state(said) == State.ACCEPTED:
            return Ending(State.FAILED, at, error=error)
        return Ending(_state(said), at, clean(said, 50), _shown(answer.payload), error)
    shown = _shown(payload)
    words = list(_words(action, payload))
    if action == "GetLocalListVersion" and payload.get("listVersion") == -1:
        return Ending(State.NOT_SUPPORTED, at, "NotSupported", shown)  # OCPP 1.6 §5.10
    if action == "GetInstalledCertificateIds" and words == ["NotFound"]:
        return Ending(State.ACCEPTED, at, "NotFound", shown)  # It has none: an answer as well.
    if not words:
        return Ending(State.ACCEPTED, at, "", shown)
    worst = min(words, key=lambda word: (GRAVITY.index(_state(word)), word == "Accepted"))
    return Ending(_state(worst), at, clean(worst, 50), shown)


def _shown(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what of a payload may be kept."""
    kept: dict[str, Any] = storable(masked(payload))
    return kept


def unreadable(ending: Ending) -> str:
    """Return what is wrong with an answer that can't be read; "" where it could be."""
    error = ending.error or {}
    return str(error["description"]) if error.get("code") == "UnreadableAnswer" else ""


def of_refusal(refusal: frames.CallError, at: datetime) -> Ending:
    """Return what a CALLERROR means."""
    unable = refusal.code in {"NotSupported", "NotImplemented"}
    error = {
        "code": clean(refusal.code, 50),
        "description": clean(refusal.description, 1000),
        "details": refusal.details if isinstance(refusal.details, dict) else {},
    }
    state = State.NOT_SUPPORTED if unable else State.FAILED
    return Ending(state, at, clean(refusal.code, 50), error=_shown(error))


def of_silence(at: datetime) -> Ending:
    """Return what no answer means."""
    return Ending(State.TIMED_OUT, at, error={"code": "NoAnswer", "description": ""})


def of_loss(at: datetime) -> Ending:
    """Return what it means that the connection ended before the answer came."""
    error = {"code": "ConnectionLost", "description": ""}
    return Ending(State.UNKNOWN, at, error=error, lost=True)


def of_impossible(at: datetime, why: str) -> Ending:
    """Return what it means that the CALL could not even be written."""
    error = {"code": "NotSent", "description": why[:1000]}
    return Ending(State.FAILED, at, error=error)


def joined(endings: Sequence[Ending], of: int, together: Callable[[Any], Any]) -> Ending:
    """Return what several answers to one command mean together: the worst of them.

    `of` is how many messages there were to be; `together` puts the answers into one.
    """
    if of == 1:
        return endings[0]
    worst = min(
        endings,
        key=lambda end: ((*SILENT, *GRAVITY).index(end.state), end.result == "Accepted"),
    )
    answers = [ending.response for ending in endings if ending.response is not None]
    error = worst.error and {**worst.error, "answered": len(answers), "of": of}
    return replace(
        worst,
        at=endings[-1].at,
        response=together(answers) if answers else None,
        error=error,
    )


def _state(word: str) -> Command.State:
    return WORDS.get(word, State.REJECTED)


def _words(action: str, payload: dict[str, Any]) -> Iterator[str]:
    if action in LISTS:
        name, status = LISTS[action]
        for one in payload.get(name) or ():
            if isinstance(one, dict):
                yield str(one.get(status))
    elif "status" in payload:
        yield str(payload["status"])
