"""Where chargers fetch and put files: one-time addresses of ours, and those an operator gives."""

import re
import secrets
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from cpms.control.operations.base import BadRequest
from inventory.models import Charger
from monitoring.masking import mask_address
from monitoring.models import ReportedVariable

#: What chargers may be told to use. (OCPP 2.0.1 part 2, FileTransferProtocols)
SCHEMES = frozenset({"http", "https", "ftp", "ftps", "sftp"})
#: What chargers call the setting that says so. (1.6 §9.3, 2.0.1 OCPPCommCtrlr)
PROTOCOLS = ("SupportedFileTransferProtocols", "FileTransferProtocols")
#: Characters of a token: 32 random bytes in base64url.
TOKEN_LENGTH = 43
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


def new() -> str:
    """Return an address of ours that nobody can guess; it works once it is stored."""
    return f"{settings.FILES_PUBLIC_URL}/{secrets.token_urlsafe(32)}"


def digest(token: str) -> bytes:
    """Return what is kept of a token; it is random, so that one hash is enough."""
    return sha256(b"kilowatch file " + token.encode()).digest()


def token_in(address: str) -> str:
    """Return the token of an address of ours, "" for anybody else's."""
    ours = f"{settings.FILES_PUBLIC_URL}/"
    rest = address[len(ours) :] if address.startswith(ours) else ""
    return rest if TOKEN.fullmatch(rest) else ""


def check(address: str) -> None:
    """Raise `BadRequest` for what is no address that a charger could use; it is never asked."""
    try:
        parts = urlsplit(address)
        fine = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not address.isascii() or not address.isprintable() or " " in address:
        raise BadRequest(
            _("This is no address that a charger can use: write http, https, ftp, ftps or sftp://…")
        )
    if address.startswith(f"{settings.FILES_PUBLIC_URL}/"):
        raise BadRequest(_("Addresses of ours are made by themselves: leave the address out."))


def protocols(charger: Charger) -> frozenset[str]:
    """Return the kinds of address that a charger says it can use; none: it hasn't said."""
    told = ReportedVariable.objects.filter(charger=charger, variable__in=PROTOCOLS)
    words = ",".join(told.values_list("value", flat=True)).lower().split(",")
    return frozenset(word.strip() for word in words if word.strip())


def shown(address: str) -> str:
    """Return an address without its secrets."""
    return mask_address(address)
