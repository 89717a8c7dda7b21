"""The cases as the files tell them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = ("ocpp16.json", "ocpp201.json")


@dataclass(frozen=True, slots=True)
class Record:
    """A case, or a state that cases run through."""

    id: str
    ocpp: str
    block: str
    name: str
    is_state: bool
    #: The entries of `csms_validations`, in their order.
    entries: tuple[str, ...]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Record":
        """Return the record of one object of the files."""
        return cls(
            told["id"],
            told["ocpp"],
            told["block"],
            told["name"],
            told["kind"] == "reusable_state",
            tuple(told["csms_validations"]),
        )


def _read() -> list[Record]:
    return [Record.of(told) for name in FILES for told in json.loads((HERE / name).read_text())]


#: Case id -> case, in the files' order.
CASES = {record.id: record for record in _read() if not record.is_state}
#: OCPP version and id -> state.
STATES = {(record.ocpp, record.id): record for record in _read() if record.is_state}
