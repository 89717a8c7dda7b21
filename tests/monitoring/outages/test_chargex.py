"""What chargers say is found in ChargeX's list, and outages' causes follow from the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.models.outages import CAUSES
from monitoring.outages.causes import Circumstances, cause_of
from monitoring.outages.chargex import CODES, Known, Meaning, meaning, number_of, own_code
from monitoring.outages.kinds import Cause, Kind


def test_the_list_is_chargexs_from_1_to_26():
    assert sorted(CODES) == list(range(1, 27))
    assert len({code.name for code in CODES.values()}) == 26
    assert all(number_of(code.name) == number for number, code in CODES.items())


@pytest.mark.parametrize(
    ("said", "number"),
    [
        # OCPP 1.6 errorCode
        ("ConnectorLockFailure", 1),
        ("GroundFailure", 2),
        ("HighTemperature", 3),
        ("OverCurrentFailure", 4),
        ("OverVoltage", 5),
        ("UnderVoltage", 6),
        ("WeakSignal", 7),
        ("PowerSwitchFailure", 17),
        ("NoError", None),
        ("OtherError", None),
        ("InternalError", None),
        ("EVCommunicationError", None),
        ("ReaderFailure", None),
        ("PowerMeterFailure", None),
        ("LocalListConflict", None),
        ("ResetFailure", None),
        # OCPP 2.x component and variable
        ("EmergencyStopSensor.Active", 8),
        ("GroundIsolationProtection.Tripped", 2),
        ("RCD.Tripped", 2),
        ("ConnectorPlugRetentionLock.Problem", 1),
        ("CableBreakawaySensor.Tripped", 26),
        ("Connector.AvailabilityState", None),
        # the list's own numbers, as chargers write them
        ("CX008", 8),
        ("cx022: isolation", 22),
        ("MREC-14", 14),
        ("MREC8EmergencyStop", 8),
        ("connector_lock/MREC1ConnectorLockFailure", 1),
        ("CX099", None),
        ("CX0081", None),
        # vendors' words
        ("E-Stop pressed", 8),
        ("EMERGENCY_BUTTON", 8),
        ("Isolation fault", 22),
        ("INSULATION_FAILURE", 22),
        ("output contactor welded", 17),
        ("EV contactor stuck", 16),
        ("Cable over-temp, derating", 19),
        ("DC pre-charge timeout", 12),
        ("RCMB tripped", 2),
        ("77", None),
        ("", None),
        ("F001,CX011", 11),
    ],
)
def test_a_code_or_text_means_one_of_the_list_or_none(said, number):
    assert number_of(said) == number


@given(st.text(max_size=300))
def test_whatever_a_charger_says_means_a_known_code_or_none(said):
    assert number_of(said) in {None, *CODES}


def test_the_vendors_code_goes_before_ocpps_and_the_text_last():
    assert meaning("GroundFailure", "E-STOP", "over-temperature").chargex == 8
    assert meaning("GroundFailure", "4711", "over-temperature").chargex == 2
    assert meaning("OtherError", "4711", "over-temperature").chargex == 3
    assert meaning("OtherError", "4711") == Meaning()


def test_what_staff_entered_goes_before_all_for_their_vendor_only():
    known = [
        Known("Acme", "4711", Meaning(26, Cause.VANDALISM, "cable gone")),
        Known("", "GroundFailure", Meaning(None, Cause.VEHICLE)),
    ]
    assert meaning("GroundFailure", "4711", vendor="ACME", known=known).chargex == 26
    assert meaning("GroundFailure", "4711", vendor="Other", known=known).cause is Cause.VEHICLE
    assert meaning("NoError", "", vendor="Acme", known=known) == Meaning()


def test_the_chargers_own_code_is_the_vendors_and_ocpps_where_that_says_nothing():
    assert own_code("GroundFailure", "4711") == "4711"
    assert own_code("GroundFailure", "0") == "GroundFailure"
    assert own_code("OtherError", "") == "OtherError"
    assert own_code("NoError", "") == ""


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        (Circumstances(Kind.OFFLINE, close_reason="ping_timeout"), Cause.LINK),
        (Circumstances(Kind.OFFLINE, close_reason="clean"), Cause.LINK),
        (Circumstances(Kind.OFFLINE), Cause.UNKNOWN),
        (Circumstances(Kind.OFFLINE, 30.0, "gateway_restart"), Cause.OURS),
        (Circumstances(Kind.OFFLINE, 900.0, "gateway_died"), Cause.OURS),
        (Circumstances(Kind.OFFLINE, 901.0, "gateway_died"), Cause.LINK),
        (Circumstances(Kind.OFFLINE, 60.0, "lost", booted=True), Cause.POWER),
        (Circumstances(Kind.OFFLINE, 60.0, "lost", True, "PowerUp"), Cause.POWER),
        (Circumstances(Kind.OFFLINE, 60.0, "lost", True, "Watchdog"), Cause.POWER),
        (Circumstances(Kind.OFFLINE, 60.0, "lost", True, "Triggered"), Cause.LINK),
        (Circumstances(Kind.OFFLINE, 60.0, "lost", True, "FirmwareUpdate"), Cause.FIRMWARE),
        (Circumstances(Kind.UNAVAILABLE, updating=True), Cause.FIRMWARE),
        (Circumstances(Kind.UNAVAILABLE), Cause.TAKEN_OUT),
        (Circumstances(Kind.UNAVAILABLE, error_code="4711"), Cause.HARDWARE),
        (Circumstances(Kind.FAULTED), Cause.HARDWARE),
        (Circumstances(Kind.FAULTED, stop_reason="EmergencyStop"), Cause.EMERGENCY_STOP),
        (Circumstances(Kind.FAULTED, meaning=meaning("CX010")), Cause.VEHICLE),
        (Circumstances(Kind.FAULTED, meaning=meaning("CX026")), Cause.VANDALISM),
        (Circumstances(Kind.FAULTED, meaning=meaning("CX015")), Cause.POWER),
        (Circumstances(Kind.FAULTED, meaning=meaning("CX002")), Cause.HARDWARE),
        (Circumstances(Kind.FAULTED, meaning=Meaning(cause=Cause.VEHICLE)), Cause.VEHICLE),
        (Circumstances(Kind.SILENT), Cause.SILENT),
    ],
)
def test_the_cause_follows_from_what_is_known(known, cause):
    assert cause_of(known) is cause


def test_every_cause_has_a_name_for_people():
    assert {value for value, _name in CAUSES} == {cause.value for cause in Cause}
