"""A charger that somebody charges at, for the Operate tab."""

from datetime import UTC, datetime

import pytest

from inventory.models import Charger, Connector, Site
from monitoring.facts import Status
from tests.monitoring.charger_page.past import HOUR, MINUTE, session
from tests.network import charger, port

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def station(place: Site) -> Charger:
    """A 2.0.1 charger that is online, with a session at port 1 for 42 minutes."""
    made = charger(place, "CP-1", since=NOW - 5 * HOUR, ocpp_version="2.0.1")
    began = datetime.now(UTC) - 42 * MINUTE
    busy = port(made, 1, Status.CHARGING, began)
    session(made, began, None, busy, id_token="DE8DBD1234", energy=12_300.0)
    Connector.objects.create(evse=port(made, 2, Status.AVAILABLE, NOW - 5 * HOUR))
    return made
