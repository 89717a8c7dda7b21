"""The simulator's only clock.

Waiting is the event loop's, so that a test which runs on a loop with virtual time runs
a simulated day in a second, and two such days alike to the millisecond.
"""

import asyncio
from datetime import UTC, datetime


class Clock:
    """The time of day, and waiting."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when `event` is set, or after `seconds`; the event is left cleared."""
        alarm = asyncio.get_running_loop().call_later(seconds, event.set)
        try:
            await event.wait()
        finally:
            alarm.cancel()
            event.clear()


def rfc3339(moment: datetime) -> str:
    """Return `moment`, an aware datetime, as chargers with a good clock write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
