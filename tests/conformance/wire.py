"""OCPP's JSON schemas: every frame that the gateway sends is held against them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import ocpp

FOLDERS = {"1.6": "v16", "2.0.1": "v201"}


@cache
def _schema(version: str, action: str, answer: bool) -> Any:
    request = "" if version == "1.6" else "Request"
    name = f"{action}{'Response' if answer else request}.json"
    path = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas" / name
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8-sig")))


def check(version: str, action: str, payload: Any, *, answer: bool) -> None:
    """Fail on a payload that its schema doesn't allow."""
    wrong = [error.message for error in _schema(version, action, answer).iter_errors(payload)]
    assert not wrong, f"{action} {payload}: {'; '.join(wrong)}"
