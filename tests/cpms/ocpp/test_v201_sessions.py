"""TransactionEvents, in any order and number, make one session each."""

import asyncio
import itertools
import random
from datetime import timedelta

from asgiref.sync import sync_to_async

from cpms.control.models import Token
from inventory.models import Organisation
from monitoring.models import (
    DirtyDay,
    Event,
    MeterSample,
    PortState,
    QuarantinedFact,
    Session,
    StatusSpan,
)
from tests.cpms.ocpp.conftest import make_charger
from tests.cpms.ocpp.transactions2 import TOKEN, Transaction, at, meter, occupied

EVENT = "TransactionEvent"


async def port(number=1, identity="CP-1"):
    return await PortState.objects.aget(evse__charger__identity=identity, evse__number=number)


async def test_a_session_is_one_row_with_its_energy(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        begin = [meter(1, 1000.0, "Transaction.Begin")]
        answer = await cp.call(EVENT, told.started(1, meterValue=begin))
        assert answer == {"idTokenInfo": {"status": "Accepted"}}
        going = [meter(5, 2500.0, power=11000.0)]
        assert await cp.call(EVENT, told.updated(5, 1, "Charging", meterValue=going)) == {}
        running = await port()
        assert (running.status, running.power, running.energy) == ("Charging", 11000.0, 1500.0)
        assert running.session_id == (await Session.objects.aget()).pk
        end = [meter(1, 1000.0, "Transaction.Begin"), meter(9, 6000.0, "Transaction.End")]
        info = {"stoppedReason": "EVDisconnected"}
        await cp.call(EVENT, told.ended(9, 2, meterValue=end, info=info))
    session = await Session.objects.aget()
    assert (session.transaction_id, session.started, session.ended) == ("T-1", at(1), at(9))
    assert (session.meter_start, session.meter_stop, session.energy) == (1000.0, 6000.0, 5000.0)
    assert (session.peak_power, session.stop_reason) == (11000.0, "EVDisconnected")
    assert (session.id_token, session.authorization) == ("AABBCCDD", "Accepted")
    assert (session.seq_no, session.flags, session.connector) == (2, [], 1)
    left = await port()
    assert (left.session_id, left.power, left.status) == (None, None, "Finishing")


async def test_the_evse_need_be_said_only_once(gateway, charger):
    told = Transaction("T-1", evse=2)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1))
        await cp.call(EVENT, told.updated(2, 1, "Charging", meterValue=[meter(2, 500.0)]))
    session = await Session.objects.aget()
    sample = await MeterSample.objects.aget()
    assert (sample.evse_id, sample.session_id) == (session.evse_id, session.pk)
    assert (await port(2)).status == "Charging"


async def test_events_twice_and_in_any_order_come_to_the_same(gateway, charger):
    orders = list(itertools.permutations(range(4)))
    random.Random(7).shuffle(orders)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for number, order in enumerate([range(4), *orders[:15]], start=1):
            await tell(cp, number, order)
    rows = [
        (s.started, s.ended, s.meter_start, s.meter_stop, s.peak_power, s.stop_reason)
        async for s in Session.objects.order_by("pk")
    ]
    more = [
        (s.energy, s.charging_state, s.seq_no, s.id_token, s.evse_id is not None, s.flags)
        async for s in Session.objects.order_by("pk")
    ]
    assert rows == [(at(1), at(4), 100.0, 1000.0, 7000.0, "Local")] * 16
    assert more == [(900.0, "SuspendedEV", 3, "AABBCCDD", True, [])] * 16
    steps = [await story(number) for number in range(1, 17)]
    assert steps[0] == [
        ("Occupied", at(0)),
        ("Charging", at(2)),
        ("SuspendedEV", at(3)),
        ("Finishing", at(4)),
    ]
    assert steps[1:] == steps[:1] * 15
    assert not await QuarantinedFact.objects.aexists()


async def tell(cp, evse, order):
    """Plug in, then send the four events of a session in `order`, each twice."""
    told = Transaction(f"T-{evse}", evse)
    where = {"evse": {"id": evse, "connectorId": 1}}
    events = [
        told.started(1, state="EVConnected", meterValue=[meter(1, 100.0, "Transaction.Begin")]),
        told.updated(2, 1, "Charging", meterValue=[meter(2, 400.0, power=7000.0)], **where),
        told.updated(3, 2, "SuspendedEV", **where),
        told.ended(4, 3, meterValue=[meter(4, 1000.0, "Transaction.End")], **where),
    ]
    await cp.call("StatusNotification", occupied(0, evse))
    for index in order:
        first = await cp.call(EVENT, events[index])
        assert await cp.call(EVENT, events[index]) == first


async def story(number):
    """Return when a port's status changed, and to what."""
    spans = StatusSpan.objects.filter(evse__number=number).order_by("started")
    changes = [(span.status, span.started) async for span in spans]
    return [c for before, c in itertools.pairwise([(None, None), *changes]) if before[0] != c[0]]


async def test_a_state_told_late_is_followed_by_the_newer_one_again(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("StatusNotification", occupied(0))
        await cp.call(EVENT, told.started(1, state="Charging"))
        await cp.call(EVENT, told.updated(5, 2, "Charging"))
        await cp.call(EVENT, told.updated(3, 1, "SuspendedEV"))
    assert await story(1) == [
        ("Occupied", at(0)),
        ("Charging", at(1)),
        ("SuspendedEV", at(3)),
        ("Charging", at(5)),
    ]
    assert ((await port()).status, (await Session.objects.aget()).charging_state) == (
        "Charging",
        "Charging",
    )


async def test_an_end_without_a_start_makes_the_session(gateway, charger):
    told = Transaction("T-1")
    where = {"evse": {"id": 1}}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        end = [meter(1, 100.0, "Transaction.Begin"), meter(9, 900.0, "Transaction.End")]
        await cp.call(EVENT, told.ended(9, 4, meterValue=end, **where))
        session = await Session.objects.aget()
        assert (session.ended, session.energy, session.flags) == (at(9), 800.0, ["no_start"])
        await cp.call(EVENT, told.started(1))
    session = await Session.objects.aget()
    assert (session.started, session.flags) == (at(1), ["seq_gap"])


async def test_missing_messages_are_flagged_until_they_come(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for event in (told.started(1), told.updated(2, 1), told.updated(5, 4)):
            await cp.call(EVENT, event)
        assert (await Session.objects.aget()).flags == ["seq_gap"]
        await cp.call(EVENT, told.updated(3, 2))
        assert (await Session.objects.aget()).flags == ["seq_gap"]
        await cp.call(EVENT, told.updated(4, 3))
        assert (await Session.objects.aget()).flags == []


async def test_a_gap_over_a_reconnect_is_seen(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1))
        await cp.call(EVENT, told.updated(2, 1))
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.call(EVENT, told.updated(2, 1))
        assert (await Session.objects.aget()).flags == []
        await cp.call(EVENT, told.ended(9, 3))
    assert (await Session.objects.aget()).flags == ["seq_gap"]


async def test_what_comes_late_after_a_reconnect_does_not_reopen_a_session(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("StatusNotification", occupied(0))
        for event in (told.started(1), told.updated(2, 1, "Charging"), told.ended(9, 3)):
            await cp.call(EVENT, event)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        late = told.updated(5, 2, "Charging", meterValue=[meter(5, 10.0, power=5000.0)])
        await cp.call(EVENT, {**late, "evse": {"id": 1}})
        await cp.call(EVENT, told.ended(9, 3))
    session = await Session.objects.aget()
    # The one missing number came, but in a connection that didn't know of any gap.
    assert (session.ended, session.flags, session.seq_no) == (at(9), ["seq_gap"], 3)
    after = await port()
    assert (after.session_id, after.power) == (None, None)


async def test_a_transaction_belongs_to_its_charger(gateway, charger):
    await sync_to_async(make_charger)("CP-2")
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as one, gateway.charger("CP-2", "2.0.1") as two:
        await one.boot2()
        await two.boot2()
        await one.call(EVENT, told.started(1))
        await two.call(EVENT, told.updated(2, 1, "Charging", meterValue=[meter(2, 9.0)]))
        await two.call(EVENT, told.ended(3, 2))
    first = await Session.objects.aget(charger__identity="CP-1")
    other = await Session.objects.aget(charger__identity="CP-2")
    assert (first.ended, first.energy, first.charging_state) == (None, None, "")
    assert (other.ended, other.flags) == (at(3), ["no_start"])
    assert (await MeterSample.objects.aget()).session_id == other.pk
    assert (await port()).session_id == first.pk


async def test_a_session_with_a_refused_token_is_kept_all_the_same(gateway, charger):
    await sync_to_async(refuse)("AABBCCDD", "blocked")
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        async with asyncio.timeout(10):
            while not gateway.hub.directory.tokens.known:
                await asyncio.sleep(0.05)
        answer = await cp.call(EVENT, told.started(1, offline=True))
    assert answer == {"idTokenInfo": {"status": "Blocked"}}
    session = await Session.objects.aget()
    assert (session.authorization, session.offline) == ("Blocked", True)


def refuse(id_token, status):
    organisation = Organisation.objects.get(slug="acme")
    Token.objects.create(organisation=organisation, id_token=id_token, status=status)


async def test_the_token_that_stops_is_not_the_one_that_started(gateway, charger):
    told = Transaction("T-1")
    other = {"idToken": "FFEE", "type": "ISO14443"}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1))
        stop = told.event("Updated", 5, 1, trigger="StopAuthorized", idToken=other)
        assert (await cp.call(EVENT, stop))["idTokenInfo"]["status"] == "Accepted"
    session = await Session.objects.aget()
    assert (session.id_token, session.stop_token) == ("AABBCCDD", "FFEE")


async def test_a_button_needs_no_token(gateway, charger):
    await Organisation.objects.aupdate(accept_unknown_tokens=False)
    button = {"idToken": "", "type": "NoAuthorization"}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        pressed = await cp.call(EVENT, Transaction("T-1").started(1, idToken=button))
        card = await cp.call(EVENT, Transaction("T-2", 2).started(1, idToken=TOKEN))
    assert pressed["idTokenInfo"]["status"] == "Accepted"
    assert card["idTokenInfo"]["status"] == "Unknown"


async def test_charging_that_was_told_late_goes_on_over_occupied(gateway, charger):
    """A charger that comes back says Occupied at once, then empties its queue."""
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call("StatusNotification", occupied(0))
        await cp.call("StatusNotification", occupied(30))
        await cp.call("StatusNotification", occupied(31))
        await cp.call(EVENT, told.started(1, offline=True))
        await cp.call(EVENT, told.updated(2, 1, "Charging", offline=True))
        assert (await port()).status == "Charging"
        await cp.call(EVENT, told.ended(20, 2, offline=True))
    assert (await port()).status == "Finishing"
    assert await story(1) == [
        ("Occupied", at(0)),
        ("Charging", at(2)),
        ("Finishing", at(20)),
    ]


async def test_a_transaction_mends_no_fault(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1, state="Charging"))
        await cp.call("StatusNotification", {**occupied(2), "connectorStatus": "Faulted"})
        await cp.call(EVENT, told.updated(3, 1, "SuspendedEVSE"))
        await cp.call(EVENT, told.ended(4, 2))
    assert (await port()).status == "Faulted"


async def test_a_vehicle_that_stays_after_charging_leaves_the_port_finishing(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1, state="EVConnected"))
        assert (await port()).status == "Occupied"
        await cp.call(EVENT, told.updated(2, 1, "Charging"))
        await cp.call(EVENT, told.updated(3, 2, "EVConnected"))
        assert (await port()).status == "Finishing"
        await cp.call("StatusNotification", {**occupied(4), "connectorStatus": "Available"})
        await cp.call(EVENT, told.ended(5, 3, info={"chargingState": "Idle"}))
    assert (await port()).status == "Available"


async def test_periodic_events_of_the_same_state_make_one_span(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1, state="Charging"))
        for seq in range(1, 6):
            await cp.call(EVENT, told.updated(1 + seq, seq, "Charging"))
    assert await StatusSpan.objects.acount() == 1
    assert (await port()).since == at(1)


async def test_troubles_and_reservations_are_events(gateway, charger):
    told = Transaction("T-1")
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1, reservationId=5))
        await cp.call(EVENT, told.event("Ended", 2, 1, trigger="EVConnectTimeout"))
    used = await Event.objects.aget(kind="reservation_used")
    assert used.data == {"transactionId": "T-1", "triggerReason": "Authorized", "reservationId": 5}
    trouble = await Event.objects.aget(kind="transaction_trouble")
    assert (trouble.code, trouble.at) == ("EVConnectTimeout", at(2))


async def test_impossible_numbers_and_long_names_lose_nothing(gateway, charger):
    long = "x" * 60
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        info = {"remoteStartId": 2**70}
        event = Transaction(long).started(1, 2**40, info=info, evse={"id": 2**33})
        assert "idTokenInfo" in await cp.call(EVENT, event)
        empty = await cp.call(EVENT, Transaction("").started(1))
    session = await Session.objects.aget()
    assert (session.transaction_id, session.seq_no, session.remote_start_id) == (long, None, None)
    assert empty[0] == 4
    assert empty[2] == "PropertyConstraintViolation"
    assert not await QuarantinedFact.objects.aexists()


async def test_meters_of_a_session_without_numbers_keep_what_can_be_read(gateway, charger):
    told = Transaction("T-1")
    entry = meter(2, 500.0)
    entry["sampledValue"] += [{"value": "n/a", "measurand": "SoC"}, {"measurand": "Voltage"}]
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(1))
        assert await cp.call(EVENT, told.updated(2, 1, meterValue=[entry])) == {}
    sample = await MeterSample.objects.aget()
    assert sample.energy == 500.0
    assert sample.extra["sampled"][0] == {"value": "n/a", "measurand": "SoC"}


async def test_signed_values_are_kept_beside_the_number(gateway, charger):
    signed = {
        "signedMeterData": "T0NNRg==",
        "signingMethod": "ECDSA",
        "encodingMethod": "OCMF",
        "publicKey": "",
    }
    entry = meter(2, 500.0, "Transaction.Begin")
    entry["sampledValue"][0]["signedMeterValue"] = signed
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, Transaction("T-1").started(2, meterValue=[entry]))
    sample = await MeterSample.objects.aget()
    assert sample.energy == 500.0
    assert sample.extra["sampled"][0]["signedMeterValue"] == signed
    assert (await Session.objects.aget()).meter_start == 500.0


async def test_an_old_start_makes_its_own_day_count_again(gateway, charger):
    told = Transaction("T-1")
    day = (at(0) - timedelta(days=3)).date()
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        await cp.call(EVENT, told.started(-3 * 24 * 60))
    assert await DirtyDay.objects.filter(charger=charger, day=day).aexists()
