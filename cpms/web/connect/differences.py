"""What differs between two names that look alike, in words."""

from difflib import SequenceMatcher

from django.utils.translation import gettext as _

#: Letters and digits that are taken for each other.
TWINS = ("O0", "oO", "o0", "I1", "l1", "Il", "S5", "B8", "Z2", "G6", "-_", "–-", ".,")
#: Names that differ in more places aren't compared letter by letter.
MOST = 3


def difference(said: str, meant: str) -> str:
    """Return where `said` differs from `meant`; "" where they are too far apart to say it.

    Both differ: the same but for the case of letters is no difference to a gateway.
    """
    changes = [
        (tag, said[a:b], meant[c:d], a)
        for tag, a, b, c, d in SequenceMatcher(None, said, meant, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    if not 0 < len(changes) <= MOST:
        return ""
    return "; ".join(_change(*change) for change in changes)


def _change(tag: str, said: str, meant: str, place: int) -> str:
    values = {"place": place + 1, "said": _named(said), "meant": _named(meant)}
    if tag == "insert":
        return _("%(meant)s is missing at place %(place)s") % values
    if tag == "delete":
        return _("%(said)s is too much at place %(place)s") % values
    if any(set(said + meant) == set(twins) for twins in TWINS):
        return _("%(said)s in place of %(meant)s at place %(place)s: they look alike") % values
    return _("%(said)s in place of %(meant)s at place %(place)s") % values


def _named(text: str) -> str:
    if len(text) != 1:
        return f"“{text}”"
    if text.isdigit():
        return _("the digit %(sign)s") % {"sign": text}
    if text.isalpha():
        return _("the letter %(sign)s") % {"sign": text}
    return _("a blank") if text.isspace() else f"“{text}”"
