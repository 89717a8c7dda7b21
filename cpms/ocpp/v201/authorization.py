"""Authorize, and what is said of a token wherever one is presented. (OCPP 2.0.1 part 2, C)"""

from datetime import datetime

from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import say
from cpms.ocpp.v201 import contracts
from cpms.ocpp.v201.contracts import Asking
from cpms.ocpp.v201.cost import personal_message
from monitoring.facts import AuthorizationAsked


def authorize(station: Station, payload: Answer, received: datetime) -> Outcome:
    """C01: answered from the tokens; starts an attempt."""
    token = payload["idToken"]
    status, info = id_token_info(station, token, received)
    if status == "Accepted":
        info |= personal_message(station, received)
    if contracts.comes_with(payload):
        return contracts.authorize(Asking(station, payload, received, status, info))
    fact = AuthorizationAsked(station.id, received, clean(token["idToken"], 255), status)
    return Outcome({"idTokenInfo": info}, [fact])


def id_token_info(
    station: Station, id_token: Answer, now: datetime, starting: str = ""
) -> tuple[str, Answer]:
    """Return the status of a token, and its IdTokenInfo with expiry and group where known.

    `starting`: the transaction that it is presented to start.
    """
    if id_token["type"] == "NoAuthorization":  # C02: a button was pressed, there is no token
        return "Accepted", {"status": "Accepted"}
    status, token = station.authorize(id_token["idToken"], now, starting)
    info: Answer = {"status": status}
    if token is not None and token.expires_at is not None:
        info["cacheExpiryDateTime"] = say(token.expires_at)
    if token is not None and token.group:
        info["groupIdToken"] = {"idToken": token.group[:36], "type": "Central"}
    if token is not None and token.language:
        info["language1"] = token.language
    return status, info
