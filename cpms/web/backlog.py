"""What an audience has yet to be told: merged while it waits, so it never grows.

A page that can't keep up is told less often, not later; one that misses too much is told to
fetch everything again.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: More chargers than this in one message: the page may as well fetch everything.
MOST_CHARGERS = 500
#: Frames kept for a live tail; older ones are dropped and counted.
MOST_FRAMES = 200
#: Characters of a frame that a live tail shows.
LONGEST_FRAME = 4_000


@dataclass(slots=True)
class Backlog:
    """News for one audience, merged: what changed is a set, not a list."""

    chargers: dict[str, dict[str, Any]] = field(default_factory=dict)
    tail: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_FRAMES))
    dropped: int = 0
    incidents: bool = False
    strangers: bool = False
    alive: bool = False
    resync: bool = False

    def add_changes(self, chargers: Mapping[str, Mapping[str, Any]]) -> None:
        """Note that these chargers changed (see `monitoring.live.Change`)."""
        for identity, change in chargers.items():
            known = self.chargers.setdefault(identity, {"ports": set(), "kinds": set()})
            known["site"] = change["site"]
            known["ports"].update(change["ports"])
            known["kinds"].update(change["kinds"])
        if len(self.chargers) > MOST_CHARGERS:
            self.chargers.clear()
            self.resync = True

    def add_frames(self, frames: Iterable[Mapping[str, str]]) -> None:
        """Note frames of the charger whose tail is shown."""
        for frame in frames:
            self.dropped += len(self.tail) == MOST_FRAMES
            self.tail.append({**frame, "text": _shortened(frame["text"])})

    def add_message(self, message: Mapping[str, Any]) -> None:
        """Note what a message said that was taken before."""
        match message["type"]:
            case "changed":
                self.add_changes(message["chargers"])
            case "incidents":
                self.incidents = True
            case "strangers":
                self.strangers = True
            case "resync":
                self.resync = True

    def forget_frames(self) -> None:
        """Drop the tail."""
        self.tail.clear()
        self.dropped = 0

    def take(self) -> list[dict[str, Any]]:
        """Return the messages to send, and be empty again."""
        messages = list(self._messages())
        self.chargers.clear()
        self.forget_frames()
        self.incidents = self.strangers = self.alive = self.resync = False
        return messages

    def _messages(self) -> Iterable[dict[str, Any]]:
        if self.resync:
            yield {"type": "resync"}
        if self.chargers:
            yield {"type": "changed", "chargers": _listed(self.chargers)}
        if self.incidents:
            yield {"type": "incidents"}
        if self.strangers:
            yield {"type": "strangers"}
        if self.tail:
            yield {"type": "frames", "frames": list(self.tail), "dropped": self.dropped}
        if self.alive:
            yield {"type": "alive"}


def _listed(chargers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        identity: {
            "site": change["site"],
            "ports": sorted(change["ports"]),
            "kinds": sorted(change["kinds"]),
        }
        for identity, change in chargers.items()
    }


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_FRAME else text[:LONGEST_FRAME] + "…"
