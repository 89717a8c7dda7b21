"""Every message of OCPP 2.0.1: its answer, and what is kept of it."""

from datetime import UTC, datetime, timedelta

from cpms.ocpp.versions import ROUTES
from monitoring.models import Event
from tests.cpms.ocpp.actions import (
    MADE_UP,
    Case,
    ago,
    check_all,
    heartbeat,
    not_for_chargers,
    refusals,
)
from tests.cpms.ocpp.cases2 import COMMON, MONITOR, NEEDS

CASES = [
    *COMMON,
    Case(
        "NotifyEVChargingNeeds",
        NEEDS,
        Event,
        {"kind": "charging_needs", "evse__number": 1},
        {"status": "Accepted"},
    ),
    Case(
        "NotifyMonitoringReport",
        {"requestId": 13, "seqNo": 0, "generatedAt": ago(10), "monitor": [MONITOR]},
        Event,
        {
            "kind": "monitoring_report",
            "at": ago(10),
            "data__monitor__0__variableMonitoring__0__value": 70.0,
        },
    ),
]


async def test_every_message_is_answered_by_its_schema_and_kept(gateway, charger, subtests):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        assert await check_all(subtests, "2.0.1", cp, CASES) == CASES
    assert [await case.rows.acount() for case in CASES] == [1] * len(CASES)


def test_every_action_that_a_charger_sends_has_a_row():
    heartbeat = {"Heartbeat"}  # answered at once: test_a_heartbeat_is_answered_and_seen
    assert {case.action for case in CASES} | heartbeat == ROUTES["2.0.1"].handlers.keys()
    assert len(CASES) == 24


async def test_a_heartbeat_is_answered_and_seen(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        sent = datetime.now(UTC)
        told, seen = await heartbeat("2.0.1", cp, "CP-1")
    assert abs(told - sent) < timedelta(seconds=5)
    assert sent <= seen <= datetime.now(UTC)


async def test_what_is_not_for_a_charger_to_send_is_refused(gateway, charger):
    others = not_for_chargers("2.0.1")
    assert len(others) > 15
    async with gateway.charger("CP-1", "2.0.1") as cp:
        assert await refusals(cp, others) == dict.fromkeys(others, (4, "NotSupported"))
        assert await refusals(cp, MADE_UP) == dict.fromkeys(MADE_UP, (4, "NotImplemented"))
