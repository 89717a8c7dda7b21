"""What happened, what is, and what people decide about it, over REST."""

from monitoring.api.chargers import Chargers, Evses
from monitoring.api.exclusions import Exclusions
from monitoring.api.history import (
    Attempts,
    Connections,
    Events,
    Reconciliations,
    Sessions,
    StatusSpans,
)
from monitoring.api.maintenance import MaintenanceWindows
from monitoring.api.meanings import ErrorMeanings
from monitoring.api.meter_samples import MeterSamples
from monitoring.api.outages import Outages
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
    "outages": Outages,
    "exclusions": Exclusions,
    "maintenance-windows": MaintenanceWindows,
    "error-meanings": ErrorMeanings,
}
