"""Scripts, styles and pictures: small on the wire, kept by browsers, with nothing to build first.

Every address has the digest of what it leads to, so a browser keeps it for good and a new
version is never mistaken for an old one. Files are compressed when they are first asked for and
kept beside the data: `make run` on a bare checkout serves what production serves, and an edited
file shows at the next reload.
"""

import gzip
import mimetypes
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import structlog
import zstandard
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

log = structlog.get_logger(__name__)

#: The part of an address that says: the next part is a digest, the file never changes.
VERSION = "v"
FOREVER = "public, max-age=31536000, immutable"
#: An address without a digest: kept, but asked for again each time.
ASK_AGAIN = "public, max-age=0, must-revalidate"
#: Already compressed; and what is too small to gain.
PACKED = frozenset({".png", ".jpg", ".jpeg", ".webp", ".woff", ".woff2", ".gz", ".zip"})
TOO_SMALL = 400
#: Half a second for all of ours together, once; one level more costs twice that.
GZIP_LEVEL, ZSTD_LEVEL = 7, 12


class Versioned(StaticFilesStorage):
    """Static files whose addresses have their digest: /static/v/1a2b3c4d5e/kilowatch/live.js."""

    def url(self, name: str | None) -> str:
        """Return the address of a file; one that doesn't exist has its plain address."""
        versioned = (_versioned if settings.DEBUG else _versioned_once)(name or "")
        return super().url(versioned)


def _versioned(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str) or not Path(found).is_file():
        return name
    return f"{VERSION}/{digest(found, _stamp(found))}/{name}"


#: Looking for a file in every app takes as long as a query; an installation's don't change.
_versioned_once = lru_cache(maxsize=2_000)(_versioned)


class StaticFiles:
    """Middleware that serves what `Versioned` points to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.prefix = settings.STATIC_URL

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer for a static file, pass everything else on."""
        if not request.path_info.startswith(self.prefix):
            return self.get_response(request)
        name, forever = _plain(request.path_info[len(self.prefix) :])
        found = finders.find(name) if name and "\0" not in name else None
        if not isinstance(found, str) or not Path(found).is_file():
            return self.get_response(request)
        served: HttpResponseBase = WhiteNoiseMiddleware.serve(
            static_file(found, _stamp(found), forever), request
        )
        return served


def _plain(path: str) -> tuple[str, bool]:
    """Return the file's name and whether the address has a digest."""
    parts = path.split("/", 2)
    return (parts[2], True) if len(parts) == 3 and parts[0] == VERSION else (path, False)


def _stamp(path: str) -> tuple[int, int]:
    """Return what changes when a file does."""
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=2_000)
def digest(path: str, stamp: tuple[int, int]) -> str:
    """Return ten hex digits that say what is in the file."""
    return sha256(Path(path).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=2_000)
def static_file(path: str, stamp: tuple[int, int], forever: bool) -> StaticFile:
    """Return the file with its compressed forms and headers."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
    headers = {
        "Content-Type": f"{kind}; charset=utf-8" if is_text else kind,
        "Cache-Control": FOREVER if forever else ASK_AGAIN,
        "Vary": "Accept-Encoding",
    }
    packed = _packed(Path(path), digest(path, stamp))
    return StaticFile(path, list(headers.items()), encodings=packed)


def _packed(path: Path, name: str) -> dict[str, str]:
    """Return the compressed forms of a file by encoding, made now if they aren't there yet."""
    if path.suffix in PACKED or path.stat().st_size < TOO_SMALL:
        return {}
    forms = {}
    for encoding, pack in (("gzip", _gzip), ("zstd", _zstd)):
        form = Path(settings.STATIC_ROOT) / f"{name}.{encoding}"
        try:
            if not form.exists():
                _write(form, pack(path.read_bytes()))
        except OSError as problem:  # A read-only disk serves them as they are.
            log.warning("static_file_not_compressed", path=str(path), error=str(problem))
            return {}
        forms[encoding] = str(form)
    return forms


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=GZIP_LEVEL, mtime=0)


def _zstd(data: bytes) -> bytes:
    return zstandard.compress(data, level=ZSTD_LEVEL)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: another process may do the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
