"""Telephone numbers and addresses in what people wrote about whom to call."""

import re
from collections.abc import Iterator
from typing import NamedTuple

#: An e-mail address, or a telephone number: a + or 0 and at least six more digits, with blanks,
#: dots, dashes, slashes and brackets as people put them.
_FOUND = re.compile(
    r"(?P<mail>[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
    r"|(?P<tel>(?<![\w+])(?:\+|0|\(0)(?:[ ()./-]{0,2}\d){6,14}(?!\w))"
)


class Part(NamedTuple):
    """A piece of the text, and what it links to, if anything."""

    text: str
    link: str = ""


def parts(text: str) -> Iterator[Part]:
    """Yield the text in pieces; numbers link to `tel:`, addresses to `mailto:`."""
    at = 0
    for found in _FOUND.finditer(text):
        if found.start() > at:
            yield Part(text[at : found.start()])
        yield Part(found[0], _link(found))
        at = found.end()
    if at < len(text):
        yield Part(text[at:])


def _link(found: re.Match[str]) -> str:
    if found["mail"]:
        return f"mailto:{found['mail']}"
    # "+49 (0)30" is dialled without the nought.
    dialled = re.sub(r"\(0\)", "", found["tel"]) if found["tel"].startswith("+") else found["tel"]
    return "tel:" + re.sub(r"[^\d+]", "", dialled)
