"""Limits and times as OCPP's messages write them."""

import math
from datetime import datetime
from typing import Any

from cpms.ocpp.times import say


def tenths(amount: float | None) -> float | None:
    """Return an amount with one decimal, as OCPP has it, and never more than was wanted.

    (1.6 §7.14; 2.0.1 ChargingSchedulePeriodType)
    """
    return None if amount is None else math.floor(round(amount * 10, 6)) / 10


def said(moment: datetime | None) -> str | None:
    """Return a time as it is written, None where there is none."""
    return None if moment is None else say(moment)


def without_none(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave out what isn't said."""
    return {name: value for name, value in payload.items() if value is not None}
