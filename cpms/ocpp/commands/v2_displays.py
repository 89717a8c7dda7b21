"""Display messages in OCPP 2.0.1 and 2.1. (Part 2, O)"""

from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.display import ClearDisplay, GetDisplays, SetDisplay
from cpms.ocpp.times import say

Said = tuple[str, dict[str, Any]]


def set_display(asked: SetDisplay) -> Said:
    """O01, O02, O06; further languages are 2.1's, and the schema of 2.0.1 refuses them."""
    texts = [(asked.content, asked.language)]
    texts += [(text.content, text.language) for text in asked.translations or ()]
    first, *others = (_given(content=c, format=asked.format, language=said) for c, said in texts)
    message = _given(
        id=asked.number,
        priority=asked.priority,
        state=asked.state,
        startDateTime=say(asked.starts_at) if asked.starts_at else None,
        endDateTime=say(asked.ends_at) if asked.ends_at else None,
        transactionId=asked.transaction_id,
        message=first,
        messageExtra=others or None,
    )
    return "SetDisplayMessage", {"message": message}


def get_displays(asked: GetDisplays) -> Said:
    """O03, O04."""
    about = {"requestId": asked.request_id, "id": asked.numbers}
    return "GetDisplayMessages", {**about, "priority": asked.priority, "state": asked.state}


def clear_display(asked: ClearDisplay) -> Said:
    """O05."""
    return "ClearDisplayMessage", {"id": asked.number}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


TRANSLATORS: dict[type[Operation], Any] = {
    SetDisplay: set_display,
    GetDisplays: get_displays,
    ClearDisplay: clear_display,
}
