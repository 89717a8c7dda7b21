"""Status of connectors, EVSEs and chargers, from notifications and events."""

from typing import Any

from inventory.models import Evse
from monitoring.models import ChargerState, Event, PortState, StatusSpan
from tests.cpms.ocpp.transactions2 import Transaction, at, occupied, status, text

NOTIFY = "StatusNotification"


async def port(number=1):
    return await PortState.objects.aget(evse__number=number)


async def test_an_evse_is_free_while_one_of_its_connectors_is(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for connector in (1, 2):
            await cp.call(NOTIFY, status("Available", 0, connector=connector))
        await cp.call(NOTIFY, status("Faulted", 1, connector=2))
        assert (await port()).status == "Available"
        await cp.call(NOTIFY, status("Unavailable", 2, connector=1))
        assert (await port()).status == "Faulted"
        await cp.call(NOTIFY, status("Available", 3, connector=2))
        after = await port()
    assert (after.status, after.since) == ("Available", at(3))
    assert after.connectors == {"1": "Unavailable", "2": "Available"}


async def test_an_evse_is_occupied_while_one_of_its_connectors_is(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(NOTIFY, status("Available", 0, connector=1))
        await cp.call(NOTIFY, status("Occupied", 1, connector=2))
        await cp.call(NOTIFY, status("Available", 2, connector=1))
        assert (await port()).status == "Occupied"
        await cp.call(NOTIFY, status("Available", 3, connector=2))
        assert (await port()).status == "Available"


async def test_connectors_that_report_in_the_same_second_are_combined(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for connector, state in ((1, "Available"), (2, "Unavailable"), (3, "Faulted")):
            await cp.call(NOTIFY, status(state, 5, connector=connector))
    assert (await port()).status == "Available"
    assert [s.status async for s in StatusSpan.objects.all()] == ["Available"]


async def test_a_connector_s_old_report_does_not_replace_its_newer_one(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(NOTIFY, status("Available", 0, connector=1))
        await cp.call(NOTIFY, status("Available", 5, connector=2))
        await cp.call(NOTIFY, status("Faulted", 3, connector=2))
        await cp.call(NOTIFY, status("Unavailable", 6, connector=1))
        after = await port()
    assert after.connectors == {"1": "Unavailable", "2": "Available"}
    assert after.status == "Available"


async def test_a_second_connector_is_heard_of_while_the_first_one_charges(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("TransactionEvent", Transaction("T-1").started(1, state="Charging"))
        await cp.call(NOTIFY, occupied(2, connector=2))
        assert (await port()).status == "Charging"
        await cp.call(NOTIFY, status("Available", 3, connector=1))
        await cp.call(NOTIFY, status("Available", 4, connector=2))
        assert (await port()).status == "Available"


async def test_evse_zero_is_the_charger_and_connector_zero_the_evse(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(NOTIFY, status("Unavailable", 1, evse=0, connector=0))
        await cp.call(NOTIFY, status("Reserved", 2, evse=2, connector=0))
    state = await ChargerState.objects.aget()
    assert (state.status, state.status_since) == ("Unavailable", at(1))
    assert (await port(2)).status == "Reserved"
    assert (await port(1)).status == "Unknown"


async def test_an_evse_that_nobody_entered_is_added(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(NOTIFY, status("Available", 1, evse=5))
        await cp.call(NOTIFY, status("Available", 1, evse=4_000_000_000))
    assert [e.number async for e in Evse.objects.filter(discovered=True)] == [5]


async def test_occupied_does_not_hide_that_the_vehicle_charges(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("TransactionEvent", Transaction("T-1").started(1, state="Charging"))
        await cp.call(NOTIFY, occupied(2))
    assert ((await port()).status, (await port()).since) == ("Charging", at(1))


async def test_a_fault_told_after_what_its_transaction_says_is_not_hidden_by_it_16(
    gateway, charger
):
    transaction = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(NOTIFY, occupied(0))
        await cp.call("TransactionEvent", transaction.started(1, state="Charging"))
        await cp.call("TransactionEvent", transaction.updated(4, 1, "SuspendedEVSE"))
        await cp.call("TransactionEvent", transaction.updated(5, 2, "EVConnected"))
        await cp.call(NOTIFY, status("Faulted", 3))
        now = await port()
        assert (now.status, now.since) == ("Faulted", at(3))
        await cp.call("TransactionEvent", transaction.updated(6, 3, "Charging"))
        assert (await port()).status == "Faulted"
        await cp.call(NOTIFY, occupied(8))
        await cp.call("TransactionEvent", transaction.updated(9, 4, "Charging"))
    spans = [(s.started, s.ended, s.status) async for s in StatusSpan.objects.order_by("started")]
    assert spans == [
        (at(0), at(1), "Occupied"),
        (at(1), at(3), "Charging"),
        (at(3), at(8), "Faulted"),
        (at(8), at(9), "Occupied"),
        (at(9), None, "Charging"),
    ]


async def test_a_late_fault_ends_where_its_connector_said_that_it_was_over_16(gateway, charger):
    transaction = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("TransactionEvent", transaction.started(2, state="Charging"))
        await cp.call(NOTIFY, occupied(3))  # Adds nothing: it charges.
        await cp.call(NOTIFY, status("Faulted", 1))
        now = await port()
    assert (now.status, now.since) == ("Charging", at(2))
    spans = [(s.started, s.ended, s.status) async for s in StatusSpan.objects.order_by("started")]
    assert spans == [(at(1), at(2), "Faulted"), (at(2), None, "Charging")]


async def test_availability_events_are_status_reports(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(
            "NotifyEvent",
            events(
                availability("Connector", "Faulted", 1, {"id": 1, "connectorId": 1}, "E42"),
                availability("EVSE", "Unavailable", 2, {"id": 2}),
                availability("ChargingStation", "Occupied", 3),
                availability("Connector", "Broken", 4, {"id": 1, "connectorId": 1}),
                availability("Connector", "Available", 5),
                availability("DisplayDevice", "Available", 6),
            ),
        )
    first = await port()
    assert (first.status, first.error_code, first.since) == ("Faulted", "E42", at(1))
    assert (await port(2)).status == "Unavailable"
    assert (await ChargerState.objects.aget()).status == "Occupied"
    assert await Event.objects.filter(kind="device_event").acount() == 6


async def test_events_are_as_serious_as_they_say_or_look(gateway, charger):
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        await cp.call(
            "NotifyEvent",
            events(
                event(1, "true", "Problem"),
                event(2, "false", "Problem"),
                event(3, "71.5", "Temperature", trigger="Alerting"),
                event(4, "60.1", "Temperature", trigger="Alerting", cleared=True),
                event(5, "21.0", "Temperature", trigger="Periodic"),
                event(6, "99.9", "Temperature", trigger="Alerting", severity=1),
            ),
        )
    severities = [e.severity async for e in Event.objects.filter(kind="device_event")]
    assert severities == [3, 7, 5, 7, 8, 1]


async def test_secrets_in_events_are_not_kept(gateway, charger):
    secret = {"wifi": {"password": "hunter2"}}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("NotifyEvent", events(event(1, "hunter2", "BasicAuthPassword")))
        await cp.call("DataTransfer", {"vendorId": "acme", "data": secret})
    kept = [(e.text, e.data) async for e in Event.objects.exclude(kind="boot")]
    assert len(kept) == 2
    assert "hunter2" not in str(kept)


async def test_a_flood_of_events_is_cut_and_counted(gateway, charger):
    many = [event(number, "1", "Temperature") for number in range(510)]
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        assert await cp.call("NotifyEvent", events(*many)) == {}
    assert await Event.objects.filter(kind="device_event").acount() == 500
    cut = await Event.objects.aget(kind="events_cut")
    assert cut.data == {"kept": 500, "leftOut": 10}


def events(*data: Any) -> dict[str, Any]:
    """Return a NotifyEvent."""
    return {"generatedAt": text(9), "seqNo": 0, "eventData": list(data)}


def event(number: int, value: str, variable: str, **more: Any) -> dict[str, Any]:
    """Return one event of a component of EVSE 1."""
    return {
        "eventId": number,
        "timestamp": text(1),
        "trigger": "Delta",
        "actualValue": value,
        "component": {"name": "PowerContactor", "evse": {"id": 1}},
        "variable": {"name": variable},
        "eventNotificationType": "HardWiredMonitor",
        **more,
    }


def availability(
    component: str, value: str, minute: float, evse: Any = None, code: str = ""
) -> dict[str, Any]:
    """Return an event of a component's AvailabilityState."""
    told = {
        **event(int(minute), value, "AvailabilityState"),
        "timestamp": text(minute),
        "component": {"name": component, **({"evse": evse} if evse else {})},
    }
    return {**told, "techCode": code} if code else told
