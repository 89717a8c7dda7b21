"""What a session costs by a tariff, while it runs and in the end. Pure.

Energy is in Wh, times are aware UTC, prices in the currency's main unit with tax included.

**Rounding.** Each part (session, energy, time, idle time) is reckoned exactly and rounded by
itself, half up, to the currency's decimals; the total is the sum of the rounded parts, so that a
receipt adds up. The net amount is the total without its VAT, rounded half up; the tax is the rest.

**Time** counts to the second, from the start until charging is over: where the vehicle takes no
more and stays. **Idle time** counts from then until the session ends, without the grace.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

WH_PER_KWH, SECONDS_PER_MINUTE = Decimal(1000), Decimal(60)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Prices:
    """A tariff's prices; `vat` in per cent, contained in them."""

    currency: str
    decimals: int = 2
    energy: Decimal = ZERO
    minute: Decimal = ZERO
    session: Decimal = ZERO
    idle_minute: Decimal = ZERO
    idle_grace: timedelta = timedelta(0)
    vat: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Use:
    """What a session has used by `until`; `charged_until` is None while charging isn't over."""

    started: datetime
    until: datetime
    energy: float | None
    charged_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """The parts of what a session costs, rounded, in the currency's main unit."""

    currency: str
    decimals: int
    session: Decimal
    energy: Decimal
    time: Decimal
    idle: Decimal
    net: Decimal

    @property
    def total(self) -> Decimal:
        """Return the sum of the parts, tax included."""
        return self.session + self.energy + self.time + self.idle

    @property
    def tax(self) -> Decimal:
        """Return the VAT in the total."""
        return self.total - self.net


def cost(prices: Prices, use: Use) -> Cost:
    """Return what a session costs so far, or in the end."""
    end = min(use.charged_until or use.until, use.until)
    time = max(end - use.started, timedelta(0))
    idle = max(use.until - end - prices.idle_grace, timedelta(0))
    kwh = Decimal(str(max(use.energy or 0.0, 0.0))) / WH_PER_KWH
    session, energy, minutes, idle_minutes = (
        _rounded(amount, prices.decimals)
        for amount in (
            prices.session,
            kwh * prices.energy,
            _minutes(time) * prices.minute,
            _minutes(idle) * prices.idle_minute,
        )
    )
    total = session + energy + minutes + idle_minutes
    net = _rounded(total / (1 + prices.vat / 100), prices.decimals)
    return Cost(prices.currency, prices.decimals, session, energy, minutes, idle_minutes, net)


def _minutes(lasting: timedelta) -> Decimal:
    return Decimal(int(lasting.total_seconds())) / SECONDS_PER_MINUTE


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
