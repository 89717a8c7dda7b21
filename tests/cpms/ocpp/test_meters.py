"""Sampled values of any vendor become SI columns, or are kept as they came. (Note 19, 20)"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.meters import LIMIT, UNITS, Reading, normalise
from inventory.quirks import Quirks
from monitoring.models.meters import COLUMNS

PLAIN = Quirks()
IMPORT = "Energy.Active.Import.Register"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SAMPLES = st.fixed_dictionaries(
    {},
    optional={
        "value": st.sampled_from(["1", "1e400", "NaN", "-5", "", "12,5", "0x1F"]) | JSON,
        "measurand": st.sampled_from([IMPORT, "Voltage", "SoC", "Nonsense"]) | JSON,
        "unit": st.sampled_from([*UNITS, "furlong"]) | JSON,
        "phase": st.sampled_from(["L1", "L2", "N", "L1-L2"]) | JSON,
        "context": st.sampled_from(["Transaction.Begin", "Trigger"]) | JSON,
        "location": JSON,
        "format": st.sampled_from(["Raw", "SignedData"]) | JSON,
        "unitOfMeasure": st.fixed_dictionaries({}, optional={"unit": JSON, "multiplier": JSON})
        | JSON,
        "signedMeterValue": JSON,
    },
)


def columns(reading: Reading) -> dict[str, float]:
    """Return the columns that have a value."""
    return {
        name: value
        for name, value in zip(COLUMNS, reading.values, strict=True)
        if value is not None
    }


def read(*samples: dict[str, Any], **quirks: Any) -> dict[str, float]:
    """Return the columns that these samples fill."""
    return columns(normalise(list(samples), Quirks(**quirks)))


def test_a_bare_value_is_the_import_register_in_wh_19() -> None:
    reading = normalise([{"value": "1234.5"}], PLAIN)
    assert (columns(reading), reading.context) == ({"energy": 1234.5}, "Sample.Periodic")
    assert (reading.extra, reading.oddities) == (None, [])


@pytest.mark.parametrize(
    ("measurand", "unit", "value", "column", "base"),
    [
        (IMPORT, "Wh", "2500", "energy", 2500.0),
        (IMPORT, "kWh", "2.5", "energy", 2500.0),
        (IMPORT, "kWh", "1234.567", "energy", 1234567.0),
        (IMPORT, "MWh", "1.5", "energy", 1_500_000.0),
        (IMPORT, "KWH", "2.5", "energy", 2500.0),
        ("Energy.Active.Export.Register", "kWh", "1", "energy_export", 1000.0),
        ("Power.Active.Import", "kW", "11.04", "power", 11040.0),
        ("Power.Active.Import", "W", "-350", "power", -350.0),
        ("Power.Offered", "", "22000", "power_offered", 22000.0),
        ("Current.Import", "mA", "16500", "current", 16.5),
        ("Current.Offered", "A", "32", "current_offered", 32.0),
        ("Voltage", "kV", "0.4", "voltage", 400.0),
        ("SoC", "Percent", "83", "soc", 83.0),
        ("SoC", "%", "83", "soc", 83.0),
        ("Temperature", "Celcius", "31.5", "temperature", 31.5),
        ("Temperature", "K", "300", "temperature", 26.85),
        ("Temperature", "Fahrenheit", "212", "temperature", 100.0),
        ("Frequency", "Hertz", "49.98", "frequency", 49.98),
    ],
)
def test_units_become_the_si_base_unit_19(
    measurand: str, unit: str, value: str, column: str, base: float
) -> None:
    sample = {"measurand": measurand, "unit": unit, "value": value}
    assert read(sample) == {column: pytest.approx(base, abs=1e-6)}
    of_measure = {"measurand": measurand, "unitOfMeasure": {"unit": unit}, "value": float(value)}
    assert read(of_measure) == {column: pytest.approx(base, abs=1e-6)}


def test_the_multiplier_of_2x_is_a_power_of_ten_19() -> None:
    sample = {"value": 2.5, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}
    assert read(sample) == {"energy": 2500.0}
    assert read({"value": 1, "unitOfMeasure": {"multiplier": 10**30}}) == {}


def test_phases_are_kept_apart_and_neutral_ones_are_the_same_phase_19() -> None:
    samples = [
        {"measurand": "Voltage", "phase": "L1-N", "value": "231"},
        {"measurand": "Voltage", "phase": "L2", "value": "229"},
        {"measurand": "Voltage", "phase": "L1-L2", "value": "400"},
        {"measurand": "Current.Import", "phase": "L3", "value": "16"},
        {"measurand": "Current.Import", "phase": "N", "value": "0.4"},
    ]
    reading = normalise(samples, PLAIN)
    assert columns(reading) == {"voltage_l1": 231.0, "voltage_l2": 229.0, "current_l3": 16.0}
    assert reading.extra == {"sampled": [samples[2], samples[4]]}


def test_power_by_phase_adds_up_where_no_total_is_sent_19() -> None:
    phases = [
        {"measurand": "Power.Active.Import", "phase": phase, "unit": "kW", "value": "3.7"}
        for phase in ("L1", "L2", "L3")
    ]
    reading = normalise(phases, PLAIN)
    assert columns(reading) == {"power": pytest.approx(11100.0)}
    assert reading.extra == {"sampled": phases}
    total = {"measurand": "Power.Active.Import", "unit": "kW", "value": "11.04"}
    assert read(*phases, total) == {"power": 11040.0}


def test_totals_tagged_l1_are_totals_by_the_models_quirk_19() -> None:
    sample = {"measurand": IMPORT, "phase": "L1", "value": "5000"}
    reading = normalise([sample], Quirks(totals_on_l1=True))
    assert (columns(reading), reading.extra) == ({"energy": 5000.0}, None)


def test_kwh_labelled_wh_are_mended_by_the_models_quirk_only_19() -> None:
    samples = [
        {"value": "12.5", "unit": "Wh"},
        {"measurand": "Power.Active.Import", "value": "11", "unit": "W"},
    ]
    assert read(*samples) == {"energy": 12.5, "power": 11.0}
    assert read(*samples, energy_in_kwh=True) == {"energy": 12500.0, "power": 11.0}
    right = {"value": "12.5", "unit": "kWh"}
    assert read(right, energy_in_kwh=True) == {"energy": 12500.0}


def test_a_sessions_energy_in_the_registers_place_is_no_register_19() -> None:
    reading = normalise([{"value": "3", "unit": "kWh"}], Quirks(session_register=True))
    assert (columns(reading), reading.session_energy) == ({}, 3000.0)
    assert normalise([{"value": "3"}], PLAIN).session_energy is None


def test_a_negative_register_is_kept_apart_and_flagged_19() -> None:
    sample = {"value": "-1"}
    reading = normalise([sample, {"measurand": "Voltage", "value": "230"}], PLAIN)
    assert columns(reading) == {"voltage": 230.0}
    assert (reading.extra, reading.oddities) == ({"sampled": [sample]}, ["negative_register"])


@pytest.mark.parametrize(
    "sample",
    [
        {"measurand": "SoC", "unit": "Percent", "value": "-5"},
        {"measurand": "SoC", "unit": "Percent", "value": "101"},
        {"measurand": "Power.Active.Import", "unit": "kW", "value": "999999"},
    ],
)
def test_what_cannot_be_is_no_measurement_and_kept_apart(sample: dict[str, str]) -> None:
    reading = normalise([sample, {"measurand": "Voltage", "value": "230"}], PLAIN)
    assert columns(reading) == {"voltage": 230.0}
    assert (reading.extra, reading.oddities) == ({"sampled": [sample]}, ["impossible_value"])


@pytest.mark.parametrize("soc", ["0", "100"])
def test_an_empty_and_a_full_battery_can_be(soc: str) -> None:
    assert read({"measurand": "SoC", "value": soc}) == {"soc": float(soc)}


@pytest.mark.parametrize("value", ["NaN", "1e400", "-inf", "", "n/a", "1e13", None, [], {}, "12,5"])
def test_an_unreadable_value_loses_nothing_of_the_others_20(value: Any) -> None:
    bad = {"measurand": "Power.Active.Import", "value": value}
    reading = normalise([bad, {"value": "7"}], PLAIN)
    assert columns(reading) == {"energy": 7.0}
    assert (reading.extra, reading.oddities) == ({"sampled": [bad]}, ["unreadable_value"])


def test_an_unknown_unit_or_measurand_is_kept_as_it_came_19() -> None:
    samples = [
        {"measurand": "Power.Active.Import", "unit": "furlong", "value": "1"},
        {"measurand": "Energy.Reactive.Import.Register", "unit": "varh", "value": "55"},
        {"measurand": "Mood", "value": "good"},
    ]
    reading = normalise(samples, PLAIN)
    assert (columns(reading), reading.extra) == ({}, {"sampled": samples})
    assert reading.oddities == ["unknown_unit"]


def test_signed_values_are_kept_as_they_came_20() -> None:
    blob = {"value": "4f434d46", "format": "SignedData", "context": "Transaction.End"}
    reading = normalise([blob, {"value": "7"}], PLAIN)
    assert columns(reading) == {"energy": 7.0}
    assert (reading.extra, reading.oddities) == ({"sampled": [blob]}, [])
    signed = {"value": 7, "signedMeterValue": {"signedMeterData": "T0NNRg=="}}
    reading = normalise([signed], PLAIN)
    assert (columns(reading), reading.extra) == ({"energy": 7.0}, {"sampled": [signed]})


def test_of_several_places_the_outlet_counts_and_the_others_are_kept_19() -> None:
    inlet = {"measurand": "Voltage", "location": "Inlet", "value": "400"}
    outlet = {"measurand": "Voltage", "location": "Outlet", "value": "398"}
    for samples in ([inlet, outlet], [outlet, inlet]):
        reading = normalise(samples, PLAIN)
        assert (columns(reading), reading.extra) == ({"voltage": 398.0}, {"sampled": [inlet]})


@given(samples=st.lists(SAMPLES | JSON, max_size=6), quirks=st.booleans())
def test_no_sample_breaks_the_reading_and_none_is_lost_20(samples: list[Any], quirks: bool) -> None:
    reading = normalise(
        samples, Quirks(energy_in_kwh=quirks, session_register=quirks, totals_on_l1=quirks)
    )
    assert len(reading.values) == len(COLUMNS)
    assert all(v is None or abs(v) < 1e19 for v in reading.values)
    kept = len((reading.extra or {"sampled": []})["sampled"])
    filled = sum(v is not None for v in reading.values) + (reading.session_energy is not None)
    assert kept + filled >= len(samples)
    assert reading.values[0] is None or 0 <= reading.values[0] < 6 * LIMIT
