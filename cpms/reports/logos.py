"""An organisation's logo: taken as PNG or JPEG by its bytes, and drawn anew."""

from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image

LARGEST = 300_000
#: Pixels of what is uploaded, and the largest side of what is kept.
MOST_PIXELS, SIDE = 16_000_000, 800
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


class BadLogo(ValueError):
    """No picture that can be taken; the message says what to upload instead."""


def taken(content: bytes) -> bytes:
    """Return the picture as a PNG of ours: nothing but its pixels is left. Raises BadLogo."""
    if len(content) > LARGEST:
        raise BadLogo(_("The file is larger than 300 KB: make the picture smaller."))
    kind = "PNG" if content.startswith(PNG) else "JPEG" if content.startswith(JPEG) else ""
    if not kind:
        raise BadLogo(_("That is neither a PNG nor a JPEG."))
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadLogo(_("The picture has more than 16 million pixels."))
            drawn = image.convert("RGBA")
    except BadLogo:
        raise
    except Exception as problem:
        raise BadLogo(_("The picture is damaged: it can't be opened.")) from problem
    drawn.thumbnail((SIDE, SIDE))
    kept = BytesIO()
    drawn.save(kept, "PNG", optimize=True)
    return kept.getvalue()
