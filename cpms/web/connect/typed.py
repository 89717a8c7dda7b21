"""What to type into a charger: its address in every spelling, and codes to scan."""

from dataclasses import dataclass

import segno
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from cpms.web.connect.address import Address
from inventory.models import Charger

#: Version -> subprotocol of the WebSocket.
SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed into one charger; `key` only right after it was made."""

    address: Address
    subprotocol: str
    key: str
    #: The address by the name under which the reader reaches this machine, where the public
    #: one is only this machine's own.
    reachable: str

    @property
    def address_code(self) -> SafeString:
        """The address as a QR code."""
        return code(self.address.whole)

    @property
    def key_code(self) -> SafeString:
        """The key as a QR code."""
        return code(self.key)

    @property
    def command(self) -> str:
        """What plays this charger on the machine that runs the demo."""
        words = [".venv/bin/python", "manage.py", "simulate"]
        words += ["--identity", self.address.identity, "--url", self._local]
        words += ["--version", {s: v for v, s in SUBPROTOCOLS.items()}[self.subprotocol]]
        return " ".join([*words, "--password", self.key or "KEY"])

    @property
    def _local(self) -> str:
        return f"ws://127.0.0.1:{settings.OCPP_PORT}/ocpp/"


def typed(charger: Charger, host: str, key: str = "") -> Typed:
    """Return what is typed into a charger; `host` is the one that the reader asked."""
    address = Address(settings.OCPP_PUBLIC_URL, charger.identity)
    other = address.is_local and host not in {address.host, "localhost", "127.0.0.1", "::1", ""}
    return Typed(
        address=address,
        subprotocol=SUBPROTOCOLS.get(charger.ocpp_version, "ocpp1.6"),
        key=key,
        reachable=address.at(host) if other else "",
    )


def code(text: str) -> SafeString:
    """Draw a QR code, in colours that a camera reads in the dark theme as well."""
    made = segno.make(text, error="m", micro=False)
    drawn = made.svg_inline(scale=4, border=3, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 drawn by segno: squares alone
