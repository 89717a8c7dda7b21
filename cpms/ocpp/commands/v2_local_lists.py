"""Local lists in OCPP 2.0.1 and 2.1. (Part 2, D)"""

from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList

Said = tuple[str, dict[str, Any]]


def ask_version(asked: AskLocalListVersion) -> Said:
    """D02."""
    return "GetLocalListVersion", {}


def send(asked: SendLocalList) -> Said:
    """D01; what is on it is known once it is sent."""
    kind = "Differential" if asked.update == "changes" else "Full"
    return "SendLocalList", {"versionNumber": 1, "updateType": kind}


TRANSLATORS: dict[type[Operation], Any] = {AskLocalListVersion: ask_version, SendLocalList: send}
