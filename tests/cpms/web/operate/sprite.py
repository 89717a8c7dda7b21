"""The icons that a page can draw."""

import re
from functools import cache
from pathlib import Path

SPRITE = Path("cpms/web/static/vendor/icons.svg")


@cache
def icons() -> frozenset[str]:
    """Return their names."""
    return frozenset(re.findall(r'id="i-([^"]+)"', SPRITE.read_text()))
