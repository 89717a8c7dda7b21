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
#: What somebody should know of, and may have done themselves.
NOTABLE = frozenset({"InvalidMessages", "MaintenanceLoginAccepted"})
SERIOUS, WARNING, INFORMATION = 2, 4, 6


def severity(event: str) -> int:
    """Return the severity, 0 danger … 9 debug; an event we don't know is a serious one."""
    if event in ROUTINE:
        return INFORMATION
    return WARNING if event in NOTABLE else SERIOUS
