"""What a charger allows over the next day, port by port: as sentences, and for the chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from cpms.control.charging import words
from cpms.control.charging.composite import Layer, Port, Step, composite, condensed
from cpms.control.models import ChargingProfile, ExternalLimit
from cpms.control.profiles import stacked
from inventory.models import Charger

DAY = timedelta(hours=24)
#: Places that are shown, and sentences and layers of each.
MOST_PLACES, MOST_SENTENCES, MOST_LAYERS = 12, 24, 6


@dataclass(frozen=True, slots=True)
class Place:
    """Ports for which the same is allowed, or the charger as a whole."""

    numbers: tuple[int, ...]
    port: Port
    layers: Sequence[Layer]
    steps: Sequence[Step]

    @property
    def name(self) -> str:
        """What it is called."""
        if self.numbers == (0,):
            return _("The charger as a whole")
        shown = ", ".join(str(number) for number in self.numbers)
        return (_("Port %s") if len(self.numbers) == 1 else _("Ports %s")) % shown

    @property
    def is_limited(self) -> bool:
        """Whether anything limits it."""
        return any(step.by is not None for step in self.steps)

    def sentences(self, zone: tzinfo) -> list[str]:
        """Return what is allowed when, and why."""
        return [words.sentence(step, zone) for step in condensed(self.steps)[:MOST_SENTENCES]]


def places(
    charger: Charger,
    ports: Sequence[Port],
    held: Sequence[ChargingProfile],
    others: Sequence[ExternalLimit],
    now: datetime,
) -> list[Place]:
    """Return what is allowed for a day from `now` on, ports with the same together."""
    layers = stacked(held, others)
    found: dict[Any, Place] = {}
    own = {layer.evse for layer in layers}
    alike: list[Step] = []
    for port in ports:
        plain = port.evse and port.evse not in own and port.running is None
        steps = alike if plain and alike else composite(layers, port, now, DAY)
        alike = steps if plain else alike
        if port.evse == 0 and all(step.by is None for step in steps):
            continue
        key = (port.evse == 0, tuple((s.start, s.watts, s.by and s.by.layer.evse) for s in steps))
        if key in found:
            known = found[key]
            numbers = (*known.numbers, port.evse)
            found[key] = Place(numbers, known.port, known.layers, known.steps)
        else:
            found[key] = Place((port.evse,), port, layers, steps)
    return list(found.values())[:MOST_PLACES]


def drawn(place: Place, now: datetime) -> dict[str, Any]:
    """Return the lines of a place's chart: what is allowed, and each layer by itself, kW."""
    alone = [(layer, composite([layer], place.port, now, DAY)) for layer in _counting(place)]
    times = sorted(
        {now, now + DAY, *(s.start for s in place.steps),
         *(s.start for _layer, steps in alone for s in steps)}
    )  # fmt: skip
    return {
        "name": place.name,
        "times": [round(time.timestamp()) for time in times],
        "limit": [_at(place.steps, time) for time in times],
        "layers": [
            {"name": _named(layer), "limit": [_at(steps, time) for time in times]}
            for layer, steps in alone
        ],
    }


def _counting(place: Place) -> list[Layer]:
    """Return the layers that say something of the place in the day."""
    said = [
        limit.layer
        for step in place.steps
        for limit in (step.by, step.added, step.below, *step.others)
        if limit is not None
    ]
    return [layer for layer in place.layers if layer in said][:MOST_LAYERS]


def _named(layer: Layer) -> str:
    profile = layer.profile
    purpose = str(words.PURPOSES.get(profile.purpose, profile.purpose))
    if profile.id is None:
        return f"{purpose} ({words.SOURCES.get(layer.source, layer.source)})"
    return _("%(purpose)s %(id)s, level %(level)s") % {
        "purpose": purpose, "id": profile.id, "level": profile.stack_level,
    }  # fmt: skip


def _at(steps: Sequence[Step], time: datetime) -> float | None:
    """Return the limit at a time, kW; at the very end that of the last step."""
    inside = [step for step in steps if step.start <= time]
    watts = inside[-1].watts if inside else None
    return None if watts is None else round(watts / 1000, 2)
