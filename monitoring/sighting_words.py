"""Why somebody was not let in, and what to do about it, in an operator's words."""

from django.utils.translation import gettext as _

from monitoring.masking import MASK, looks_like_key
from monitoring.models import Sighting


def why(sighting: Sighting) -> str:
    """Say why it was refused, or what is odd about it."""
    return _why(sighting.reason, sighting.said)


def _why(reason: str, said: dict[str, str]) -> str:
    named = {
        "unknown": _("No charger on file is called so."),
        "mismatch": _("It was let in, but says it is another device than the one on file."),
        "username": _("Its user name is not its identity."),
        "credentials": _key(said.get("key", "")),
        "subprotocol": _protocol(said.get("subprotocols", "")),
        "profile": _("It came without TLS, or below the security profile that is asked of it."),
        "path": _("Its address is wrong: the identity must be the last part, and nothing else."),
        "network": _("It came from a network that chargers may not come from."),
        "certificate": certificate(said.get("certificate", "")),
    }
    return named.get(reason, reason)


def certificate(why: str) -> str:
    """Say what is wrong with the certificate that it showed, or should have shown."""
    named = {
        "missing": _("Its security profile asks for a certificate, and it showed none."),
        "expired": _("The certificate that it showed has expired."),
        "not_yet": _("The certificate that it showed is not valid yet."),
        "revoked": _("The certificate that it showed was revoked."),
        "name": _("The certificate that it showed is another charger's."),
        "organisation": _("The certificate that it showed names another organisation."),
    }
    return named.get(why, _("The certificate that it showed is by nobody whom we trust."))


def _key(key: str) -> str:
    if key == "none":
        return _("It gave no key, and must.")
    if key == "unreadable":
        return _("Its key can't be read: the header is not Basic authentication.")
    return _("It gave a wrong key.")


def _protocol(offered: str) -> str:
    if not offered:
        return _("It named no OCPP version (Sec-WebSocket-Protocol).")
    return _("It speaks none of our OCPP versions, but %(offered)s.") % {"offered": offered}


def advice(sighting: Sighting) -> str:
    """Say what is usually done about it."""
    named = {
        "unknown": _("Adopt it if it is new; link it if it is one of yours with a wrong name."),
        "mismatch": _("Take over what it says if it was exchanged; else two devices share a name."),
        "username": _("Have the user name set to the identity at the charger."),
        "credentials": _("Set the key anew at the charger, or let it in with the one it uses."),
        "subprotocol": _("Have OCPP 1.6, 2.0.1 or 2.1 over JSON chosen at the charger."),
        "profile": _("Have its address begin with wss://, or lower the profile on file."),
        "path": _("Have its address set right at the charger."),
        "network": _("Let the network in by the setting OCPP_NETWORKS, if it is yours."),
        "certificate": _("Have a new certificate issued to it, or lower the profile on file."),
    }
    return named.get(sighting.reason, "")


def said(sighting: Sighting) -> list[tuple[str, str]]:
    """Return what it said of itself, with what each is called."""
    names = {
        "vendor": _("vendor"),
        "model": _("model"),
        "serial_number": _("serial number"),
        "subprotocols": _("speaks"),
        "user": _("user name"),
        "key": _("key"),
        "path": _("path"),
        "user_agent": _("program"),
    }
    keys = {
        "none": _("none"),
        "unreadable": _("unreadable"),
        "short": _("given, short"),
        "given": _("given"),
    }
    shown = {**sighting.said, "key": keys.get(str(sighting.said.get("key")), "")}
    if looks_like_key(str(shown.get("user") or "")):
        shown["user"] = MASK
    known = [(names[name], str(shown[name])) for name in names if shown.get(name)]
    other = [(name, str(value)) for name, value in sighting.said.items() if name not in names]
    return known + other
