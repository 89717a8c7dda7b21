"""What a simulated charger is: a plain record, made by a fleet, a roster file or a test."""

from contextlib import suppress
from dataclasses import dataclass
from random import Random

VERSIONS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}

#: Above this a connector is a DC one: the largest AC connector in use gives 43 kW.
LARGEST_AC_W = 43_000


@dataclass(frozen=True, slots=True)
class ChargerSpec:
    """One charger's identity, build and temper.

    `password` is the text an operator would hold: hex digits of the AuthorizationKey for
    OCPP 1.6, the BasicAuthPassword itself for 2.x; empty for a charger without one.
    `max_power_w` is watts per connector. Chargers with the same `site` lose power together.
    `seed` fixes everything the charger decides by chance.
    """

    identity: str
    password: str = ""
    version: str = "1.6"
    connectors: int = 2
    max_power_w: int = 22_000
    seed: int = 1
    scenario: str = "normal"
    site: str = ""
    time_zone: str = "Europe/Berlin"
    vendor: str = "Nordlader"
    model: str = "Twin 22"
    serial_number: str = ""
    firmware_version: str = "3.4.1"

    @property
    def is_dc(self) -> bool:
        """Return whether the connectors are DC ones, which know the vehicle's state of charge."""
        return self.max_power_w > LARGEST_AC_W

    @property
    def serial(self) -> str:
        """Return the serial number, derived from the identity where none was given."""
        return self.serial_number or f"SN-{self.identity}"[:25]

    def chance(self, purpose: str) -> Random:
        """Return this charger's own source of chance for `purpose`; the same every run."""
        return Random(f"{self.seed}/{self.identity}/{purpose}")  # noqa: S311 - play, no secret


def key_bytes(spec: ChargerSpec) -> bytes | None:
    """Return the password as it goes into the Authorization header, None without one.

    The AuthorizationKey of OCPP 1.6 is written in hex and sent as bytes (Security Whitepaper,
    3rd edition, §2.3); the BasicAuthPassword of 2.x is sent as it is.
    """
    if not spec.password:
        return None
    if spec.version == "1.6":
        with suppress(ValueError):
            return bytes.fromhex(spec.password)
    return spec.password.encode()
