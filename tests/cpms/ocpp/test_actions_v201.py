"""Every message of OCPP 2.0.1: its answer, and what is kept of it."""

from cpms.ocpp.versions import ROUTES
from monitoring.models import Event
from tests.cpms.ocpp.actions import (
    Case,
    ago,
    check_all,
    refuses_other_actions,
    sees_a_heartbeat,
)
from tests.cpms.ocpp.cases2 import COMMON, MONITOR, NEEDS

CASES = [
    *COMMON,
    Case(
        "NotifyEVChargingNeeds",
        NEEDS,
        Event,
        {"kind": "charging_needs", "evse__number": 2},
        {"status": "Rejected"},
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
        await check_all(subtests, "2.0.1", cp, CASES)


def test_every_action_that_a_charger_sends_has_a_row():
    heartbeat = {"Heartbeat"}  # answered at once: test_a_heartbeat_is_answered_and_seen
    assert {case.action for case in CASES} | heartbeat == ROUTES["2.0.1"].handlers.keys()
    assert len(CASES) == 24


async def test_a_heartbeat_is_answered_and_seen(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await sees_a_heartbeat("2.0.1", cp, "CP-1")


async def test_what_is_not_for_a_charger_to_send_is_refused(gateway, charger, subtests):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await refuses_other_actions(subtests, "2.0.1", cp)
