"""N: monitors, read, set and cleared by operators."""

from typing import Any

from cpms.control.models import Monitor
from tests.conformance.case import Case, case
from tests.conformance.station import now
from tests.conformance.v201.states import ACCEPTED, arrived
from tests.conformance.v201.test_settings import EMPTY, EVSE_STATE, REQUEST, done, said

STATION_STATE = {"component": "ChargingStation", "name": "AvailabilityState"}
POWER = {"component": "ChargingStation", "name": "Power"}
DELTA, THRESHOLDS = "delta", "threshold"
CRITERIA = {DELTA: "DeltaMonitoring", THRESHOLDS: "ThresholdMonitoring"}


def kept(case: Case) -> Any:
    """Return the monitors that are kept of the case's charger."""
    return Monitor.objects.filter(charger__identity=case.identity)


async def monitors(case: Case, *wanted: dict[str, Any]) -> None:
    """Have monitoring reports asked for; all but the last have nothing to report."""
    station = await arrived(case)
    with case.proves(0):
        for which in wanted:
            answer = ACCEPTED if which is wanted[-1] else EMPTY
            asked: dict[str, Any] = {"requestId": REQUEST}
            if "kinds" in which:
                asked["monitoringCriteria"] = [CRITERIA[kind] for kind in which["kinds"]]
            if "settings" in which:
                asked["componentVariable"] = [said(one) for one in which["settings"]]
            request = {"request_id": REQUEST, **which}
            call = ("GetMonitoringReport", asked)
            await done(case, station, ("read_monitors", request), call, answer)
    with case.proves(1):
        delta = {"id": 1, "transaction": False, "value": 1.0, "type": "Delta", "severity": 8}
        told = {"requestId": REQUEST, "seqNo": 0, "generatedAt": now()}
        data = [{**said(EVSE_STATE), "variableMonitoring": [delta]}]
        assert await station.call("NotifyMonitoringReport", **told, monitor=data) == {}
        assert len(await case.events("monitoring_report")) == 1
        await case.shows(kept(case).filter(number=1, severity=8, evse=1).aexists)


def which(kind: str, *settings: dict[str, Any]) -> dict[str, Any]:
    """Return what a monitoring report is to be of."""
    about = {"settings": list(settings)} if settings else {}
    return {"kinds": [kind], **about}


@case("TC_N_01_CSMS")
async def test_monitors_of_a_kind(case: Case) -> None:
    await monitors(case, which(DELTA), which(THRESHOLDS))


@case("TC_N_02_CSMS")
async def test_monitors_of_a_variable(case: Case) -> None:
    await monitors(case, {"settings": [POWER]}, {"settings": [EVSE_STATE]})


@case("TC_N_03_CSMS")
async def test_monitors_of_a_kind_and_variable(case: Case) -> None:
    await monitors(case, which(DELTA, EVSE_STATE), which(THRESHOLDS, POWER))


@case("TC_N_60_CSMS")
async def test_monitors_of_a_kind_and_variables(case: Case) -> None:
    both = (STATION_STATE, EVSE_STATE)
    await monitors(case, which(DELTA, *both), which(THRESHOLDS, *both))


@case("TC_N_47_CSMS")
async def test_all_monitors(case: Case) -> None:
    await monitors(case, {})


async def watches(case: Case, *settings: dict[str, Any]) -> None:
    """Have monitors set: entry 0; they are kept by the numbers that the station gave them."""
    station = await arrived(case)
    about = {"value": 1.0, "type": "Delta", "severity": 8}
    wanted = [{**about, **said(one)} for one in settings]
    answers = [
        {"id": n, "status": "Accepted", "type": "Delta", "severity": 8, **said(one)}
        for n, one in enumerate(settings)
    ]
    with case.proves(0):
        call = ("SetVariableMonitoring", {"setMonitoringData": wanted})
        request = {"monitors": [{**about, **one} for one in settings]}
        answer = {"setMonitoringResult": answers}
        await done(case, station, ("set_monitors", request), call, answer, word="Accepted")
        assert {monitor.number async for monitor in kept(case)} == set(range(len(settings)))


@case("TC_N_08_CSMS")
async def test_a_monitor_is_set(case: Case) -> None:
    await watches(case, EVSE_STATE)


@case("TC_N_09_CSMS")
async def test_two_monitors_are_set(case: Case) -> None:
    await watches(case, EVSE_STATE, STATION_STATE)


async def sets_level(case: Case, answer: str, state: str) -> None:
    """Have the monitoring level set: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        call = ("SetMonitoringLevel", {"severity": 4})
        request = {"severity": 4}
        await done(
            case, station, ("set_monitoring_level", request), call, {"status": answer}, state
        )


@case("TC_N_16_CSMS")
async def test_the_monitoring_level_is_set(case: Case) -> None:
    await sets_level(case, "Accepted", "accepted")


@case("TC_N_17_CSMS")
async def test_the_monitoring_level_is_out_of_range(case: Case) -> None:
    await sets_level(case, "Rejected", "rejected")


@case("TC_N_05_CSMS")
async def test_the_monitoring_base_is_set(case: Case) -> None:
    station = await arrived(case)
    bases = {"all": "All", "factory": "FactoryDefault", "hard_wired": "HardWiredOnly"}
    with case.proves(0):
        for base, name in bases.items():
            call = ("SetMonitoringBase", {"monitoringBase": name})
            await done(case, station, ("set_monitoring_base", {"base": base}), call, ACCEPTED)


@case("TC_N_18_CSMS")
async def test_more_monitors_are_cleared_than_one_message_may_hold(case: Case) -> None:
    station = await arrived(case)
    command = await case.asks("clear_monitors", ids=[1, 2, 3])
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
    }
    with case.proves(0):
        call = await station.asked("GetVariables")
        assert call.payload == {"getVariableData": [limit]}
    said = {**limit, "attributeStatus": "Accepted", "attributeValue": "2"}
    await call.answer(getVariableResult=[said])
    with case.proves(1):
        for ids in ([1, 2], [3]):
            call = await station.asked("ClearVariableMonitoring")
            assert call.payload == {"id": ids}
            cleared = [{"id": number, "status": "Accepted"} for number in ids]
            await call.answer(clearMonitoringResult=cleared)
        await command.ends("accepted", "Accepted")


@case("TC_N_44_CSMS")
async def test_clearing_a_monitor_is_rejected(case: Case) -> None:
    station = await arrived(case)
    answer = {"clearMonitoringResult": [{"id": 1, "status": "Rejected"}]}
    with case.proves(0):
        call = ("ClearVariableMonitoring", {"id": [1]})
        await done(
            case, station, ("clear_monitors", {"ids": [1]}), call, answer, "rejected", "Rejected"
        )
