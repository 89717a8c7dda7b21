"""Drivers: when they come, how long they stay, and what they carry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

#: Arrivals by local hour, relative to each other. Work and shopping on weekdays, later and
#: flatter on weekends: the shape of public AC charging in European roaming statistics.
AC_WEEKDAY = (1, 1, 1, 1, 2, 5, 14, 28, 34, 26, 20, 19, 22, 20, 18, 20, 26, 32, 30, 22, 14, 9, 5, 2)
AC_WEEKEND = (2, 1, 1, 1, 1, 2, 4, 8, 15, 24, 32, 34, 32, 30, 29, 28, 27, 25, 22, 17, 12, 8, 5, 3)
#: Fast charging follows traffic: commuting hours, noon, and Sunday evening's way home.
DC_WEEKDAY = (2, 1, 1, 1, 2, 5, 8, 11, 11, 11, 13, 14, 15, 14, 14, 15, 17, 18, 16, 12, 8, 6, 4, 2)
DC_WEEKEND = (2, 2, 1, 1, 1, 2, 4, 7, 11, 15, 18, 19, 18, 17, 17, 18, 19, 19, 17, 14, 10, 7, 5, 3)

AC_VISITS_PER_DAY = 2.4
DC_VISITS_PER_DAY = 9.0

#: Cards that drivers of simulated chargers hold up. A demo that checks cards must know them.
CARDS = tuple(f"04{number * 0x9E3779B97F4B % 2**48:012X}" for number in range(1, 65))


def hourly_rates(weekday: int, is_dc: bool) -> Sequence[float]:
    """Return arrivals an hour at one port for each hour of a day; Monday is weekday 0."""
    if is_dc:
        weights, per_day = DC_WEEKEND if weekday >= 5 else DC_WEEKDAY, DC_VISITS_PER_DAY
    else:
        weights, per_day = AC_WEEKEND if weekday >= 5 else AC_WEEKDAY, AC_VISITS_PER_DAY
    total = sum(weights)
    return [per_day * weight / total for weight in weights]


def next_arrival(rng: Random, local: datetime, is_dc: bool, pace: float) -> float:
    """Return the seconds until the next driver comes to a port.

    `local` is the present in the site's time zone. Drivers come independently of each
    other: a Poisson process of varying rate, by thinning (Lewis and Shedler, 1979).
    """
    highest = pace * max(max(hourly_rates(day, is_dc)) for day in range(7))
    hours = 0.0
    while True:
        hours += rng.expovariate(highest)
        moment = local + timedelta(hours=hours)
        rate = pace * hourly_rates(moment.weekday(), is_dc)[moment.hour]
        if rng.random() * highest < rate:
            return hours * 3600


def chance_of_occupied(local: datetime, is_dc: bool) -> float:
    """Return how likely a port is in use at `local`: arrivals an hour times mean hours of stay."""
    rate = hourly_rates(local.weekday(), is_dc)[local.hour]
    return min(rate * mean_stay(is_dc) / 3600, 0.9)


def mean_stay(is_dc: bool) -> float:
    """Return how long a driver stays on average, in seconds."""
    return 32 * 60.0 if is_dc else 2.6 * 3600


def draw_stay(rng: Random, is_dc: bool, pace: float) -> float:
    """Return how many seconds a driver stays: most near the mean, a few very long."""
    spread = 0.35 if is_dc else 0.6
    stay = mean_stay(is_dc) * rng.lognormvariate(-spread * spread / 2, spread)
    return max(stay / pace, 30.0)
