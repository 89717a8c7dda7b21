"""Field notes 19 and 20: meter values of any vendor, normalised, kept, reconciled."""

from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async

from inventory.models import ChargerModel
from monitoring.models import MeterSample, PortState, Session


def now():
    return datetime.now(UTC).isoformat()


def values(*sampled, transaction=None, **more):
    said = {"connectorId": 1, "meterValue": [{"timestamp": now(), "sampledValue": list(sampled)}]}
    return {**said, **({} if transaction is None else {"transactionId": transaction}), **more}


def start(wh):
    return {"connectorId": 1, "idTag": "T", "meterStart": wh, "timestamp": now()}


def stop(transaction, wh, **more):
    return {"transactionId": transaction, "meterStop": wh, "timestamp": now(), **more}


def with_quirks(charger, **quirks):
    charger.model = ChargerModel.objects.create(vendor="Acme", name="One", quirks=quirks)
    charger.save()


async def charged(gateway, meter_start, registers, meter_stop, **sample):
    """Charge once; return the session."""
    async with gateway.charger("CP-1") as cp:
        transaction = (await cp.call("StartTransaction", start(meter_start)))["transactionId"]
        for register in registers:
            value = {"value": str(register), **sample}
            assert await cp.call("MeterValues", values(value, transaction=transaction)) == {}
        await cp.call("StopTransaction", stop(transaction, meter_stop))
    return await Session.objects.aget()


async def test_defaults_units_and_phases_arrive_as_si_columns_19(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        said = values(
            {"value": "12.5", "unit": "kWh"},
            {"value": "7.4", "unit": "kW", "measurand": "Power.Active.Import"},
            {"value": "230.1", "measurand": "Voltage", "phase": "L1-N"},
            {"value": "16", "measurand": "Current.Import", "phase": "L1"},
            {"value": "81", "measurand": "SoC", "location": "EV", "unit": "Percent"},
            {"value": "300", "measurand": "Temperature", "unit": "K"},
        )
        assert await cp.call("MeterValues", said) == {}
        sample = await MeterSample.objects.aget()
        port = await PortState.objects.aget(evse__charger=charger, evse__number=1)
    assert (sample.energy, sample.power, sample.soc) == (12500.0, 7400.0, 81.0)
    assert (round(sample.voltage_l1, 1), sample.current_l1) == (230.1, 16.0)
    assert round(sample.temperature, 2) == 26.85
    assert (sample.context, sample.extra) == (0, None)
    assert (port.power, port.soc) == (7400.0, 81.0)


async def test_a_session_register_counts_as_the_session_s_energy_by_quirk_19(gateway, charger):
    await sync_to_async(with_quirks)(charger, session_register=True)
    session = await charged(gateway, 880_000, [100, 900, 2500], 3000)
    assert (session.energy, session.meter_start, session.flags) == (3000.0, 0.0, [])
    assert {m.energy async for m in MeterSample.objects.all()} == set()


async def test_a_session_register_without_the_quirk_is_detected_and_flagged_19(gateway, charger):
    session = await charged(gateway, 880_000, [100, 900], 883_000)
    assert (session.energy, session.flags) == (3000.0, ["meter_backwards"])


async def test_kwh_labelled_wh_are_corrected_by_quirk_in_every_message_19(gateway, charger):
    await sync_to_async(with_quirks)(charger, energy_in_kwh=True)
    session = await charged(gateway, 100, ["101.5", "104.25"], 105, unit="Wh")
    assert (session.meter_start, session.meter_stop, session.energy) == (100e3, 105e3, 5e3)
    assert {m.energy async for m in MeterSample.objects.all()} == {101_500.0, 104_250.0}


@pytest.mark.parametrize(
    ("registers", "meter_stop", "energy", "flags"),
    [
        ([2000, 3000], 4000, 3000.0, []),
        ([2000, 1999.5, 3000], 4000, 3000.0, []),
        ([2000, 50, 3000], 4000, 3000.0, ["meter_backwards"]),
        ([2000, 3000], 2500, 1500.0, ["meter_backwards"]),
        ([2000], 500, None, ["meter_backwards"]),
    ],
)
async def test_falling_registers_are_detected_and_flagged_19(
    gateway, charger, registers, meter_stop, energy, flags
):
    session = await charged(gateway, 1000, registers, meter_stop)
    assert (session.energy, session.flags) == (energy, flags)


async def test_a_register_may_have_a_fraction_or_be_missing_at_the_end_12(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        for begun, ended in ((1000.25, 1500.75), ("1000.25", "1500.75"), (1000, None)):
            transaction = (await cp.call("StartTransaction", start(begun)))["transactionId"]
            assert await cp.call("StopTransaction", stop(transaction, ended)) == {}
    sessions = [s async for s in Session.objects.order_by("pk")]
    assert [s.energy for s in sessions] == [500.5, 500.5, None]
    assert all(s.ended for s in sessions)


@pytest.mark.parametrize("register", [-1, 2**62, -(2**31)])
async def test_a_register_that_is_no_energy_is_left_out_and_the_session_stays_19(
    gateway, charger, register
):
    session = await charged(gateway, register, [], 4000)
    assert (session.meter_start, session.meter_stop, session.energy) == (None, 4000.0, None)


async def test_signed_and_unreadable_values_are_kept_as_they_came_20(gateway, charger):
    signed = {"value": "4F434D467C7B7D", "format": "SignedData", "context": "Transaction.End"}
    odd = [
        {"value": "NaN", "measurand": "Voltage"},
        {"value": "1e400", "measurand": "Power.Active.Import"},
        {"value": "12,5", "measurand": "Current.Import"},
        {"value": "55", "measurand": "Energy.Reactive.Import.Register", "unit": "varh"},
    ]
    async with gateway.charger("CP-1") as cp:
        assert await cp.call("MeterValues", values(signed, *odd, {"value": "4242"})) == {}
    sample = await MeterSample.objects.aget()
    assert (sample.energy, sample.voltage, sample.power) == (4242.0, None, None)
    assert sample.extra == {"sampled": [signed, *odd]}


async def test_what_a_stop_brings_along_is_stored_with_its_session_20(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        transaction = (await cp.call("StartTransaction", start(0)))["transactionId"]
        data = values({"value": "77", "context": "Transaction.End"})["meterValue"]
        await cp.call("StopTransaction", stop(transaction, 77, transactionData=data))
    sample = await MeterSample.objects.aget()
    assert (sample.session_id, sample.energy, sample.context) == (transaction, 77.0, 3)


async def test_the_same_values_sent_again_are_stored_once_14(gateway, charger):
    said = values({"value": "1"})
    async with gateway.charger("CP-1") as cp:
        for _ in range(3):
            assert await cp.call("MeterValues", said) == {}
    assert await MeterSample.objects.acount() == 1


async def test_entries_with_nothing_in_them_are_answered_and_leave_no_row_12(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        assert await cp.call("MeterValues", values()) == {}
        assert await cp.call("MeterValues", {"connectorId": 1, "meterValue": []}) == {}
    assert not await MeterSample.objects.aexists()
