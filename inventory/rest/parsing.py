"""Request bodies: JSON of bounded size and depth, without what the database can't keep."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from inventory.rest.problems import TooLarge

DEEPEST = 32


class StrictJson(BaseParser):
    """RFC 8259 as orjson reads it: no NaN, no lone surrogates; and no NUL, which SQL has not."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body; raise `ParseError` or `TooLarge`."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(_("The body is larger than %(limit)s bytes.") % {"limit": limit})
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is not JSON: %(why)s.") % {"why": error}) from error
        refuse_unstorable(parsed)
        return parsed


def refuse_unstorable(parsed: Any) -> None:
    """Raise `ParseError` for a NUL in any text and for more than `DEEPEST` levels."""
    level, depth = [parsed], 0
    while level:
        if depth > DEEPEST:
            raise ParseError(_("The body is nested too deep."))
        if any(isinstance(item, str) and "\0" in item for item in level):
            raise ParseError(_("A text holds a NUL character, which can't be stored."))
        level = [inner for item in level for inner in _inside(item)]
        depth += 1


def _inside(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []
