"""What is wrong with a recorded message, in words: what was put right, and what was refused.

The recorder keeps frames as they came. Why one was repaired or refused is worked out again
here, by the same validation that the gateway used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpms.ocpp import frames, schemas
from monitoring.exchanges import Exchange, Frame, Kind, is_cut, restored
from monitoring.masking import MASK

#: Findings told of one message.
MOST = 20

#: Kind of breakage -> what was done about it. `%(path)s` is where it was.
REPAIRS: dict[str, str | Promise] = {
    "null": _("%(path)s was null: taken as left out"),
    "number_as_string": _("%(path)s was a number: taken as text"),
    "boolean_as_string": _("%(path)s was true or false: taken as text"),
    "string_as_number": _("%(path)s was text: taken as the number or truth value in it"),
    "float_as_integer": _("%(path)s had decimals: taken as a whole number"),
    "fraction": _("%(path)s has decimals where a whole number belongs: kept"),
    "object_for_array": _("%(path)s was a single object: taken as a list of one"),
    "too_long": _("%(path)s was longer than OCPP allows: cut, or kept where it names something"),
    "unknown_value": _("%(path)s has a value that OCPP doesn't know: kept"),
    "empty": _("%(path)s was an empty list: let pass"),
    "missing": _("something is missing in %(path)s: done without"),
    "unreadable_value": _("%(path)s has a sample without a number: the others were kept"),
    "no_transaction": _("it stops no transaction: answered, nothing was stopped"),
    "extra_property": _("%(path)s has a property that OCPP doesn't know: ignored"),
    "format": _("%(path)s isn't in the format that OCPP wants: let pass"),
    "precision": _("%(path)s has more decimals than OCPP allows: kept"),
    "gone": _("%(path)s was put right with something around it"),
    "loose_json": _("it isn't strict JSON (NaN, bare line feeds, a byte order mark): read anyway"),
    "long_message_id": _("its message id is longer than 36 characters: answered anyway"),
    "cut": _("it was too long for the flight recorder: what is shown is its beginning"),
    "masked": _("it looked like a secret and could not be read: not recorded"),
}
#: Kinds for which a message was turned away, or can't be made sense of.
REFUSALS: dict[str, str | Promise] = {
    "unreadable": _("it could not be read: %(detail)s"),
    "refused": _("it could not be understood: %(detail)s"),
    "answer": _("the answer breaks the schema: %(detail)s"),
}
WHOLE = _("the message")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a message; `kind` is of `REPAIRS` or `REFUSALS`."""

    kind: str
    path: str = ""
    detail: str = ""

    @property
    def is_refusal(self) -> bool:
        """Return whether it kept the message from being understood."""
        return self.kind in REFUSALS

    @property
    def words(self) -> str:
        """Return it as a sentence, without a full stop."""
        pattern = REFUSALS.get(self.kind) or REPAIRS.get(self.kind, self.kind)
        named = {"path": self.path or WHOLE, "detail": self.detail}
        return str(pattern) % named if "%(" in str(pattern) else str(pattern)


def inspect(exchange: Exchange, version: str) -> list[Finding]:
    """Return what is wrong with what the charger said in `exchange`, over OCPP `version`.

    "" is a version that isn't known: then only what needs none is found.
    """
    found: list[Finding] = []
    for frame, look in _said(exchange):
        kept = _kept(frame.text)
        found += [kept] if kept else look(version) if version in frames.CODES else []
    return found[:MOST]


def _said(exchange: Exchange) -> list[tuple[Frame, Any]]:
    """Return the charger's frames, each with the function that looks at it."""
    said: list[tuple[Frame, Any]] = []
    if exchange.frame.direction == "in":
        said.append((exchange.frame, partial(inspect_text, exchange.frame.text)))
    answer = exchange.answer
    if answer is not None and answer.direction == "in":
        said.append((answer, partial(_inspect_answer, answer.text, exchange.action)))
    return said


def _kept(text: str) -> Finding | None:
    if text == MASK:
        return Finding("masked")
    return Finding("cut") if is_cut(text) else None


def inspect_text(text: str, version: str) -> list[Finding]:
    """Return what is wrong with a frame from a charger: how it is written, and its schema."""
    try:
        frame = frames.parse(restored(text), version)
    except frames.BadFrame as bad:
        return [Finding("unreadable", detail=bad.description)]
    if not isinstance(frame, frames.Call):
        return []
    odd = {"loose_json": frame.loose, "long_message_id": len(frame.id) > frames.LONGEST_ID}
    found = [Finding(kind) for kind, is_so in odd.items() if is_so]
    return found + _inspect_payload(version, frame)


def _inspect_payload(version: str, call: frames.Call) -> list[Finding]:
    try:
        _payload, breakages = schemas.check(version, call.action, call.payload)
    except schemas.BadPayload as bad:
        return [Finding("refused", detail=f"{bad.code}, {bad.description}")]
    return [Finding(breakage.kind, breakage.path) for breakage in breakages]


def _inspect_answer(text: str, action: str, version: str) -> list[Finding]:
    try:
        frame = frames.parse(restored(text), version)
    except frames.BadFrame as bad:
        return [Finding("unreadable", detail=bad.description)]
    schema = schemas.validator(version, action, answer=True) if action else None
    if schema is None or not isinstance(frame, frames.CallResult):
        return []
    try:
        error = next(iter(schema.iter_errors(frame.payload)), None)
    except ValueError:
        return [Finding("answer", detail="Nested too deeply.")]
    return [Finding("answer", detail=_detail(error))] if error is not None else []


def _detail(error: Any) -> str:
    where = "/".join(str(step)[:50] for step in error.instance_path)
    return f"{where}: {error.message[:200]}" if where else str(error.message[:200])


def words_for_pages() -> dict[str, str]:
    """Return kind -> pattern, for a page that is told of findings as they happen."""
    return {kind: str(pattern) for kind, pattern in {**REPAIRS, **REFUSALS}.items()}


def troubled(exchange: Exchange, findings: Sequence[Finding]) -> bool:
    """Tell whether anything is wrong with an exchange, in form or in answer."""
    refused = exchange.answer_head is not None and exchange.answer_head.kind is Kind.ERROR
    alone = exchange.answer is None and exchange.head.kind is not Kind.SEND
    return bool(findings) or refused or alone
