"""Recordings: files that the flight recorder writes, as a charger plays them.

The format is described in `cpms.ocpp.recordings`, which writes it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cpms.ocpp.simulator.spec import VERSIONS

SUFFIX = ".jsonl"
#: Bytes of a file that is read; a day of a busy charger is some 20 MB.
LARGEST = 256 * 1024 * 1024
#: Far enough from either end of the calendar to move frames to the present.
YEARS = range(1970, 3000)
DEEDS = frozenset({"open", "call", "answer", "say", "close", "skip"})


class RecordingError(ValueError):
    """A file that can't be played; the message says which line and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the charger did, `at` an aware time."""

    at: datetime
    do: str
    #: What it sent, as text; None where it said nothing.
    frame: str | None = None
    #: What it was answered.
    answer: str | None = None
    action: str = ""
    after: float = 0.0
    version: str = ""
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A charger's side of a conversation."""

    identity: str
    version: str
    boot: Any
    steps: Sequence[Step]

    @property
    def needs_boot(self) -> bool:
        """Return whether it begins amid a connection of 2.x: nobody else would be listened to."""
        first = next((step for step in self.steps if step.do == "call"), None)
        boots = first is not None and '"BootNotification"' in (first.frame or "")[:400]
        return self.version != "1.6" and bool(self.boot) and not boots


def is_recording(name: str) -> bool:
    """Tell whether a scenario's name is a file's."""
    return name.endswith(SUFFIX) or "/" in name


def read(path: Path) -> Recording:
    """Return the recording in the file; raises RecordingError."""
    try:
        if path.stat().st_size > LARGEST:
            raise RecordingError(f"{path} is larger than a recording can be.")
        lines = path.read_text().split("\n")  # text in JSON has other line ends
    except (OSError, UnicodeDecodeError) as problem:
        raise RecordingError(f"{path} can't be read: {problem}.") from problem
    entries = [_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not entries or entries[0].get("kilowatch") != "recording":
        raise RecordingError(f"{path} is no recording of the flight recorder.")
    head, *rest = entries
    if head.get("format") != 1:
        raise RecordingError(f"{path} is of format {head.get('format')}; this one knows 1.")
    steps = [_step(path, number, entry) for number, entry in enumerate(rest, 2)]
    if not any(step.do in {"call", "say"} for step in steps):
        raise RecordingError(f"{path} has nothing that the charger said.")
    version = _version(path, 1, head.get("version"))
    return Recording(str(head.get("identity") or ""), version, head.get("boot"), steps)


def _entry(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise RecordingError(f"{path}, line {number} isn't JSON: {problem}.") from problem
    if not isinstance(entry, dict):
        raise RecordingError(f"{path}, line {number} isn't an object.")
    return entry


def _step(path: Path, number: int, entry: dict[str, Any]) -> Step:
    do = entry.get("do")
    if not isinstance(do, str) or do not in DEEDS:
        raise RecordingError(f"{path}, line {number}: there is nothing like {do!r} to do.")
    frame, answer = entry.get("frame"), entry.get("answer")
    if not isinstance(frame, str | None) or not isinstance(answer, str | None):
        raise RecordingError(f"{path}, line {number}: a frame is text.")
    if do in {"call", "say"} and not frame:
        raise RecordingError(f"{path}, line {number}: there is no frame.")
    return Step(
        at=_time(path, number, entry.get("at")),
        do=do,
        frame=frame,
        answer=answer,
        action=str(entry.get("action") or ""),
        after=_seconds(path, number, entry.get("after_ms")),
        version=_version(path, number, entry.get("version")) if do == "open" else "",
        clean=entry.get("clean") is True,
    )


def _time(path: Path, number: int, text: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise RecordingError(f"{path}, line {number}: {text!r} is no time with a zone.")
    if at.year not in YEARS:
        raise RecordingError(f"{path}, line {number}: nothing was recorded then, {text!r}.")
    return at


def _seconds(path: Path, number: int, milliseconds: Any) -> float:
    if milliseconds is None:
        return 0.0
    if not isinstance(milliseconds, int | float) or not 0 <= milliseconds < 1e9:
        raise RecordingError(f"{path}, line {number}: {milliseconds!r} is no time in ms.")
    return milliseconds / 1000


def _version(path: Path, number: int, version: Any) -> str:
    if not isinstance(version, str) or version not in VERSIONS:
        raise RecordingError(f"{path}, line {number}: there is no OCPP {version!r} here.")
    return version
