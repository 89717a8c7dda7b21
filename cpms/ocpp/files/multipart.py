"""The one file of a multipart form, read as it comes, in bounded memory. Pure. (RFC 7578)"""

import re
from collections.abc import Iterator

#: Bytes of a part's headers, of what is before the first part, and parts.
LONGEST_HEAD, MOST_PARTS = 16_384, 32
BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
FILE_NAME = re.compile(
    rb'filename="((?:[^"\\]|\\.){0,500})"|filename=([^\s;"]{1,500})', re.IGNORECASE
)


class Malformed(ValueError):
    """This is no multipart form with one file; the message says why."""


def boundary(content_type: str) -> bytes | None:
    """Return the boundary of a multipart form, None for anything else; raise `Malformed`."""
    if not content_type.strip().lower().startswith("multipart/form-data"):
        return None
    found = BOUNDARY.search(content_type)
    if found is None:
        raise Malformed("The form has no boundary.")
    return (found[1] or found[2]).encode("latin-1", "replace")


class Form:
    """Takes a form's bytes and gives those of its file."""

    def __init__(self, boundary: bytes) -> None:
        """Read a form whose parts are divided by `boundary`."""
        self._mark = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # The first boundary needs no line before it.
        self._parts = 0
        #: Where we are: before a boundary, after one, in a part's headers, or in a body.
        self._state = "preamble"
        self._is_file = False
        #: The file's name; None: no file has come yet.
        self.name: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the form has ended as it should."""
        return self._state == "end"

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what of the file is in `data`; raise `Malformed`."""
        self._buffer += data
        while True:
            if self._state in {"preamble", "body"}:
                yield from self._content()
            if not self._step():
                return

    def _content(self) -> Iterator[bytes]:
        """Give what can't be part of a boundary any more."""
        at = self._buffer.find(self._mark)
        upto = at if at >= 0 else max(0, len(self._buffer) - len(self._mark) + 1)
        said = bytes(self._buffer[:upto])
        del self._buffer[:upto]
        if said and self._state == "body" and self._is_file:
            yield said

    def _step(self) -> bool:
        """Go on to the next state; tell whether there was enough for that."""
        if self._state in {"preamble", "body"}:
            if not self._buffer.startswith(self._mark):
                return False
            del self._buffer[: len(self._mark)]
            self._state = "divided"
        elif self._state == "divided":
            return self._after_boundary()
        elif self._state == "head":
            return self._head()
        else:
            self._buffer.clear()  # What comes after the form is nobody's.
            return False
        return True

    def _after_boundary(self) -> bool:
        line = bytes(self._buffer[:2])
        if len(line) < 2:
            return False
        if line == b"--":
            self._state = "end"
        elif self._buffer.lstrip(b" \t").startswith(b"\r\n"):
            # What ends the line begins the headers, which may be none.
            del self._buffer[: self._buffer.index(b"\r\n")]
            self._state = "head"
        elif len(self._buffer.lstrip(b" \t")) >= 2:
            raise Malformed("A boundary is followed by something else.")
        elif len(self._buffer) > LONGEST_HEAD:
            raise Malformed("The line of a boundary is too long.")
        else:
            return False
        return True

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > LONGEST_HEAD:
            if len(self._buffer) > LONGEST_HEAD:
                raise Malformed("The headers of a part are too long.")
            return False
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Malformed("The form has too many parts.")
        self._begin(head)
        return True

    def _begin(self, head: bytes) -> None:
        found = FILE_NAME.search(head)
        self._is_file = found is not None
        if found is not None:
            if self.name is not None:
                raise Malformed("The form has more than one file.")
            self.name = (found[1] or found[2] or b"").decode("utf-8", "replace")
        self._state = "body"
