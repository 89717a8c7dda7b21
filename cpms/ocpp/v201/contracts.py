"""Contract certificates in Authorize: their chain, and what OCSP says. (2.0.1 part 2, C07)

Without a word from a responder none is taken: a stolen contract would charge on.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cpms.control.outside import ocsp
from cpms.control.outside.allowed import Allowed, of
from cpms.control.outside.ocsp import Question, Standing
from cpms.control.outside.responders import RESPONDERS, Unanswered
from cpms.control.pki import chains
from cpms.ocpp.commands.clerk import Clerk
from cpms.ocpp.notes import WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from monitoring.facts import AuthorizationAsked

#: Questions for one authorization: its hash data, or the certificates of its chain.
MOST_ASKED = 4
REVOKED = "CertificateRevoked"
NOBODY_VOUCHES = (
    "Nobody can tell whether the responder speaks for the certificate's issuer: add the issuer to "
    "the authorities whose contracts count."
)


class Doubtful(Exception):
    """The certificate doesn't count: OCPP's word, and a sentence for people."""

    def __init__(self, word: str, why: str) -> None:
        """Say why."""
        super().__init__(why)
        self.word = word


@dataclass(frozen=True, slots=True)
class Asking:
    """An Authorize with a contract certificate."""

    station: Station
    payload: Answer
    received: datetime
    #: What the token alone would be answered.
    status: str
    info: Answer

    @property
    def id_token(self) -> str:
        """Return the eMAID."""
        return str(self.payload["idToken"]["idToken"])


def comes_with(payload: Answer) -> bool:
    """Tell whether a contract certificate came, or its hashes."""
    return bool(payload.get("certificate") or payload.get("iso15118CertificateHashData"))


def authorize(asking: Asking) -> Outcome:
    """C07: the token counts if its certificate does."""
    return Outcome({}, asks=partial(_authorize, asking))


async def _authorize(asking: Asking, clerk: Clerk) -> Outcome:
    station = asking.station
    allowed = await clerk.do(partial(of, station.organisation_id, asking.received))
    word, why = "Accepted", ""
    try:
        await _check(asking.payload, asking.id_token, allowed)
    except Doubtful as doubt:
        word, why = doubt.word, str(doubt)
    status, info = asking.status, asking.info
    if why:
        status, info = "Invalid", {"status": "Invalid"}
    elif status != "Accepted":
        word = "ContractCancelled"
    fact = AuthorizationAsked(station.id, asking.received, clean(asking.id_token, 255), status)
    reply: Answer = {"idTokenInfo": info, "certificateStatus": word}
    if not why:
        return Outcome(reply, [fact])
    about = note(
        station,
        "contract_refused",
        asking.received,
        _short(asking.payload),
        severity=WARNING,
        code=word,
        text=why,
    )
    return Outcome(reply, [fact, about])


def _short(payload: Answer) -> Answer:
    return {name: value for name, value in payload.items() if name != "certificate"}


async def _check(payload: Answer, id_token: str, allowed: Allowed) -> None:
    """Raise `Doubtful` where the certificate, or what is said of it, isn't in order."""
    chain: Sequence[x509.Certificate] = ()
    if payload.get("certificate"):
        chain = _chain(payload["certificate"], allowed, datetime.now(UTC))
        _check_name(chain[0], id_token)
    questions = [question(one) for one in payload.get("iso15118CertificateHashData", ())]
    asked = [_doubt(one, allowed, chain) for one in questions or _questions(chain)]
    doubts = [doubt for doubt in await asyncio.gather(*asked) if doubt is not None]
    for doubt in sorted(doubts, key=lambda one: one.word != REVOKED):
        raise doubt


def question(data: Answer) -> Question:
    """Return what OCPP's OCSPRequestDataType asks."""
    return Question(
        data["hashAlgorithm"],
        data["issuerNameHash"].lower(),
        data["issuerKeyHash"].lower(),
        data["serialNumber"].lower(),
        data["responderURL"],
    )


def _chain(pem: str, allowed: Allowed, now: datetime) -> list[x509.Certificate]:
    try:
        sent = x509.load_pem_x509_certificates(pem.encode())[: chains.MOST_ABOVE + 1]
    except ValueError:
        raise Doubtful("CertChainError", "The certificate can't be read.") from None
    if any(now > one.not_valid_after_utc for one in sent):
        raise Doubtful("CertificateExpired", "The certificate has expired.")
    found = chains.verified(sent, allowed.authorities, now)
    if found is None:
        why = "No authority whose contracts count here vouches for the certificate."
        raise Doubtful("CertChainError", why)
    return found


def _check_name(leaf: x509.Certificate, id_token: str) -> None:
    """The common name of a contract certificate is its eMAID. (ISO 15118-2 annex F)"""
    named = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not named or _plain(str(named[0].value)) != _plain(id_token):
        raise Doubtful("CertChainError", "The certificate is of another contract.")
    if not isinstance(leaf.public_key(), ec.EllipticCurvePublicKey):
        raise Doubtful("CertChainError", "The certificate's key is of no kind that cars have.")


def _plain(emaid: str) -> str:
    """Return an eMAID for comparison: hyphens and case don't count."""
    return emaid.replace("-", "").strip().upper()


def _questions(chain: Sequence[x509.Certificate]) -> list[Question]:
    """Return what to ask of a chain: of each certificate below the authority that names whom.

    The contract's own must.
    """
    pairs = list(pairwise(chain))[:MOST_ASKED]
    try:
        first = [ocsp.about(*pairs[0])]
    except (ocsp.BadQuestion, IndexError):
        why = "The certificate names no OCSP responder that could be asked."
        raise Doubtful("NoCertificateAvailable", why) from None
    return first + [ocsp.about(*pair) for pair in pairs[1:] if ocsp.responder_of(pair[0])]


async def _doubt(
    asked: Question, allowed: Allowed, chain: Sequence[x509.Certificate]
) -> Doubtful | None:
    """Return what is wrong with a certificate by its responder's word."""
    try:
        verdict = await RESPONDERS.ask(asked, allowed, chain)
    except Unanswered as silence:
        return Doubtful("NoCertificateAvailable", str(silence))
    if verdict.standing is Standing.REVOKED:
        return Doubtful(REVOKED, "The certificate was revoked.")
    if verdict.standing is Standing.UNKNOWN:
        return Doubtful("NoCertificateAvailable", "The responder doesn't know the certificate.")
    if verdict.verified:
        return None
    return Doubtful("CertChainError", NOBODY_VOUCHES)
