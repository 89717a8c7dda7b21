"""What is wrong with a refused password, from its shape alone. (cpms.ocpp.shapes)"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

#: Bytes of a key made here, and its hex digits.
KEY, DIGITS = 20, 40

RESEMBLES = {
    "case": gettext_lazy("It sent the right password in other capitals and small letters."),
    "blanks": gettext_lazy("It sent the right password with blanks or quotes around it."),
    "name": gettext_lazy("It sent the right password with the identity and a colon before it."),
    "base64": gettext_lazy("It sent the right password in base64 once more."),
    "hex": gettext_lazy("It sent the right key in hex twice over."),
}
SHAPES = {
    "missing": gettext_lazy("It sent no password at all."),
    "unreadable": gettext_lazy("Its Authorization header is no HTTP Basic that can be read."),
    "empty": gettext_lazy("It sent its identity with an empty password."),
}


def password(said: dict[str, Any]) -> tuple[str, str]:
    """Return what happened, and what to do."""
    made_of = said.get("password", "")
    if made_of in SHAPES:
        return str(SHAPES[made_of]), _(
            "Enter the key in its menu: “AuthorizationKey”, “Basic auth password” or “HTTP "
            "password”. Many chargers only send it once security profile 1 or 2 is chosen."
        )
    if said.get("resembles") in RESEMBLES:
        return str(RESEMBLES[said["resembles"]]), _(
            "Enter it exactly as it is shown, or make a new key here."
        )
    if said.get("unset"):
        return _("It sent a password, and none is set for it here."), _("Make a new key here.")
    return _of_length(int(said.get("length", 0)), made_of)


def _of_length(length: int, made_of: str) -> tuple[str, str]:
    again = _("Enter the key again; if it is lost, make a new one here: it is shown once.")
    if made_of == "hex" and length == KEY:
        return _("It sent 20 hex digits, half of a key of 40: the charger seems to cut it off."), _(
            "Look for a field that takes 40 digits, or one for the key “in hex”."
        )
    if length not in (KEY, DIGITS):
        return ngettext(
            "It sent a password of the wrong length: %(length)s byte.",
            "It sent a password of the wrong length: %(length)s bytes.",
            length,
        ) % {"length": length}, _("A key made here has 40 hex digits, 20 bytes.") + " " + again
    return _("It sent a wrong password of the right length."), again
