"""Photos: told by their bytes, and shown with nothing in them but the picture."""

import io
import struct

import pytest
from PIL import Image

from monitoring.outages.photos import BROKEN, JPEG, NO_PICTURE, PNG, BadPhoto, cleaned, kind_of
from tests.monitoring.outages.ledger import png


def jpeg(orientation: int = 6) -> bytes:
    """Return a photo with a place, a comment, a way to turn it, and something after its end."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Telephone of Carl"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    file = io.BytesIO()
    picture = Image.effect_noise((64, 48), 40).convert("RGB")
    picture.save(file, "JPEG", exif=exif, comment=b"<script>alert(1)</script>", progressive=True)
    return file.getvalue() + b"<script>alert(2)</script>"


def test_a_jpeg_keeps_its_picture_and_how_it_is_turned_and_nothing_else() -> None:
    photo = jpeg()
    assert kind_of(photo) == JPEG
    shown = cleaned(photo)
    assert b"script" not in shown
    assert b"Telephone" not in shown
    was, now = Image.open(io.BytesIO(photo)), Image.open(io.BytesIO(shown))
    assert dict(now.getexif()) == {0x0112: 6}
    assert now.tobytes() == was.tobytes()
    assert cleaned(shown) == shown


def test_a_png_loses_its_texts_and_what_follows_its_end() -> None:
    photo = png((b"tEXt", b"Comment\0<script>"), (b"eXIf", b"MM\0*")) + b"<script>"
    assert kind_of(photo) == PNG
    assert cleaned(photo) == png()


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (b"", NO_PICTURE),
        (b"GIF89a", NO_PICTURE),
        (b"<html>\x89PNG\r\n\x1a\n", NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", BROKEN),
        (b"\xff\xd8\xff", BROKEN),
        (b"\xff\xd8\xff\xe0\x00\x01" + bytes(20), BROKEN),
        (jpeg()[:400], BROKEN),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"IHDR" + bytes(40), BROKEN),
    ],
)
def test_what_is_no_whole_picture_is_refused(photo: bytes, reason: str) -> None:
    with pytest.raises(BadPhoto) as refused:
        kind_of(photo)
    assert refused.value.reason == reason


def test_a_broken_exif_is_no_way_to_turn_it() -> None:
    photo = jpeg().replace(b"Exif\0\0MM\0*\0\0\0\x08", b"Exif\0\0MM\0*\xff\xff\xff\xf0")
    assert 0x0112 not in Image.open(io.BytesIO(cleaned(photo))).getexif()
