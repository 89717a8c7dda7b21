"""What the demo network is made of. The places are real, the companies are not."""

from dataclasses import dataclass

from inventory.models import Connector

ALWAYS_OPEN: dict[str, list[list[str]]] = {}
SHOP_HOURS = {
    **{day: [["07:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "sat": [["07:00", "22:00"]],
}


@dataclass(frozen=True, slots=True)
class Place:
    """A site: where it is, and which kind of charger stands there."""

    code: str
    name: str
    address: str
    postal_code: str
    city: str
    region: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    is_dc: bool
    hours: dict[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class Build:
    """A model of charger; powers in W per connector."""

    vendor: str
    model: str
    version: str
    connectors: tuple[str, ...]
    power: int
    firmware: tuple[str, ...]

    @property
    def is_dc(self) -> bool:
        """Tell whether it charges with direct current."""
        return self.connectors[0] == Connector.Type.CCS2


OWN = (
    Place("BER", "Berlin Ostbahnhof", "Koppenstraße 3", "10243", "Berlin", "Berlin", "DE",
          52.5103, 13.4349, "Europe/Berlin", True, ALWAYS_OPEN),
    Place("HAM", "Hamburg Altona Parkhaus", "Paul-Nevermann-Platz 13", "22765", "Hamburg",
          "Hamburg", "DE", 53.5527, 9.9352, "Europe/Berlin", False, ALWAYS_OPEN),
    Place("MUC", "München Riem Arcaden", "Willy-Brandt-Platz 5", "81829", "München", "Bayern",
          "DE", 48.1337, 11.6909, "Europe/Berlin", False, SHOP_HOURS),
    Place("CGN", "Köln Raststätte Ville", "A 1", "50374", "Erftstadt", "Nordrhein-Westfalen",
          "DE", 50.8286, 6.7838, "Europe/Berlin", True, ALWAYS_OPEN),
    Place("VIE", "Wien Praterstern", "Praterstern 5", "1020", "Wien", "Wien", "AT",
          48.2189, 16.3915, "Europe/Vienna", False, ALWAYS_OPEN),
    Place("AMS", "Amsterdam Sloterdijk", "Orlyplein 10", "1043 DP", "Amsterdam",
          "Noord-Holland", "NL", 52.3889, 4.8378, "Europe/Amsterdam", False, ALWAYS_OPEN),
    Place("LIS", "Lisboa Parque das Nações", "Av. Dom João II 40", "1990-094", "Lisboa",
          "Lisboa", "PT", 38.7680, -9.0990, "Europe/Lisbon", True, ALWAYS_OPEN),
    Place("HEL", "Helsinki Pasila", "Ratapihantie 6", "00520", "Helsinki", "Uusimaa", "FI",
          60.1989, 24.9339, "Europe/Helsinki", False, SHOP_HOURS),
)  # fmt: skip

PARTNER = (
    Place("LBA", "Leeds Bradford Retail Park", "Kirkstall Road 2", "LS4 2QD", "Leeds",
          "West Yorkshire", "GB", 53.8072, -1.5800, "Europe/London", True, SHOP_HOURS),
    Place("BRS", "Bristol Temple Meads", "Station Approach", "BS1 6QF", "Bristol", "Bristol",
          "GB", 51.4491, -2.5813, "Europe/London", False, ALWAYS_OPEN),
)  # fmt: skip

#: Ours as well, overseas.
FAR = Place("SAC", "Sacramento Arden", "1689 Arden Way", "95815", "Sacramento", "California",
            "US", 38.6021, -121.4287, "America/Los_Angeles", True, ALWAYS_OPEN)  # fmt: skip

BUILDS = (
    Build("Nordlader", "Twin 22", "1.6", (Connector.Type.TYPE2, Connector.Type.TYPE2), 22_000,
          ("3.4.1", "3.4.1", "3.2.0")),
    Build("Kestrel", "Post 11", "1.6", (Connector.Type.TYPE2,), 11_000, ("1.9.7",)),
    Build("Lumera", "City Duo", "2.0.1", (Connector.Type.TYPE2, Connector.Type.TYPE2), 22_000,
          ("2.1.0", "2.0.4")),
    Build("Voltaris", "HPC 150", "1.6", (Connector.Type.CCS2, Connector.Type.CCS2), 150_000,
          ("7.12.3", "7.11.0")),
    Build("Ampereon", "Titan 300", "2.0.1", (Connector.Type.CCS2, Connector.Type.CCS2), 300_000,
          ("5.0.2",)),
)  # fmt: skip

#: Every eighth charger or so has a bad day; the others are as chargers are.
TROUBLES = (
    "flaky-lte",
    "faulted:lasting",
    "deaf",
    "silent-failure",
    "wrong-clock",
    "offline-queue",
    "faulted:passing",
    "wrong-id:mistyped",
    "boot-loop",
    "power-cut",
)
EVERY = 8

OPERATORS = (("Telekom", "m2m.public.example"), ("1NCE", "iot.example"))
