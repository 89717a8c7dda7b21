"""What an outage is of, and what caused it. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """How a port couldn't serve a driver."""

    OFFLINE = "offline"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"
    #: It says that it is fine, and fails every driver.
    SILENT = "silent"


class Cause(StrEnum):
    """Why, as far as the record shows, or as a person has found."""

    #: The link: the socket was lost or pings stayed unanswered.
    LINK = "link"
    #: The charger lost its power or restarted.
    POWER = "power"
    #: A fault that the charger itself reports.
    HARDWARE = "hardware"
    #: The vehicle's, not the port's.
    VEHICLE = "vehicle"
    EMERGENCY_STOP = "emergency_stop"
    #: Taken out of service by somebody.
    TAKEN_OUT = "taken_out"
    FIRMWARE = "firmware"
    #: Ours: a gateway that died or was restarted.
    OURS = "ours"
    #: Drivers fail though nothing is reported.
    SILENT = "silent"
    VANDALISM = "vandalism"
    UNKNOWN = "unknown"
