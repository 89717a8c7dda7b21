"""A charger that is to come in, and what the words about it need to know."""

from dataclasses import dataclass
from typing import NamedTuple

from cpms.web.connect.address import Address


class Words(NamedTuple):
    """What happened, and what to do."""

    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Case:
    """A charger that is to come in, and what its words need to know of it."""

    address: Address
    #: The port of the gateway itself: a proxy's may be another.
    plain_port: int
    #: The least security profile.
    profile: int
    lifecycle: str
    heartbeat_interval: int
    clock_offset_ms: int | None
    close_words: str
