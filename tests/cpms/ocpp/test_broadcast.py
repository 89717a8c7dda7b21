"""What a commit changed is said to the live pages."""

from types import SimpleNamespace
from typing import Any, get_args

import pytest

from cpms.ocpp.broadcast import KINDS, Broadcast
from monitoring import facts
from monitoring.facts import Fact


@pytest.mark.parametrize("kind", get_args(Fact))
def test_every_kind_of_fact_is_said_to_the_pages_but_pings(kind: Any) -> None:
    station = SimpleNamespace(site_id=1, organisation_id=1, identity="CP-1")
    gateway: Any = SimpleNamespace(directory=SimpleNamespace(connected={7: station}))
    broadcast = Broadcast(gateway)
    fact = kind.__new__(kind)
    fact.charger_id = 7
    if hasattr(kind, "evse"):
        fact.evse = None
    broadcast.committed([fact])
    said = [changed[4] for changed in broadcast._changed.values()]
    assert said == ([] if kind is facts.Pinged else [{KINDS[kind]}])
