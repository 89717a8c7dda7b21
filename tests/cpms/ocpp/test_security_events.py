"""Security events: each of the standard's has words and a severity."""

from ocpp.v201.enums import SecurityEventType

from cpms.ocpp import security_events
from monitoring import security_words

#: Those of 1.6 that are called otherwise there.
OLD = {
    "FailedToAuthenticateAtCentralSystem",
    "CentralSystemFailedToAuthenticate",
    "InvalidCentralSystemCertificate",
    "InvalidChargePointCertificate",
}


def test_every_event_of_the_standard_has_words() -> None:
    assert {str(event.value) for event in SecurityEventType} | OLD == set(security_words.EVENTS)


def test_routine_is_information_and_what_we_do_not_know_is_serious() -> None:
    severities = {name: security_events.severity(name) for name in security_words.EVENTS}
    assert severities["ResetOrReboot"] == 6
    assert severities["MaintenanceLoginAccepted"] == 4
    assert severities["TamperDetectionActivated"] == security_events.severity("Vendor's own") == 2


def test_words_come_with_the_charger_s_code_and_never_for_another_kind() -> None:
    assert security_words.of("security_event", "ResetOrReboot") == "it restarted (ResetOrReboot)"
    assert security_words.of("security_event", "<b>") == ""
    assert security_words.of("boot", "ResetOrReboot") == ""
    assert security_words.of("certificate_request", "InvalidCN").startswith("refused")
