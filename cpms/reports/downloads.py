"""Sends reports' files: one, or all of them in an archive, with bounded memory."""

import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any, cast

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from cpms.reports import storage
from cpms.reports.mail import TYPES
from cpms.reports.models import Format, ReportFile
from inventory.rest.export import in_thread

#: Bytes of an archive that are kept in memory; what is more lies on the disk.
IN_MEMORY = 8 << 20


def of_file(request: HttpRequest, file: ReportFile) -> StreamingHttpResponse:
    """Return the file as a download; its hash is in the ETag."""
    kind = TYPES[Format(file.format)]
    kind = f"{kind}; charset=utf-8" if file.format in (Format.CSV, Format.JSON) else kind
    headers = {"Content-Length": str(file.size), "ETag": f'"{file.sha256}"'}
    return _sent(request, storage.content(file), kind, file.name, headers)


def of_all(request: HttpRequest, files: list[ReportFile], stem: str) -> StreamingHttpResponse:
    """Return the files in one archive."""
    return _sent(request, _archive(files), "application/zip", f"{stem}.zip", {})


def _archive(files: list[ReportFile]) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
        _pack(files, spool)
        spool.seek(0)
        while part := spool.read(storage.CHUNK):
            yield part


def _pack(files: list[ReportFile], into: IO[bytes]) -> None:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            about = zipfile.ZipInfo(file.name, file.made_at.timetuple()[:6])
            about.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(about, "w", force_zip64=True) as entry:
                for part in storage.content(file):
                    entry.write(part)


def _sent(
    request: HttpRequest, parts: Iterator[bytes], kind: str, name: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    disposition = f'attachment; filename="{name}"'
    whole: Any = parts
    if isinstance(request, ASGIRequest):
        whole = in_thread("", cast("Iterator[str]", parts))  # It passes on whatever comes.
    return StreamingHttpResponse(
        whole, content_type=kind, headers={"Content-Disposition": disposition, **headers}
    )
