"""Photos as evidence: PNG and JPEG by their bytes, served without anything but the picture. Pure.

A photo is kept as it came, with its hash; what is shown to others has no place, no names of
people, no comments and nothing after its end (PNG 3rd ed. §5, §11; JPEG, ITU-T T.81 annex B;
Exif 2.3 §4.5.4). How it is to be turned stays: telephones write the picture as the sensor lies.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

#: Bytes of a photo.
LARGEST = 10_000_000
#: Pixels of one, so that whoever opens it has the memory.
MOST_PIXELS = 100_000_000

PNG, JPEG = "image/png", "image/jpeg"
_PNG = b"\x89PNG\r\n\x1a\n"
#: Chunks that make the picture.
_DRAWN = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"),
    *(b"sBIT", b"pHYs", b"bKGD", b"cICP"),
}
_JPEG = b"\xff\xd8\xff"
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
#: JFIF, colour profile and Adobe's colour transform; other application data goes.
_KEPT_DATA = {0xE0: b"JFIF", 0xE2: b"ICC_PROFILE", 0xEE: b"Adobe"}
_APPLICATION = range(0xE0, 0xF0)
#: Starts of frames, by T.81 table B.1: all of C0 to CF but DHT, JPG and DAC.
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Markers that stand alone.
_ALONE = {0x01, *range(0xD0, 0xD8)}
_ORIENTATION, _SHORT = 0x0112, 3


class BadPhoto(Exception):
    """It is no picture that can be taken; `reason` says why, one of the constants here."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


TOO_LARGE, NO_PICTURE, BROKEN, TOO_MANY_PIXELS = "too_large", "no_picture", "broken", "pixels"


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker of a JPEG and its data; a scan has its picture's bytes as well."""

    marker: int
    data: bytes
    scan: bytes = b""


def kind_of(photo: bytes) -> str:
    """Return `PNG` or `JPEG`; raises BadPhoto for anything else, damaged or too large."""
    if len(photo) > LARGEST:
        raise BadPhoto(TOO_LARGE)
    if photo.startswith(_PNG):
        _check(_png_size(photo))
        return PNG
    if photo.startswith(_JPEG):
        _check(_jpeg_size(photo))
        return JPEG
    raise BadPhoto(NO_PICTURE)


def cleaned(photo: bytes) -> bytes:
    """Return the picture alone, of a photo that `kind_of` took."""
    return _cleaned_png(photo) if photo.startswith(_PNG) else _cleaned_jpeg(photo)


def _check(size: tuple[int, int]) -> None:
    width, height = size
    if not width or not height:
        raise BadPhoto(BROKEN)
    if width * height > MOST_PIXELS:
        raise BadPhoto(TOO_MANY_PIXELS)


def _chunks(photo: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the whole of each chunk, up to the end of the picture."""
    at = len(_PNG)
    while at + 12 <= len(photo):
        (length,) = struct.unpack_from(">I", photo, at)
        name, end = photo[at + 4 : at + 8], at + 12 + length
        if end > len(photo):
            break
        yield name, photo[at:end]
        if name == b"IEND":
            return
        at = end
    raise BadPhoto(BROKEN)


def _png_size(photo: bytes) -> tuple[int, int]:
    chunks = list(_chunks(photo))
    names = [name for name, _chunk in chunks]
    if names[0] != b"IHDR" or len(chunks[0][1]) != 12 + 13 or b"IDAT" not in names:
        raise BadPhoto(BROKEN)
    width, height = struct.unpack_from(">II", chunks[0][1], 8)
    return width, height


def _cleaned_png(photo: bytes) -> bytes:
    return _PNG + b"".join(chunk for name, chunk in _chunks(photo) if name in _DRAWN)


def _segments(photo: bytes) -> Iterator[Segment]:
    """Yield the segments between start and end of the picture."""
    at = 2
    while at + 2 <= len(photo) and photo[at] == 0xFF:
        marker = photo[at + 1]
        if marker == _END:
            return
        if marker == 0xFF:
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        end = at + 2 + int.from_bytes(photo[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(photo):
            break
        after = _end_of_scan(photo, end) if marker == _SCAN else end
        yield Segment(marker, photo[at + 4 : end], photo[end:after])
        at = after
    raise BadPhoto(BROKEN)


def _end_of_scan(photo: bytes, at: int) -> int:
    """Return where the next marker begins that isn't part of the scan's own bytes."""
    while (at := photo.find(b"\xff", at)) >= 0 and at + 1 < len(photo):
        if photo[at + 1] not in {0x00, 0xFF, *_ALONE}:
            return at
        at += 1 if photo[at + 1] == 0xFF else 2
    raise BadPhoto(BROKEN)


def _jpeg_size(photo: bytes) -> tuple[int, int]:
    size, drawn = (0, 0), False
    for segment in _segments(photo):
        if segment.marker in _FRAMES and len(segment.data) >= 5:
            height, width = struct.unpack_from(">HH", segment.data, 1)
            size = (width, height)
        drawn = drawn or segment.marker == _SCAN
    if not drawn:
        raise BadPhoto(BROKEN)
    return size


def _cleaned_jpeg(photo: bytes) -> bytes:
    turned = b""
    parts = []
    for segment in _segments(photo):
        if segment.marker == 0xE1 and not turned:
            turned = _turned(segment.data)
        if _is_picture(segment):
            head = bytes([0xFF, segment.marker]) + (len(segment.data) + 2).to_bytes(2, "big")
            parts.append(head + segment.data + segment.scan)
    return b"\xff\xd8" + turned + b"".join(parts) + b"\xff\xd9"


def _is_picture(segment: Segment) -> bool:
    if segment.marker in _APPLICATION:
        kept = _KEPT_DATA.get(segment.marker)
        return kept is not None and segment.data.startswith(kept)
    return segment.marker != _COMMENT


def _turned(exif: bytes) -> bytes:
    """Return a segment that says how the picture is turned, and nothing else; or none."""
    orientation = _orientation(exif)
    if not 2 <= orientation <= 8:
        return b""
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, orientation, 0)
    data = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def _orientation(exif: bytes) -> int:
    """Return Exif's orientation, 1 (as it is) where it can't be read."""
    tiff = exif[6:]
    if not exif.startswith(b"Exif\0\0") or tiff[:2] not in (b"II", b"MM"):
        return 1
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(min(count, 200)):
            at = directory + 2 + 12 * entry
            tag, kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value)
    except struct.error:
        return 1
    return 1
