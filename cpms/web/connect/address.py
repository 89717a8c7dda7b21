"""The address that a charger is to be given, in the spellings that vendors ask for. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

#: Names by which a machine calls only itself.
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where one charger connects: `base` is OCPP_PUBLIC_URL."""

    base: str
    identity: str

    @property
    def whole(self) -> str:
        """The address with the identity at its end."""
        return f"{self.base}/{quote(self.identity, safe='*=:+|@.-_')}"

    @property
    def with_slash(self) -> str:
        """For chargers that append their identity."""
        return f"{self.base}/"

    @property
    def tls(self) -> bool:
        """Whether it is wss."""
        return self.base.startswith("wss:")

    @property
    def host(self) -> str:
        """The host alone."""
        return urlsplit(self.base).hostname or ""

    @property
    def port(self) -> int:
        """The port, also where the address doesn't say it."""
        return urlsplit(self.base).port or (443 if self.tls else 80)

    @property
    def path(self) -> str:
        """The path alone, with the identity."""
        return urlsplit(self.whole).path

    @property
    def is_local(self) -> bool:
        """Whether only this machine itself finds it."""
        return self.host in LOCAL

    def at(self, host: str) -> str:
        """Return the address by another name of this machine."""
        parts = urlsplit(self.base)
        name = f"[{host}]" if ":" in host else host
        return parts._replace(netloc=f"{name}:{self.port}").geturl() + "/"
