"""The folder FILES: drafts that are written, then kept under a name of ours or thrown away.

Names that others give are never names on the disk. Everything here blocks: call it in a thread.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from cpms.control.models import StoredFile
from inventory.models import Organisation

log = structlog.get_logger(__name__)

MEGABYTE = 1_000_000
CHUNK = 262_144
#: The room on the disk is looked at after each so many bytes.
LOOK_AGAIN = 64 * MEGABYTE
#: A draft that nobody has written to for so long is of a process that died.
DRAFT_LIVES = timedelta(hours=24)
LONGEST_NAME = 120
KEY = re.compile("[0-9a-f]{32}")
MOST_FORGOTTEN = 5_000


class NoRoom(Exception):
    """The disk or the organisation's quota is full; the message says which."""


class TooLarge(Exception):
    """More bytes than this file may have."""


class Draft:
    """A file that is being written, with its checksums."""

    def __init__(self, most: int) -> None:
        """Begin one of at most `most` bytes; raise `NoRoom`."""
        self.size, self._most, self._looked = 0, most, 0
        self._kept: StoredFile | None = None
        self._settled = False
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        check_disk()
        folder = settings.FILES / "drafts"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / uuid4().hex
        self._file = self._path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Add bytes; raise `TooLarge`, `NoRoom`."""
        self.size += len(data)
        if self.size > self._most:
            raise TooLarge(self._most)
        if self.size - self._looked > LOOK_AGAIN:
            self._looked = self.size
            check_disk()
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as problem:
            raise _full(problem) from problem
        self._sha256.update(data)
        self._md5.update(data)

    def keep(self, organisation: Organisation, kind: StoredFile.Kind, name: str) -> StoredFile:
        """Put it in its place and return its row, which isn't stored yet; raise `NoRoom`.

        Called again it returns the same: the row may have to be stored twice.
        """
        if self._kept is not None:
            return self._kept
        check_quota(organisation, self.size)
        made = StoredFile(
            organisation=organisation, kind=kind, name=plain_name(name), size=self.size,
            sha256=self._sha256.hexdigest(), md5=self._md5.hexdigest(),
        )  # fmt: skip
        try:
            os.fsync(self._file.fileno())
            place = path(made.key)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.rename(place)
        except OSError as problem:
            raise _full(problem) from problem
        self._file.close()
        self._path, self._kept = place, made
        return made

    def settle(self) -> None:
        """Its row is stored: `discard` leaves it alone from now on."""
        self._settled = True

    def discard(self) -> None:
        """Throw it away, unless it is settled."""
        self._file.close()
        if not self._settled:
            self._path.unlink(missing_ok=True)


def path(key: UUID) -> Path:
    """Return where a file is."""
    return Path(settings.FILES / "kept" / key.hex[:2] / key.hex)


def remove(file: StoredFile, now: datetime) -> None:
    """Take a file off the disk; its row stays and says so."""
    StoredFile.objects.filter(pk=file.pk).update(removed_at=now)
    path(file.key).unlink(missing_ok=True)


def discard(file: StoredFile) -> None:
    """Take a file off the disk that got no row."""
    path(file.key).unlink(missing_ok=True)


def check_disk() -> None:
    """Raise `NoRoom` where the disk's reserve would be touched."""
    settings.FILES.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(settings.FILES).free < settings.FILES_RESERVE_MB * MEGABYTE:
        raise NoRoom(_("The disk is full."))


def used(organisation: Organisation) -> int:
    """Return how many bytes an organisation's files take."""
    kept = StoredFile.objects.filter(organisation=organisation, removed_at=None)
    return kept.aggregate(used=Sum("size"))["used"] or 0


def check_quota(organisation: Organisation, more: int = 1) -> None:
    """Raise `NoRoom` where `more` bytes are too many for the organisation."""
    if used(organisation) + more > settings.FILES_QUOTA_MB * MEGABYTE:
        raise NoRoom(
            _("The files of %(organisation)s take all of their %(most)s MB: remove some.")
            % {"organisation": organisation, "most": settings.FILES_QUOTA_MB}
        )


def plain_name(said: str) -> str:
    """Return what a file is called by its sender as a name alone, fit for a page and a header."""
    last = re.split(r"[/\\]", said.strip())[-1]
    plain = "".join(sign for sign in last if sign.isprintable() and sign not in '"<>|:*?')
    return plain.strip(" .")[-LONGEST_NAME:] or "file"


def chunks(
    file: StoredFile, start: int = 0, end: int | None = None, at_once: int = CHUNK
) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` up to `end`; raise `FileNotFoundError`."""
    left = (file.size if end is None else end) - start
    with path(file.key).open("rb") as opened:
        opened.seek(start)
        while left > 0 and (data := opened.read(min(at_once, left))):
            left -= len(data)
            yield data


def forget(now: datetime) -> int:
    """Remove logs beyond their days, and drafts that nobody writes any more; return how many."""
    before = now - timedelta(days=settings.LOG_RETENTION_DAYS)
    old = StoredFile.objects.filter(
        kind=StoredFile.Kind.LOG, removed_at=None, stored_at__lt=before
    )[:MOST_FORGOTTEN]
    gone = list(old)
    for file in gone:
        remove(file, now)
    _forget_strays((now - DRAFT_LIVES).timestamp())
    if gone:
        log.info("logs_forgotten", count=len(gone), before=before.isoformat())
    return len(gone)


def _forget_strays(before: float) -> None:
    """Delete drafts of processes that died, and files whose row was never stored."""
    for folder in [settings.FILES / "drafts", *(settings.FILES / "kept").glob("??")]:
        old = [one for one in folder.glob("*") if one.stat().st_mtime < before]
        named = [one.name for one in old if KEY.fullmatch(one.name)]
        rows = StoredFile.objects.filter(key__in=named).values_list("key", flat=True)
        known = {key.hex for key in rows} if named else set()
        for one in old:
            if one.name not in known:
                one.unlink(missing_ok=True)


def _full(problem: OSError) -> Exception:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return NoRoom(_("The disk is full."))
    return problem
