"""JSON for columns: fast, and without what PostgreSQL's jsonb refuses."""

from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Return JSON; NUL characters, which jsonb can't hold, become U+FFFD."""
    return orjson.dumps(value, default=str).replace(rb"\u0000", rb"\ufffd")


loads = orjson.loads
