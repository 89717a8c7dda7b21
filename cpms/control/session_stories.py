"""Who started a session, why it stopped and by whom, and what it costs: told from the record.

Nothing of this is stored: a message that comes late, or a command's answer, may change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from django.db import connection
from django.db.models.functions import Upper
from django.utils.translation import gettext

from cpms.control import session_costs
from cpms.control.cost import Cost
from cpms.control.models import Token
from monitoring import words
from monitoring.models import Session

#: A session begins so long after its remote start was sent: somebody may still have to plug in.
BEGINS_WITHIN = timedelta(minutes=15)
#: It ends so long after what was sent to end it; clocks may differ by a little.
ENDS_WITHIN, CLOCKS_DIFFER = timedelta(minutes=10), timedelta(minutes=2)


class Started(StrEnum):
    """What a session was started by."""

    REMOTE = "remote"
    APP = "app"
    TOKEN = "token"  # noqa: S105 - what it was started with
    CONTRACT = "plug_and_charge"
    VEHICLE = "autocharge"
    KEY_CODE = "key_code"
    NOBODY = "no_token"


class Stopped(StrEnum):
    """What a session was stopped by."""

    RUNNING = "running"
    LOCAL = "local"
    REMOTE = "remote"
    VEHICLE = "vehicle"
    DEAUTHORIZED = "deauthorized"
    FAULT = "fault"
    POWER = "power_loss"
    REBOOT = "reboot"
    LIMIT = "limit"
    ABANDONED = "abandoned"
    OTHER = "other"


#: OCPP 1.6 §7.36 Reason, 2.0.1 §3.67 and 2.1 ReasonEnumType -> what it comes down to.
REASONS: dict[str, Stopped] = {
    "DeAuthorized": Stopped.DEAUTHORIZED,
    "EmergencyStop": Stopped.FAULT,
    "EnergyLimitReached": Stopped.LIMIT,
    "EVDisconnected": Stopped.VEHICLE,
    "GroundFault": Stopped.FAULT,
    "HardReset": Stopped.REBOOT,
    "ImmediateReset": Stopped.REBOOT,
    "Local": Stopped.LOCAL,
    "LocalOutOfCredit": Stopped.LIMIT,
    "MasterPass": Stopped.LOCAL,
    "Other": Stopped.OTHER,
    "OvercurrentFault": Stopped.FAULT,
    "PowerLoss": Stopped.POWER,
    "PowerQuality": Stopped.POWER,
    "Reboot": Stopped.REBOOT,
    "Remote": Stopped.REMOTE,
    "ReqEnergyTransferRejected": Stopped.VEHICLE,
    "SOCLimitReached": Stopped.LIMIT,
    "SoftReset": Stopped.REBOOT,
    "StoppedByEV": Stopped.VEHICLE,
    "TimeLimitReached": Stopped.LIMIT,
    "Timeout": Stopped.OTHER,
    "UnlockCommand": Stopped.REMOTE,
}
#: Kinds of tokens that say how a session was started.
KINDS = {
    Token.Type.EMAID: Started.CONTRACT,
    Token.Type.MAC_ADDRESS: Started.VEHICLE,
    Token.Type.KEY_CODE: Started.KEY_CODE,
}


@dataclass(frozen=True, slots=True)
class Story:
    """A session as people ask after it; names are those of who asked for a command."""

    started: Started
    started_name: str
    stopped: Stopped
    stopped_name: str
    stop_reason: str
    cost: Cost | None

    @property
    def start_words(self) -> str:
        """Return who or what started it."""
        said = {
            Started.REMOTE: gettext("from afar"),
            Started.APP: gettext("by a driver's app"),
            Started.TOKEN: gettext("with a token at the charger"),
            Started.CONTRACT: gettext("by the vehicle's contract (Plug & Charge)"),
            Started.VEHICLE: gettext("by the vehicle itself (Autocharge)"),
            Started.KEY_CODE: gettext("with a PIN at the charger"),
            Started.NOBODY: gettext("without a token"),
        }[self.started]
        return _with(said, self.started_name)

    @property
    def stop_words(self) -> str:
        """Return why it stopped, and by whom; "" while it runs."""
        if self.stopped is Stopped.RUNNING:
            return ""
        if self.stopped is Stopped.ABANDONED:
            return words.flag("abandoned")
        return _with(words.stop_reason(self.stop_reason) or "–", self.stopped_name)


def _with(said: str, name: str) -> str:
    return gettext("%(what)s, by %(who)s") % {"what": said, "who": name} if name else said


def tell(sessions: Sequence[Session], now: datetime) -> dict[int, Story]:
    """Return the story of each session, by its key; chargers with their sites must be fetched.

    Five statements, whatever their number.
    """
    starts, stops = _starts(sessions), _stops(sessions)
    kinds = _kinds(sessions)
    costs = session_costs.of(sessions, now)
    return {
        session.pk: Story(
            *_started(session, starts.get(session.pk), kinds.get(_token(session))),
            *_stopped(session, stops.get(session.pk, "")),
            session.stop_reason,
            costs.get(session.pk),
        )
        for session in sessions
    }


def _started(
    session: Session, command: tuple[str, str] | None, kind: str | None
) -> tuple[Started, str]:
    if command is not None:
        source, name = command
        return (Started.APP if source == "app" else Started.REMOTE), name
    if session.remote_start_id is not None:
        return Started.REMOTE, ""
    if not session.id_token:
        return Started.NOBODY, ""
    return KINDS.get(Token.Type(kind), Started.TOKEN) if kind else Started.TOKEN, ""


def _stopped(session: Session, name: str) -> tuple[Stopped, str]:
    if "abandoned" in session.flags:
        return Stopped.ABANDONED, ""
    if session.ended is None:
        return Stopped.RUNNING, ""
    return REASONS.get(session.stop_reason, Stopped.OTHER), name


def _token(session: Session) -> tuple[int, str]:
    return session.charger.site.organisation_id, session.id_token.upper()


def _kinds(sessions: Sequence[Session]) -> dict[tuple[int, str], str]:
    wanted = {_token(session) for session in sessions if session.id_token}
    if not wanted:
        return {}
    found = Token.objects.alias(folded=Upper("id_token")).filter(
        organisation__in={organisation for organisation, _name in wanted},
        folded__in={name for _organisation, name in wanted},
    )
    rows = found.values_list("organisation_id", "id_token", "type")
    return {(organisation, name.upper()): kind for organisation, name, kind in rows}


_SENT = "c.state IN ('sent', 'accepted', 'timed_out', 'unknown') AND c.sent_at IS NOT NULL"
#: The remote start that a session follows: by its number (2.x), or by token, port and time.
STARTS = f"""
SELECT s.id, last.source, last.requested_by_name
  FROM json_to_recordset(%(rows)s::json)
       AS s (id bigint, charger bigint, token text, evse int, remote text,
             started timestamptz, received timestamptz)
 CROSS JOIN LATERAL (
    SELECT c.source, c.requested_by_name FROM control_command c
     WHERE c.charger_id = s.charger AND {_SENT}
       AND (c.operation = 'start'
            OR c.action IN ('RemoteStartTransaction', 'RequestStartTransaction'))
       AND c.sent_at BETWEEN s.started - %(within)s AND GREATEST(s.received, s.started)
       AND c.requested_at > s.started - interval '2 days' AND c.requested_at <= s.received
       AND CASE WHEN s.remote IS NOT NULL AND c.payload->>'remoteStartId' IS NOT NULL
                THEN c.payload->>'remoteStartId' = s.remote
                ELSE upper(COALESCE(c.request->>'id_token', c.payload->>'idTag')) = upper(s.token)
                     AND COALESCE(c.payload->>'connectorId', c.payload->>'evseId', s.evse::text)
                         IS NOT DISTINCT FROM s.evse::text END
     ORDER BY c.sent_at DESC LIMIT 1) AS last
"""
#: What was sent to end a session, or its port or charger.
STOPS = f"""
SELECT s.id, last.requested_by_name
  FROM json_to_recordset(%(rows)s::json)
       AS s (id bigint, charger bigint, transaction text, reason text,
             started timestamptz, ended timestamptz)
 CROSS JOIN LATERAL (
    SELECT c.requested_by_name FROM control_command c
     WHERE c.charger_id = s.charger AND {_SENT}
       AND c.sent_at BETWEEN s.started AND s.ended + %(differ)s
       AND c.requested_at BETWEEN s.started - interval '2 days' AND s.ended + %(differ)s
       AND CASE s.reason
                WHEN 'Remote' THEN s.transaction
                     = COALESCE(c.payload->>'transactionId', c.request->>'transaction_id')
                WHEN 'UnlockCommand' THEN c.sent_at > s.ended - %(within)s
                     AND (c.operation = 'unlock' OR c.action = 'UnlockConnector')
                ELSE c.sent_at > s.ended - %(within)s
                     AND (c.operation = 'reset' OR c.action = 'Reset') END
     ORDER BY c.sent_at DESC LIMIT 1) AS last
"""
#: Reasons that follow from a command.
COMMANDED = {"Remote", "UnlockCommand", "HardReset", "SoftReset", "ImmediateReset"}


def _starts(sessions: Sequence[Session]) -> dict[int, tuple[str, str]]:
    rows = [
        {
            "id": s.pk,
            "charger": s.charger_id,
            "token": s.id_token,
            "evse": s.evse.number if s.evse else None,
            "remote": None if s.remote_start_id is None else str(s.remote_start_id),
            "started": s.started.isoformat(),
            "received": s.received.isoformat(),
        }
        for s in sessions
    ]
    found = _asked(STARTS, rows, within=BEGINS_WITHIN)
    return {key: (source, name) for key, source, name in found}


def _stops(sessions: Sequence[Session]) -> dict[int, str]:
    rows = [
        {
            "id": s.pk,
            "charger": s.charger_id,
            "transaction": s.transaction_id,
            "reason": s.stop_reason,
            "started": s.started.isoformat(),
            "ended": s.ended.isoformat(),
        }
        for s in sessions
        if s.ended is not None and s.stop_reason in COMMANDED
    ]
    found = _asked(STOPS, rows, within=ENDS_WITHIN, differ=CLOCKS_DIFFER)
    return dict(found)


def _asked(statement: str, rows: list[dict[str, Any]], **values: timedelta) -> list[Any]:
    if not rows:
        return []
    arguments: dict[str, Any] = {"rows": orjson.dumps(rows).decode(), **values}
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()
