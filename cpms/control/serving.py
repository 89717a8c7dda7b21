"""Kept files for people: downloads that are never shown or run, and a look at text."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from cpms.control import files
from cpms.control.models import StoredFile

#: Bytes of a text that are shown of its beginning and of its end.
SHOWN = 65_536
#: Signs that tell a text from anything else.
ORDINARY = frozenset({*range(0x20, 0x100)} - {0x7F}) | {0x09, 0x0A, 0x0C, 0x0D, 0x1B}
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class Look(NamedTuple):
    """What can be shown of a file: its first and last part; `left_out` bytes are between them."""

    first: str
    last: str
    left_out: int
    #: How it is packed; it is not unpacked here.
    packed: str
    is_text: bool


def attachment(request: HttpRequest, file: StoredFile) -> StreamingHttpResponse:
    """Return a file as a download; raise `Http404` where it is gone."""
    if file.removed_at is not None or not files.path(file.key).is_file():
        raise Http404(_("This file was removed."))
    chunks = files.chunks(file)
    body = _threaded(chunks) if isinstance(request, ASGIRequest) else chunks
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    headers = {
        "Content-Disposition": disposition or "attachment",
        "Content-Length": str(file.size),
        "Content-Encoding": "identity",  # It isn't packed on its way.
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(body, content_type="application/octet-stream", headers=headers)


async def _threaded(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk


def look(file: StoredFile) -> Look:
    """Return what can be shown of a file; raise `FileNotFoundError`."""
    first = b"".join(files.chunks(file, 0, min(SHOWN, file.size)))
    start = max(SHOWN, file.size - SHOWN)
    last = b"".join(files.chunks(file, start)) if file.size > start else b""
    packed = next((name for head, name in PACKED.items() if first.startswith(head)), "")
    is_text = not packed and _is_text(first) and _is_text(last)
    left_out = max(0, file.size - len(first) - len(last))
    if not is_text:
        return Look("", "", left_out, packed, is_text=False)
    return Look(_text(first), _text(last), left_out, "", is_text=True)


def _is_text(data: bytes) -> bool:
    odd = sum(1 for byte in data if byte not in ORDINARY)
    return odd * 100 <= len(data)


def _text(data: bytes) -> str:
    """Return bytes as text that a page can show: what is no sign is a mark."""
    said = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in said)
