"""An operation -> the CALL that asks it, in the version that the charger speaks."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cpms.control.operations import BadRequest, Operation
from cpms.ocpp import schemas
from cpms.ocpp.commands import v2, v16

Payload = dict[str, Any]
Said = tuple[str, Payload]
Translator = Callable[[Any], Said | list[Said]]


class Call(NamedTuple):
    """A CALL that is ready to be sent."""

    action: str
    payload: Payload


def calls(operation: Operation, version: str) -> list[Call]:
    """Return the CALLs for `operation`, in their order.

    Raises `BadRequest` where the version can't say it.
    """
    translators = v16.TRANSLATORS if version == "1.6" else v2.TRANSLATORS
    translate: Translator | None = translators.get(type(operation))
    if translate is None or version not in operation.versions:
        raise BadRequest(f"OCPP {version} has no “{operation.name}”.")
    said = translate(operation)
    made = [_complete(*one) for one in (said if isinstance(said, list) else [said])]
    for one in made:
        check(version, *one)
    return made


def call(operation: Operation, version: str) -> Call:
    """Return the CALL for `operation`, the first where it takes several; raise as `calls`."""
    return calls(operation, version)[0]


def _complete(action: str, payload: Payload) -> Call:
    return Call(action, {name: value for name, value in payload.items() if value is not None})


def check(version: str, action: str, payload: Payload) -> None:
    """Raise `BadRequest`, with what is wrong, for what the version's schema doesn't allow."""
    schema = schemas.validator(version, action)
    if schema is None:
        raise BadRequest(f"OCPP {version} has no {action}.")
    problems = [schemas.told(error) for error in schema.iter_errors(payload)]
    if problems:
        raise BadRequest("; ".join(problems[:10]))
