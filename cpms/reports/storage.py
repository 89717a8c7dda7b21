"""The bytes of reports' files, in the database, a chunk at a time."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cpms.reports.models import Chunk, ReportFile

CHUNK = 1 << 20


def content(file: ReportFile) -> Iterator[bytes]:
    """Yield the file's bytes."""
    for key in list(file.chunks.order_by("number").values_list("pk", flat=True)):
        yield bytes(Chunk.objects.values_list("content", flat=True).get(pk=key))


def keep(file: ReportFile, path: Path) -> None:
    """Store what is in `path` as the file's bytes."""
    with path.open("rb") as source:
        number = 0
        while part := source.read(CHUNK):
            Chunk.objects.create(file=file, number=number, content=part)
            number += 1


def digest(path: Path) -> str:
    """Return the SHA-256 of what is in `path`, as hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
