"""N: events, monitors, logs, customers' data."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.v201.states import arrived, event


async def notified(case: Case, times: int = 1, **about: Any) -> None:
    """Send NotifyEvent; each is answered with nothing, and kept."""
    station = await arrived(case)
    before = len(await case.events("device_event"))
    with case.proves(0):
        for _ in range(times):
            assert await station.call("NotifyEvent", **event(**about)) == {}
        assert len(await case.events("device_event")) == before + times


@case("TC_N_21_CSMS")
async def test_an_alert_of_a_hard_wired_monitor(case: Case) -> None:
    await notified(case, trigger="Alerting", eventNotificationType="HardWiredMonitor")


@case("TC_N_24_CSMS")
async def test_periodic_events(case: Case) -> None:
    await notified(case, 3, trigger="Periodic", eventNotificationType="CustomMonitor")


@case("TC_N_48_CSMS")
async def test_an_event_of_a_variable_that_is_write_only(case: Case) -> None:
    await notified(case, actualValue="")


@case("TC_N_49_CSMS")
async def test_a_threshold_is_cleared_after_a_reboot(case: Case) -> None:
    await notified(case, trigger="Alerting", cleared=True, variableMonitoringId=1)


@case("TC_N_50_CSMS")
async def test_a_periodic_event(case: Case) -> None:
    await notified(case, trigger="Periodic", variableMonitoringId=1)
