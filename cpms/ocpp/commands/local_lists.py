"""Local lists on the wire: an update as messages, none longer than the charger takes, and what
follows from its answers. (OCPP 1.6 §5.10, §5.15; 2.0.1 part 2, D)
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from cpms.control import list_contents, local_lists
from cpms.control.list_contents import Entry, Update
from cpms.control.models import Command, LocalList
from cpms.control.operations import BadRequest
from cpms.control.operations.local_lists import SendLocalList
from cpms.control.settlement import Ending
from cpms.ocpp.commands.translation import Call
from cpms.ocpp.text import clean
from cpms.ocpp.times import say
from inventory.models import Charger
from monitoring.models import ReportedVariable

Payload = dict[str, Any]
State, Trouble = Command.State, LocalList.Trouble
ACTION = "SendLocalList"
#: Entries in one message where the charger doesn't say how many it takes.
USUAL = 50
#: Where it does. (OCPP 1.6 §9.4.3; 2.0.1 part 2, §2.6)
MOST_ITEMS = ("SendLocalListMaxLength", "ItemsPerMessage")
MOST_BYTES = "BytesPerMessage"
#: Bytes of a CALL around its list.
ENVELOPE = 150
#: Entries that are kept of one message, whoever wrote it.
MOST_KEPT = 5_000
#: More than a version's column holds.
LARGEST_VERSION = 2**31 - 1


def compose(charger_id: int, asked: SendLocalList, version: str, now: datetime) -> list[Call]:
    """Return the messages of an update as it is at `now`; raise `BadRequest` for none."""
    charger = Charger.objects.select_related("site").get(pk=charger_id)
    charger.ocpp_version = version
    update = list_contents.update(charger, asked, now)
    if not update.full and not update.put and not update.removed:
        raise BadRequest("There is nothing to send: the list is as it is to be.")
    return list(_messages(update, version, *_room(charger_id, version)))


def _room(charger_id: int, version: str) -> tuple[int, int]:
    """Return how many entries and bytes one message may have."""
    said = dict(
        ReportedVariable.objects.filter(
            charger=charger_id, evse=0, attribute="Actual",
            component="" if version == "1.6" else "LocalAuthListCtrlr",
            variable__in=(*MOST_ITEMS, MOST_BYTES),
        ).values_list("variable", "value")
    )  # fmt: skip
    items = next((n for name in MOST_ITEMS if (n := _number(said.get(name)))), USUAL)
    return items, _number(said.get(MOST_BYTES)) or 2**31


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else 0


def _messages(update: Update, version: str, items: int, size: int) -> Iterator[Call]:
    """Yield the messages: the first replaces the list if it is a full update, others add."""
    put = [_put(entry, version) for entry in update.put]
    rows = put + [_gone(entry, version) for entry in update.removed]
    number, full = update.version, update.full
    for part in _parts(rows, items, size):
        yield _message(version, number, part, full=full)
        number, full = number + 1, False


def _parts(rows: list[Payload], items: int, size: int) -> Iterator[list[Payload]]:
    part: list[Payload] = []
    filled = ENVELOPE
    for row in rows:
        more = len(orjson.dumps(row)) + 1
        if part and (len(part) >= items or filled + more > size):
            yield part
            part, filled = [], ENVELOPE
        part.append(row)
        filled += more
    yield part


def _message(version: str, number: int, rows: list[Payload], *, full: bool) -> Call:
    name = "listVersion" if version == "1.6" else "versionNumber"
    payload: Payload = {name: number, "updateType": "Full" if full else "Differential"}
    if rows:
        payload["localAuthorizationList"] = rows
    return Call(ACTION, payload)


def _put(entry: Entry, version: str) -> Payload:
    return _put16(entry) if version == "1.6" else _put2(entry)


def _put16(entry: Entry) -> Payload:
    info: Payload = {"status": entry.status}
    if entry.expires:
        info["expiryDate"] = say(datetime.fromisoformat(entry.expires))
    if entry.group:
        info["parentIdTag"] = entry.group[:20]
    return {"idTag": entry.id_token, "idTagInfo": info}


def _put2(entry: Entry) -> Payload:
    info: Payload = {"status": entry.status}
    if entry.expires:
        info["cacheExpiryDateTime"] = say(datetime.fromisoformat(entry.expires))
    if entry.group:
        info["groupIdToken"] = {"idToken": entry.group[:36], "type": "Central"}
    if entry.language:
        info["language1"] = entry.language
    return {"idToken": {"idToken": entry.id_token, "type": entry.type}, "idTokenInfo": info}


def _gone(entry: Entry, version: str) -> Payload:
    if version == "1.6":
        return {"idTag": entry.id_token}
    return {"idToken": {"idToken": entry.id_token, "type": entry.type}}


# What follows from the answers.


def sent(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep what the charger holds now, or why it didn't take it; mend a mismatch once."""
    full = payload.get("updateType") == "Full"
    number = payload.get("listVersion", payload.get("versionNumber"))
    if not isinstance(number, int) or not 0 <= number <= LARGEST_VERSION:
        return
    if ending.state == State.ACCEPTED:
        put, gone = _read(payload.get("localAuthorizationList") or [])
        local_lists.accepted(command.charger, ending.at, number, put, gone, full=full)
    elif ending.result == "VersionMismatch":
        ours = command.operation == SendLocalList.name
        if ours:
            local_lists.mismatched(command.charger, full=full)
        else:
            local_lists.refused(command.charger, Trouble.MISMATCH)
    elif ending.state == State.NOT_SUPPORTED:
        local_lists.refused(command.charger, Trouble.NOT_SUPPORTED)
    elif ending.state in {State.FAILED, State.REJECTED}:
        local_lists.refused(command.charger, Trouble.FAILED)


def _read(rows: list[Payload]) -> tuple[list[Entry], list[str]]:
    """Return what a message puts on a list, and takes off it."""
    put, gone = [], []
    for row in rows[:MOST_KEPT]:
        token = row.get("idToken") or {"idToken": row.get("idTag"), "type": "ISO14443"}
        info = row.get("idTagInfo") or row.get("idTokenInfo")
        name = clean(token["idToken"], 255)
        if info is None:
            gone.append(name.upper())
        else:
            put.append(_entry(name, token["type"], info))
    return put, gone


def _entry(name: str, kind: str, info: Payload) -> Entry:
    expires = info.get("expiryDate") or info.get("cacheExpiryDateTime")
    group = info.get("parentIdTag") or (info.get("groupIdToken") or {}).get("idToken") or ""
    return Entry(
        name, kind, info["status"], _moment(expires), group, str(info.get("language1") or "")
    )


def _moment(said: str | None) -> str | None:
    """Return a time as tokens have it, so that what was sent equals what is wanted."""
    try:
        return datetime.fromisoformat(said).isoformat() if said else None
    except ValueError:
        return said


def asked(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep the version that the charger says."""
    said = ending.response or {}
    number = said.get("listVersion", said.get("versionNumber"))
    if isinstance(number, int) and -1 <= number <= LARGEST_VERSION:
        local_lists.reported(command.charger, number, ending.at)
    elif ending.state == State.NOT_SUPPORTED:
        local_lists.reported(command.charger, -1, ending.at)
