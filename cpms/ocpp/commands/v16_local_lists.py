"""Local lists in OCPP 1.6. (§5.10, §5.15)"""

from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList

Said = tuple[str, dict[str, Any]]


def ask_version(asked: AskLocalListVersion) -> Said:
    """§5.10."""
    return "GetLocalListVersion", {}


def send(asked: SendLocalList) -> Said:
    """§5.15; what is on it is known once it is sent."""
    kind = "Differential" if asked.update == "changes" else "Full"
    return "SendLocalList", {"listVersion": 1, "updateType": kind}


TRANSLATORS: dict[type[Operation], Any] = {AskLocalListVersion: ask_version, SendLocalList: send}
