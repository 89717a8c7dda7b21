"""An operation -> the CALL that asks it, in the version that the charger speaks."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cpms.control.operations import BadRequest, Operation
from cpms.ocpp import schemas
from cpms.ocpp.commands import v2, v16

Payload = dict[str, Any]
Translator = Callable[[Any], tuple[str, Payload]]


class Call(NamedTuple):
    """A CALL that is ready to be sent."""

    action: str
    payload: Payload


def call(operation: Operation, version: str) -> Call:
    """Return the CALL for `operation`; raise `BadRequest` where the version can't say it."""
    translators = v16.TRANSLATORS if version == "1.6" else v2.TRANSLATORS
    translate: Translator | None = translators.get(type(operation))
    if translate is None or version not in operation.versions:
        raise BadRequest(f"OCPP {version} has no “{operation.name}”.")
    action, payload = translate(operation)
    made = Call(action, {name: value for name, value in payload.items() if value is not None})
    check(version, *made)
    return made


def check(version: str, action: str, payload: Payload) -> None:
    """Raise `BadRequest`, with what is wrong, for what the version's schema doesn't allow."""
    schema = schemas.validator(version, action)
    if schema is None:
        raise BadRequest(f"OCPP {version} has no {action}.")
    problems = [schemas.told(error) for error in schema.iter_errors(payload)]
    if problems:
        raise BadRequest("; ".join(problems[:10]))
