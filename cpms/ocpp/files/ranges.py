"""Which part of a file is asked for. Pure. (RFC 9110 §13, §14)"""

import re
from typing import NamedTuple

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Part(NamedTuple):
    """Bytes from `start` up to `end`."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The part that is asked for is beyond the file's end."""


def part(asked: str, size: int) -> Part | None:
    """Return the part; None for the whole: several ranges, or what is none; raise."""
    found = ONE_RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:  # The last bytes.
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise Unsatisfiable
    return Part(start, end)
