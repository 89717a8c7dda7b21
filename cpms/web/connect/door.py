"""Why a charger was not let in: what happened at the door, and what to do about it."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from cpms.web.connect.case import Case, Words
from cpms.web.connect.differences import difference
from cpms.web.connect.passwords import password
from monitoring.arrival import Knock
from monitoring.masking import MASK, looks_like_key
from monitoring.sighting_words import certificate

#: What the gateway speaks.
SPOKEN = "ocpp1.6, ocpp2.0.1, ocpp2.1"


def _who(knock: Knock) -> str:
    """Return who knocked; of the charger itself nothing more needs be said."""
    if knock.whose == "own":
        return _("The charger")
    if knock.identity:
        return _("Somebody who calls itself “%(name)s” (%(peer)s)") % {
            "name": knock.identity,
            "peer": knock.peer,
        }
    return _("Somebody at %(peer)s, perhaps this charger,") % {"peer": knock.peer}


def _silent(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s opened a connection and closed it without a word.") % {"who": _who(knock)},
        _(
            "Port checks and load balancers do that. If it is the charger: TCP gets through, the "
            "request doesn't. Look at the firewall or the mobile network's APN in between, and "
            "that its address begins with %(scheme)s://."
        )
        % {"scheme": "wss" if case.address.tls else "ws"},
    )


def _cut_off(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s broke off in the middle of its request.") % {"who": _who(knock)},
        _(
            "A bad line, a firewall that looks into traffic, or a charger that restarted. Look at "
            "its signal, try by cable, and let it try again."
        ),
    )


def _tls_on_plain(knock: Knock, case: Case) -> Words:
    what = _("%(who)s spoke TLS to the plain port %(port)s.") % {
        "who": _who(knock),
        "port": case.plain_port,
    }
    if case.address.tls:
        return Words(
            what,
            _(
                "%(port)s is the port behind the TLS proxy. Give the charger %(url)s, with port "
                "%(public)s."
            )
            % {"port": case.plain_port, "url": case.address.whole, "public": case.address.port},
        )
    return Words(
        what,
        _(
            "Its address begins with wss:// and this one has no TLS: write %(url)s, with ws://. "
            "For TLS set OCPP_TLS_PORT, or put a proxy in front, and OCPP_PUBLIC_URL to the "
            "wss:// address."
        )
        % {"url": case.address.whole},
    )


def _plain_on_tls(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s spoke without TLS to the port with TLS.") % {"who": _who(knock)},
        _("Its address begins with ws:// there: write %(url)s.") % {"url": case.address.whole},
    )


#: OpenSSL's words for why a handshake failed -> what to do. (`cpms.ocpp.tls.line`)
TLS_TROUBLE = {
    "unsupported_protocol": _lazy(
        "It speaks no TLS newer than 1.1. Update its firmware; older TLS is broken and not spoken "
        "here."
    ),
    "no_shared_cipher": _lazy(
        "It offers no cipher suite that we take. Update its firmware; where it knows static RSA "
        "only, OCPP_TLS_STATIC_RSA=1 lets it in, without forward secrecy."
    ),
    "slow": _lazy("It took too long. A bad line, or a firewall that looks into traffic."),
    "not_tls": _lazy("What it sent is no TLS. Look at its address: scheme and port."),
    "tlsv1_alert_unknown_ca": _lazy(
        "The charger doesn't trust our certificate: install the root of ours on it, or let the "
        "listener show a certificate by an authority that the charger knows."
    ),
}


def _tls_failed(knock: Knock, case: Case) -> Words:
    why = str(knock.said.get("why", ""))
    what = _("%(who)s and we came to no terms on TLS (%(why)s).") % {
        "who": _who(knock),
        "why": why.removeprefix("certificate: ").replace("_", " "),
    }
    if why.startswith("certificate:"):
        return Words(
            what,
            _(
                "The certificate that it showed is by nobody whom we trust: have one issued by the "
                "authority here, or add its manufacturer's authority."
            ),
        )
    todo = TLS_TROUBLE.get("tlsv1_alert_unknown_ca" if _distrusts_us(why) else why)
    return Words(what, str(todo or _("Look at its TLS settings, and at what is in between.")))


def _distrusts_us(why: str) -> bool:
    return "alert" in why and ("unknown_ca" in why or "certificate" in why)


def _certificate(knock: Knock, case: Case) -> Words:
    why = str(knock.said.get("certificate") or knock.said.get("why") or "")
    shown = str(knock.said.get("shown") or knock.said.get("identity") or "")
    what = certificate(why)
    if why == "name":
        what = _("The certificate that it showed is of “%(name)s”, not of this charger.") % {
            "name": shown
        }
    if why == "missing":
        todo = _(
            "Have a certificate issued to it (let it in with profile 2 first), or lower its "
            "security profile."
        )
    else:
        todo = _(
            "Have a new certificate issued to it: let it in with security profile 2 and its "
            "password, and ask it for a signing request."
        )
    return Words(what, todo)


def _not_http(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s spoke something that is not HTTP.") % {"who": _who(knock)},
        _(
            "A WebSocket begins with an HTTP request. Choose OCPP-J (JSON over WebSocket) in its "
            "menu; not SOAP, MQTT or a protocol of the vendor's own."
        ),
    )


def _no_upgrade(knock: Knock, case: Case) -> Words:
    if knock.said.get("soap"):
        return Words(
            _("%(who)s sent OCPP over SOAP.") % {"who": _who(knock)},
            _("Choose OCPP 1.6 JSON (“1.6J”) in its menu instead of SOAP (“1.6S”)."),
        )
    what = _("%(who)s asked for the page %(path)s over plain HTTP, not for a WebSocket.") % {
        "who": _who(knock),
        "path": knock.said.get("path", "/"),
    }
    if knock.said.get("websocket"):
        return Words(
            what,
            _(
                "Something in between took the “Upgrade” header away: a proxy must pass on Upgrade "
                "and Connection (nginx: proxy_http_version 1.1 and both proxy_set_header lines)."
            ),
        )
    return Words(
        what,
        _(
            "Its address must begin with %(scheme)s://, not http://. A browser that opens the "
            "address looks the same; a proxy that doesn't pass on the Upgrade header as well."
        )
        % {"scheme": "wss" if case.address.tls else "ws"},
    )


def _bad_upgrade(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s sent a request for a WebSocket that is incomplete: %(why)s.")
        % {"who": _who(knock), "why": knock.said.get("why") or _("a header is missing")},
        _("A proxy may have changed it, or the firmware is faulty: RFC 6455 asks for all headers."),
    )


def _network(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s came from %(peer)s, which is not among the allowed networks.")
        % {"who": _who(knock), "peer": knock.peer},
        _(
            "Add its network to OCPP_NETWORKS, or bring it into the VPN or APN that it belongs to. "
            "Behind a proxy, name the proxy in TRUSTED_PROXIES so that the charger's own address "
            "counts."
        ),
    )


def _path(knock: Knock, case: Case) -> Words:
    return Words(
        _("%(who)s asked for %(path)s: its identity isn't the last part of the address.")
        % {"who": _who(knock), "path": knock.said.get("path", "/")},
        _(
            "Write %(whole)s. Where the charger appends its identity by itself, write %(base)s; "
            "nothing may follow the identity."
        )
        % {"whole": case.address.whole, "base": case.address.with_slash},
    )


def _unknown(knock: Knock, case: Case) -> Words:
    meant = case.address.identity
    return Words(
        _(
            "A charger at %(peer)s connected as “%(said)s”, which is not on file. Did you"
            " mean it to be “%(meant)s”?"
        )
        % {"peer": knock.peer, "said": knock.identity, "meant": meant},
        _(
            "%(difference)sCorrect the identity in the charger to %(meant)s, or give the "
            "charger here the name that it uses."
        )
        % {"difference": _sentence(difference(knock.identity, meant)), "meant": meant},
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}. " if text else ""


def _username(knock: Knock, case: Case) -> Words:
    user = str(knock.said.get("user", ""))
    if user == MASK or looks_like_key(user):
        sent = _("%(who)s sent what looks like a key where the user name belongs.")
    else:
        sent = _("%(who)s sent the user name “%(user)s” with its password.")
    return Words(
        sent % {"who": _who(knock), "user": user},
        _(
            "The user name must be the identity, %(identity)s: correct it, or leave that "
            "field empty if the charger then fills it in by itself."
        )
        % {"identity": case.address.identity},
    )


def _credentials(knock: Knock, case: Case) -> Words:
    return Words(*password(knock.said))


def _profile(knock: Knock, case: Case) -> Words:
    if knock.said.get("tls"):
        return Words(
            _(
                "The charger's password is right, but security profile %(least)s asks for"
                " a client certificate, and none came."
            )
            % {"least": case.profile},
            _("Have a certificate issued to it, or choose security profile 2 for this charger."),
        )
    what = _(
        "The charger's password is right, but it came without TLS, and security profile "
        "%(least)s asks for it."
    ) % {"least": case.profile}
    proxy = knock.said.get("proxy")
    if proxy:
        return Words(
            what,
            _(
                "It came through the proxy %(proxy)s. Name that in TRUSTED_PROXIES so "
                "that its X-Forwarded-Proto is believed, and see that it says https or "
                "wss."
            )
            % {"proxy": proxy},
        )
    return Words(
        what,
        _(
            "Give it an address that begins with wss://; or lower its security profile to"
            " 1, and its password travels in the open."
        ),
    )


def _throttled(knock: Knock, case: Case) -> Words:
    return Words(
        _(
            "Too many wrong passwords came for it from %(peer)s: for a while not even the"
            " right one is looked at."
        )
        % {"peer": knock.peer},
        _("Correct the password in the charger, then wait a minute: it tries again by itself."),
    )


def _duplicate(knock: Knock, case: Case) -> Words:
    return Words(
        _(
            "Another connection under this identity is alive, and this one, from "
            "%(peer)s, had no password to prove itself."
        )
        % {"peer": knock.peer},
        _(
            "Two chargers may have the same identity. Give each its own; and give this "
            "one a password, then the newest connection wins."
        ),
    )


def _subprotocol(knock: Knock, case: Case) -> Words:
    offered = knock.said.get("subprotocols", "")
    if not offered:
        return Words(
            _("The charger named no subprotocol: we can't know which OCPP it speaks."),
            _(
                "Choose its OCPP version in its menu (%(spoken)s), or update its "
                "firmware. A model that never names one can be let in by the quirk "
                "missing_subprotocol."
            )
            % {"spoken": SPOKEN},
        )
    return Words(
        _("It asked for %(offered)s only; spoken here are %(spoken)s.")
        % {"offered": offered, "spoken": SPOKEN},
        _("Choose OCPP 1.6 JSON, 2.0.1 or 2.1 in its menu, or update its firmware."),
    )


def _busy(knock: Knock, case: Case) -> Words:
    return Words(
        _("We had no time for it (503): too many came at once, or our database was away."),
        _("Nothing to do at the charger: it tries again by itself."),
    )


AT_THE_DOOR: dict[str, Callable[[Knock, Case], Words]] = {
    "silent": _silent,
    "cut_off": _cut_off,
    "tls_on_plain": _tls_on_plain,
    "plain_on_tls": _plain_on_tls,
    "tls_failed": _tls_failed,
    "tls_certificate": _certificate,
    "certificate": _certificate,
    "not_http": _not_http,
    "no_upgrade": _no_upgrade,
    "bad_upgrade": _bad_upgrade,
    "network": _network,
    "path": _path,
    "unknown": _unknown,
    "username": _username,
    "credentials": _credentials,
    "profile": _profile,
    "throttled": _throttled,
    "duplicate": _duplicate,
    "subprotocol": _subprotocol,
    "busy": _busy,
}
