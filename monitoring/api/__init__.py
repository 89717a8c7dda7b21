"""What happened and what is, over REST: read only."""

from monitoring.api.chargers import Chargers, Evses
from monitoring.api.history import (
    Attempts,
    Connections,
    Events,
    Reconciliations,
    Sessions,
    StatusSpans,
)
from monitoring.api.meter_samples import MeterSamples
from monitoring.api.quarantine import Quarantine
from monitoring.api.sightings import Sightings

RESOURCES = {
    "chargers": Chargers,
    "evses": Evses,
    "sessions": Sessions,
    "reconciliations": Reconciliations,
    "attempts": Attempts,
    "meter-samples": MeterSamples,
    "events": Events,
    "status-spans": StatusSpans,
    "connections": Connections,
    "sightings": Sightings,
    "quarantine": Quarantine,
}
