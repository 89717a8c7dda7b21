"""How serious a security event is. (OCPP 2.0.1 part 2, appendix 1; the same list in 1.6)"""

#: What every charger does now and then, reported as well.
ROUTINE = frozenset(
    {
        "FirmwareUpdated",
        "ReconfigurationOfSecurityParameters",
        "ResetOrReboot",
        "SettingSystemTime",
        "StartupOfTheDevice",
    }
)
SERIOUS, INFORMATION = 2, 6


def severity(event: str) -> int:
    """Return the severity, 0 danger … 9 debug; an event we don't know is a serious one."""
    return INFORMATION if event in ROUTINE else SERIOUS
