"""A charger that doesn't know the time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cpms.ocpp.simulator.clock import rfc3339
from cpms.ocpp.simulator.scenarios.scenario import Scenario
from cpms.ocpp.simulator.spec import ChargerSpec

FAST_BY = timedelta(minutes=37, seconds=12)
SLOW_BY = timedelta(hours=2, minutes=5)


def _since_1970(now: datetime) -> str:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return rfc3339(datetime(1970, 1, 1, tzinfo=UTC) + (now - midnight))


def _year_222222017(now: datetime) -> str:
    return f"222222017{rfc3339(now)[4:]}"


def _seven_digits(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}7Z"


#: Variant -> what the clock shows. "no-zone" is the site's own time, hence not in this table.
CLOCKS: dict[str, Callable[[datetime], str]] = {
    "fast": lambda now: rfc3339(now + FAST_BY),
    "slow": lambda now: rfc3339(now - SLOW_BY),
    "1970": _since_1970,
    "year-222222017": _year_222222017,
    "seven-digits": _seven_digits,
}


class WrongClock(Scenario):
    """Stamps its messages with a wrong or oddly written time."""

    variants = (*CLOCKS, "no-zone")
    _zone = ZoneInfo("UTC")

    def face(self, spec: ChargerSpec, /) -> ChargerSpec:
        """Learn the site's time zone."""
        self._zone = ZoneInfo(spec.time_zone)
        return spec

    def stamp(self, now: datetime, /) -> str:
        """Return what the clock shows."""
        if self.variant == "no-zone":
            return now.astimezone(self._zone).replace(tzinfo=None).isoformat(timespec="seconds")
        return CLOCKS[self.variant](now)
