"""WebSocket frames by hand: the one kind that nearly all are. (RFC 6455 §5.2)"""

import struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # no C extension on this platform
    from websockets.utils import apply_mask

#: First byte of a text frame that is a whole message, with no extension bits.
WHOLE_TEXT = 0x81
#: Length of the header before the mask, by its 7-bit length.
HEADS = {126: 4, 127: 10}


def frame_length(data: bytes, start: int) -> tuple[int, int]:
    """Return the length of the frame at `start` and of its payload. (RFC 6455 §5.2)

    Where the header itself is incomplete: one byte more than is there, and 0.
    """
    available = len(data) - start
    if available < 2:
        return available + 1, 0
    length = data[start + 1] & 0x7F
    head = HEADS.get(length, 2)
    if available < head:
        return available + 1, 0
    if length >= 126:
        length = int.from_bytes(data[start + 2 : start + head], "big")
    return head + (4 if data[start + 1] & 0x80 else 0) + length, length


def unmasked(frame: bytes) -> bytes:
    """Return the payload of a whole masked frame."""
    head = HEADS.get(frame[1] & 0x7F, 2)
    payload: bytes = apply_mask(frame[head + 4 :], frame[head : head + 4])
    return payload


def text_head(size: int) -> bytes:
    """Return the header of an unmasked text frame with `size` bytes of payload."""
    if size < 126:
        return bytes((WHOLE_TEXT, size))
    if size < 65536:
        return struct.pack("!BBH", WHOLE_TEXT, 126, size)
    return struct.pack("!BBQ", WHOLE_TEXT, 127, size)
