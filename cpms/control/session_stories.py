"""Who started a session, why it stopped and by whom, and what it costs: told from the record.

Nothing of this is stored: a message that comes late, or a command's answer, may change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.utils.translation import gettext

from cpms.control.cost import Cost, Prices, Use, cost
from cpms.control.models import Token
from monitoring import words
from monitoring.models import Session

#: A session begins so long after its remote start was sent: somebody may still have to plug in.
BEGINS_WITHIN = timedelta(minutes=15)
#: It ends so long after what was sent to end it; clocks may differ by a little.
ENDS_WITHIN, CLOCKS_DIFFER = timedelta(minutes=10), timedelta(minutes=2)

#: A port shows that it charges this long before or after its session says so, at most.
AROUND = timedelta(minutes=5)


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

    One statement, whatever their number.
    """
    found = _found(sessions, now)
    return {
        session.pk: Story(
            *_started(session, found[session.pk]),
            *_stopped(session, found[session.pk]),
            session.stop_reason,
            _cost(session, found[session.pk], now),
        )
        for session in sessions
    }


class Found(NamedTuple):
    """What the record has of a session: commands, by whom, and the kind of its token."""

    source: str | None = None
    started_name: str | None = None
    stopped_name: str | None = None
    kind: str | None = None
    #: When its port last ended charging, by the port's own status.
    charged_until: datetime | None = None
    #: The prices that held when it began, as `PRICES` has them.
    prices: tuple[Any, ...] = ()


def _started(session: Session, found: Found) -> tuple[Started, str]:
    if found.source is not None:
        return (Started.APP if found.source == "app" else Started.REMOTE), found.started_name or ""
    if session.remote_start_id is not None:
        return Started.REMOTE, ""
    if not session.id_token:
        return Started.NOBODY, ""
    kind = found.kind
    return KINDS.get(Token.Type(kind), Started.TOKEN) if kind else Started.TOKEN, ""


def _stopped(session: Session, found: Found) -> tuple[Stopped, str]:
    if "abandoned" in session.flags:
        return Stopped.ABANDONED, ""
    if session.ended is None:
        return Stopped.RUNNING, ""
    return REASONS.get(session.stop_reason, Stopped.OTHER), found.stopped_name or ""


def _cost(session: Session, found: Found, now: datetime) -> Cost | None:
    """Return what it costs so far, or in the end; None where no tariff held."""
    if not found.prices or found.prices[0] is None:
        return None
    terms = dict(zip(PRICES, found.prices, strict=True))
    held = Prices(**{**terms, "idle_grace": timedelta(minutes=terms["idle_grace"])})
    until = _until(session, now)
    return cost(held, Use(session.started, until, session.energy, found.charged_until))


def _until(session: Session, now: datetime) -> datetime:
    return session.ended or max(now, session.started)


_SENT = "c.state IN ('sent', 'accepted', 'timed_out', 'unknown') AND c.sent_at IS NOT NULL"
#: The remote start that a session follows: by its number (2.x), or by token, port and time.
_START = f"""
    SELECT c.source, c.requested_by_name FROM control_command c
     WHERE c.charger_id = s.charger AND {_SENT}
       AND (c.operation = 'start'
            OR c.action IN ('RemoteStartTransaction', 'RequestStartTransaction'))
       AND c.sent_at BETWEEN s.started - %(begins)s AND GREATEST(s.received, s.started)
       AND c.requested_at > s.started - interval '2 days' AND c.requested_at <= s.received
       AND CASE WHEN s.remote IS NOT NULL AND c.payload->>'remoteStartId' IS NOT NULL
                THEN c.payload->>'remoteStartId' = s.remote
                ELSE upper(COALESCE(c.request->>'id_token', c.payload->>'idTag')) = s.token
                     AND COALESCE(c.payload->>'connectorId', c.payload->>'evseId', s.evse::text)
                         IS NOT DISTINCT FROM s.evse::text END
     ORDER BY c.sent_at DESC LIMIT 1
"""
#: What was sent to end a session, or its port or charger.
_STOP = f"""
    SELECT c.requested_by_name FROM control_command c
     WHERE s.commanded AND c.charger_id = s.charger AND {_SENT}
       AND c.sent_at BETWEEN s.started AND s.ended + %(differ)s
       AND c.requested_at BETWEEN s.started - interval '2 days' AND s.ended + %(differ)s
       AND CASE s.reason
                WHEN 'Remote' THEN s.transaction
                     = COALESCE(c.payload->>'transactionId', c.request->>'transaction_id')
                WHEN 'UnlockCommand' THEN c.sent_at > s.ended - %(ends)s
                     AND (c.operation = 'unlock' OR c.action = 'UnlockConnector')
                ELSE c.sent_at > s.ended - %(ends)s
                     AND (c.operation = 'reset' OR c.action = 'Reset') END
     ORDER BY c.sent_at DESC LIMIT 1
"""
#: In the order of `cost.Prices`.
PRICES = ("currency", "decimals", "energy", "minute", "session", "idle_minute", "idle_grace", "vat")
#: The tariff that held when a session began.
_TARIFF = f"""
    SELECT {", ".join(PRICES)} FROM control_tariff
     WHERE site_id = s.site AND valid_from <= s.started ORDER BY valid_from DESC LIMIT 1
"""
#: When the port of a session that costs something last ended charging; only its status tells.
_CHARGED = """
    SELECT ended FROM monitoring_statusspan
     WHERE tariff.currency IS NOT NULL AND evse_id = s.evse_id
       AND started >= s.started - %(around)s AND started < s.until
       AND status IN ('Charging', 'SuspendedEVSE')
     ORDER BY started DESC LIMIT 1
"""
FOUND = f"""
SELECT s.id, start.source, start.requested_by_name, stop.requested_by_name, t.type,
       charged.ended, {", ".join(f"tariff.{name}" for name in PRICES)}
  FROM json_to_recordset(%(rows)s::json)
       AS s (id bigint, charger bigint, site bigint, organisation bigint, transaction text,
             token text, evse int, evse_id bigint, remote text, reason text, commanded boolean,
             started timestamptz, ended timestamptz, received timestamptz, until timestamptz)
  LEFT JOIN LATERAL ({_START}) AS start ON true
  LEFT JOIN LATERAL ({_STOP}) AS stop ON true
  LEFT JOIN LATERAL ({_TARIFF}) AS tariff ON true
  LEFT JOIN LATERAL ({_CHARGED}) AS charged ON true
  LEFT JOIN control_token t ON t.organisation_id = s.organisation AND upper(t.id_token) = s.token
"""
#: Reasons that follow from a command.
COMMANDED = {"Remote", "UnlockCommand", "HardReset", "SoftReset", "ImmediateReset"}


def _found(sessions: Sequence[Session], now: datetime) -> dict[int, Found]:
    if not sessions:
        return {}
    arguments: dict[str, Any] = {
        "rows": orjson.dumps([_row(session, now) for session in sessions]).decode(),
        "begins": BEGINS_WITHIN,
        "ends": ENDS_WITHIN,
        "differ": CLOCKS_DIFFER,
        "around": AROUND,
    }
    with connection.cursor() as cursor:
        cursor.execute(FOUND, arguments)
        return {row[0]: Found._make((*row[1:6], row[6:])) for row in cursor.fetchall()}


def _row(session: Session, now: datetime) -> dict[str, Any]:
    remote = session.remote_start_id
    return {
        "id": session.pk,
        "charger": session.charger_id,
        "site": session.charger.site_id,
        "organisation": session.charger.site.organisation_id,
        "transaction": session.transaction_id,
        "token": session.id_token.upper(),
        "evse": session.evse.number if session.evse else None,
        "evse_id": session.evse_id,
        "remote": None if remote is None else str(remote),
        "reason": session.stop_reason,
        "commanded": session.ended is not None and session.stop_reason in COMMANDED,
        "started": session.started.isoformat(),
        "ended": session.ended.isoformat() if session.ended else None,
        "received": session.received.isoformat(),
        "until": _until(session, now).isoformat(),
    }
