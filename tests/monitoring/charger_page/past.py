"""What a charger did, written as the writer stores it."""

from datetime import datetime, timedelta
from itertools import count

from inventory.models import Charger, Evse
from monitoring.facts import Status
from monitoring.models import Event, Session, StatusSpan
from tests.network import NOON

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
KEYS = count(1_000)


def reported(
    evse: Evse, status: Status, start: datetime, end: datetime | None, code: str = ""
) -> None:
    """Have the port been in a status in [start, end)."""
    StatusSpan.objects.create(evse=evse, status=status, started=start, ended=end, error_code=code)


def flapped(evse: Evse, start: datetime, each: timedelta, times: int) -> None:
    """Have the port turn from Available to Faulted and back every `each`."""
    StatusSpan.objects.bulk_create(
        StatusSpan(
            evse=evse,
            status=Status.FAULTED if index % 2 else Status.AVAILABLE,
            started=start + index * each,
            ended=start + (index + 1) * each,
        )
        for index in range(times)
    )


def session(
    of: Charger,
    start: datetime,
    end: datetime | None = None,
    evse: Evse | None = None,
    **more: object,
) -> Session:
    """Add a session, of 10 kWh unless said."""
    key = next(KEYS)
    fields = {"transaction_id": str(key), "id_token": "04A1B2C3D4", "energy": 10_000.0} | more
    return Session.objects.create(
        id=key, charger=of, evse=evse, started=start, ended=end, received=start,
        updated=end or start, **fields,
    )  # fmt: skip


def boot(of: Charger, at: datetime = NOON, reason: str = "PowerUp", **said: str) -> Event:
    """Have the charger boot and say this of itself."""
    return Event.objects.create(
        charger=of, kind="boot", at=at, received=at, severity=6, code="Accepted", text=reason,
        data=said,
    )  # fmt: skip
