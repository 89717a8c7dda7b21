"""The provider of contracts: gets a car's request as it came, returns the answer for the car.

Sent is JSON with the names of the Open Plug&Charge Protocol (OPCP: POST …/signedContractData) and
with ours; the answer is read in either. Nobody here can read or forge what it holds: the car's
request is signed by the car, and the answer is encrypted for it.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cpms.control.outside import fetch
from cpms.control.outside.allowed import Pool

#: Seconds: a pool may have to sign.
PATIENCE = 20.0


class Refused(Exception):
    """The pool gave nothing for the car; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a car wants."""

    #: Install or Update.
    action: str
    #: The version of ISO 15118's messages, as a namespace.
    schema: str
    #: Base64 of EXI.
    request: str
    #: 2.1: how many chains at most, and of which contracts first.
    most: int | None = None
    first: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        """Return the body of the request."""
        name = "certificateInstallationReq" if self.action == "Install" else "certificateUpdateReq"
        said: dict[str, Any] = {
            name: self.request,
            "xsdMsgDefNamespace": self.schema,
            "action": self.action,
            "exiRequest": self.request,
            "iso15118SchemaVersion": self.schema,
        }
        if self.most is not None:
            said["maximumContractCertificateChains"] = self.most
        if self.first:
            said["prioritizedEMAIDs"] = list(self.first)
        return json.dumps(said).encode()


@dataclass(frozen=True, slots=True)
class Given:
    """What the pool gives."""

    #: Base64 of EXI.
    response: str
    #: 2.1: contracts that could be installed besides.
    remaining: int | None = None


async def ask(pool: Pool, wanted: Wanted, longest: int) -> Given:
    """Return what the pool gives, of at most `longest` characters; raise `Refused`."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if pool.token:
        headers["Authorization"] = f"Bearer {pool.token}"
    try:
        reply = await fetch.post(pool.url, wanted.encoded(), headers, patience=PATIENCE)
    except fetch.Unreachable as problem:
        raise Refused(str(problem)) from None
    if reply.status != 200:
        raise Refused(f"The provider of contracts answered with HTTP status {reply.status}.")
    return _given(reply.body, longest)


def _given(body: bytes, longest: int) -> Given:
    try:
        said = json.loads(body)
        response = _response(said)
        base64.b64decode(response, validate=True)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, binascii.Error):
        raise Refused("The provider's answer can't be read.") from None
    if not response:
        raise Refused("The provider's answer is empty.")
    if len(response) > longest:
        raise Refused(f"The provider's answer is longer than {longest} characters.")
    remaining = said.get("remainingContracts")
    fine = isinstance(remaining, int) and not isinstance(remaining, bool) and remaining >= 0
    return Given(response, remaining if fine else None)


def _response(said: Any) -> str:
    """Return the answer for the car, of ours or of OPCP's names."""
    if "exiResponse" in said:
        return str(said["exiResponse"])
    message = said["CCPResponse"]["emaidContent"][0]["messageDef"]
    found = message.get("certificateInstallationRes") or message["certificateUpdateRes"]
    return str(found)
