"""Texts as they are drawn: right-to-left scripts in the order of the eye, Arabic joined up. Pure.

The PDF's text goes from left to right, glyph by glyph: so Hebrew and Arabic are put in the
order in which they are seen (Unicode's UAX #9), and Arabic letters are replaced by the forms
that they have beside their neighbours (Unicode's Arabic Presentation Forms).
"""

import unicodedata
from functools import cache

from fpdf.bidi import BidiParagraph, auto_detect_base_direction

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
Forms = dict[str, dict[str, str]]


def visual(text: str) -> str:
    """Return one line of text as it is drawn, without what can't be seen."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = " ".join(shown.split())
    if not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in shown):
        return shown
    joined = joined_up(shown)
    direction = auto_detect_base_direction(joined)
    return BidiParagraph(joined, base_direction=direction).get_reordered_string()


def joined_up(text: str) -> str:
    """Return Arabic letters in the forms that they have in a word."""
    forms = _forms()
    text = _ligated(text, forms)
    drawn = []
    for place, letter in enumerate(text):
        known = forms.get(letter)
        before = _neighbour(text, place, -1)
        after = _neighbour(text, place, 1)
        if known is None:
            drawn.append(letter)
            continue
        joins_before = "initial" in forms.get(before, {}) and "final" in known
        joins_after = "initial" in known and "final" in forms.get(after, {})
        drawn.append(known.get(_form(before=joins_before, after=joins_after), letter))
    return "".join(drawn)


def _form(*, before: bool, after: bool) -> str:
    if before:
        return "medial" if after else "final"
    return "initial" if after else "isolated"


def _neighbour(text: str, place: int, step: int) -> str:
    """Return the next letter that way, past marks that stand on letters."""
    place += step
    while 0 <= place < len(text) and unicodedata.category(text[place]) == "Mn":
        place += step
    return text[place] if 0 <= place < len(text) else ""


def _ligated(text: str, forms: Forms) -> str:
    """Put lam and alef into one sign, as Arabic must."""
    for pair in ("لا", "لأ", "لإ", "لآ"):
        if pair in forms:
            text = text.replace(pair, forms[pair]["isolated"])
    return text


@cache
def _forms() -> Forms:
    """Return letter (or pair) -> form -> the sign for it, from Unicode's own decompositions."""
    forms: Forms = {}
    for code in range(0xFE70, 0xFEFD):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if kind.startswith("<"):
            base = "".join(chr(int(letter, 16)) for letter in letters)
            forms.setdefault(base, {})[kind.strip("<>")] = chr(code)
    for pair in [base for base in forms if len(base) == 2 and "isolated" in forms[base]]:
        forms[forms[pair]["isolated"]] = forms[pair]
    return forms
