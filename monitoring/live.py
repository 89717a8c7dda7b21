"""What open pages are told: names of the groups, and the shapes of the messages.

Two kinds of news go through the channel layer, and both may be lost: a page that misses one
is right again with the next, or when it reconnects.

- "Something changed", to the groups of the site and of its organisation; at most a few a
  second and group, coalesced by the sender (`changed`).
- Frames of one charger as they pass, to `frames_group`, only while somebody watches
  (`frames`): the watcher says so every few seconds to `GATEWAYS` (`watch`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

#: The group every gateway process listens to.
GATEWAYS = "gateways"
#: The group of everybody's pages, for what concerns the installation itself.
EVERYBODY = "live.everybody"

#: Header by which a view says that a live fragment is the same for all who see the same sites in
#: the same roles, language and preferences: then it is rendered once for all of them.
SHARED = "Kilowatch-Shared"

Kind = Literal["status", "connection", "session", "meter", "boot", "event", "arrival", "command"]


class Change(TypedDict):
    """What changed about one charger: on which ports, of what kind."""

    site: int
    ports: list[int]
    kinds: list[Kind]


class LiveFrame(TypedDict):
    """A frame as it passed; `at` is RFC 3339 in UTC, `direction` seen from us.

    `findings` are what was put right or refused in it: kind, where, and more of it.
    """

    at: str
    direction: Literal["in", "out"]
    text: str
    findings: NotRequired[list[tuple[str, str, str]]]


def org_group(organisation_id: int) -> str:
    """Return the group of people who see all sites of an organisation."""
    return f"live.org.{organisation_id}"


def site_group(site_id: int) -> str:
    """Return the group of people who see only some sites, among them this one."""
    return f"live.site.{site_id}"


def frames_group(charger_id: int) -> str:
    """Return the group of people who watch a charger's frames."""
    return f"frames.{charger_id}"


def changed(chargers: Mapping[str, Change]) -> dict[str, Any]:
    """Return the message that these chargers (by identity) changed."""
    return {"type": "live.changed", "chargers": dict(chargers)}


def incidents() -> dict[str, Any]:
    """Return the message that incidents changed."""
    return {"type": "live.incidents"}


def strangers() -> dict[str, Any]:
    """Return the message that somebody knocked whom nobody knows."""
    return {"type": "live.strangers"}


def rights(people: Iterable[int]) -> dict[str, Any]:
    """Return the message, to `EVERYBODY`, that these people's rights or sessions changed."""
    return {"type": "live.rights", "people": list(people)}


def frames(identity: str, passed: Iterable[LiveFrame]) -> dict[str, Any]:
    """Return the message that these frames of a charger passed."""
    return {"type": "live.frames", "identity": identity, "frames": list(passed)}


def inventory_changed() -> dict[str, Any]:
    """Return the message, to `GATEWAYS`, that they are to look at what they remember."""
    return {"type": "inventory.changed"}


def watch(charger_id: int, until: datetime) -> dict[str, Any]:
    """Return the message that somebody watches the charger's frames `until` then."""
    return {"type": "watch.frames", "charger_id": charger_id, "until": until.isoformat()}
