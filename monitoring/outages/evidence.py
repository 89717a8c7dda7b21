"""What the record tells of outages' beginnings: their causes, and the rows that prove them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Lower

from monitoring.models import ErrorMeaning
from monitoring.outages.causes import Circumstances, cause_of
from monitoring.outages.chargex import Known, Meaning, meaning, own_code
from monitoring.outages.kinds import Cause, Kind

#: Keys of each kind of evidence that a row keeps.
MOST_KEYS = 3
#: Most codes entered by staff that are read.
MOST_MEANINGS = 10_000

CIRCUMSTANCES = f"""
SELECT n.place, s.organisation_id, COALESCE(m.vendor, ''), spans.found, gone.found, back.found,
       boot.reason,
       EXISTS (SELECT 1 FROM monitoring_event e
                WHERE e.charger_id = n.charger AND e.kind = 'firmware_status'
                  AND e.at BETWEEN n.start - interval '15 min' AND n.start + interval '5 min'
                  AND e.code IN ('Installing', 'InstallRebooting', 'Installed')),
       stop.reason, told.found, tried.found
  FROM (SELECT place, evse, charger, kind, to_timestamp(start) AS start, to_timestamp(till) AS till
          FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::text[], %s::float8[], %s::float8[])
               AS n (place, evse, charger, kind, start, till)) n
  JOIN inventory_charger c ON c.id = n.charger
  JOIN inventory_site s ON s.id = c.site_id
  LEFT JOIN inventory_chargermodel m ON m.id = c.model_id
  LEFT JOIN LATERAL (
       SELECT json_agg(json_build_array(id, status, error_code, vendor_error_code, info)
                       ORDER BY started) AS found
         FROM ((SELECT * FROM monitoring_statusspan
                 WHERE evse_id = n.evse AND started <= n.start ORDER BY started DESC LIMIT 1)
               UNION ALL
               (SELECT * FROM monitoring_statusspan
                 WHERE evse_id = n.evse AND started > n.start AND started < n.till
                 ORDER BY started LIMIT {MOST_KEYS})) x
        WHERE status IN ('Faulted', 'Unavailable') AND (ended IS NULL OR ended > n.start)
       ) spans ON true
  LEFT JOIN LATERAL (
       SELECT json_build_array(id, close_reason, closed IS NULL) AS found
         FROM monitoring_connectionspan
        WHERE charger_id = n.charger AND opened < n.start ORDER BY opened DESC LIMIT 1
       ) gone ON n.kind = 'offline'
  LEFT JOIN LATERAL (
       SELECT json_agg(id) AS found
         FROM (SELECT id FROM monitoring_connectionspan
                WHERE charger_id = n.charger AND opened >= n.start AND opened <= n.till
                ORDER BY opened LIMIT {MOST_KEYS - 1}) x
       ) back ON n.kind = 'offline'
  LEFT JOIN LATERAL (
       SELECT text AS reason FROM monitoring_event
        WHERE charger_id = n.charger AND kind = 'boot' AND at >= n.start
          AND at <= n.till + interval '5 min'
        ORDER BY at LIMIT 1
       ) boot ON n.kind = 'offline'
  LEFT JOIN LATERAL (
       SELECT stop_reason AS reason FROM monitoring_session
        WHERE charger_id = n.charger AND evse_id = n.evse
          AND ended BETWEEN n.start - interval '10 s' AND n.start + interval '10 s'
        ORDER BY ended LIMIT 1
       ) stop ON true
  LEFT JOIN LATERAL (
       SELECT json_build_array(code, text) AS found FROM monitoring_event
        WHERE charger_id = n.charger AND kind = 'device_event' AND severity <= 5
          AND (evse_id IS NULL OR evse_id = n.evse)
          AND at BETWEEN n.start - interval '30 s' AND n.start + interval '30 s'
        ORDER BY severity, at LIMIT 1
       ) told ON n.kind <> 'silent'
  LEFT JOIN LATERAL (
       SELECT json_agg(id) AS found
         FROM (SELECT id FROM monitoring_attempt
                WHERE evse_id = n.evse AND ended > n.start AND started < n.till
                ORDER BY ended LIMIT {MOST_KEYS}) x
       ) tried ON n.kind = 'silent'
"""


class Asked(NamedTuple):
    """An outage to tell of, [start, till), and its port and charger."""

    port: int
    charger: int
    kind: Kind
    start: float
    till: float


class Told(NamedTuple):
    """What a row says of why."""

    cause: Cause = Cause.UNKNOWN
    error_code: str = ""
    chargex: int | None = None
    evidence: Mapping[str, Sequence[int]] = {}


NOTHING = Told()


def told(asked: Sequence[Asked], now: datetime) -> list[Told]:
    """Return what the record tells of each outage; two queries, however many they are."""
    if not asked:
        return []
    rows = [(place, *one[:2], one.kind.value, *one[3:]) for place, one in enumerate(asked)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(CIRCUMSTANCES, columns)
        said = {place: row for place, *row in cursor.fetchall()}
    codes = {code.lower() for row in said.values() for code in _codes(row[2] or (), row[8])[:2]}
    known = _entered({row[0] for row in said.values()}, codes - {""})
    return [
        _told(one, said[place], known) if place in said else NOTHING
        for place, one in enumerate(asked)
    ]


def _entered(organisations: set[int], codes: set[str]) -> Mapping[int, Sequence[Known]]:
    """Return what staff have entered for the codes, by organisation: its own before any's."""
    found: dict[int, list[Known]] = {key: [] for key in organisations}
    if not codes:
        return found
    owners = Q(organisation=None) | Q(organisation__in=organisations)
    entered = ErrorMeaning.objects.filter(owners).alias(folded=Lower("code"))
    entered = entered.filter(folded__in=codes).order_by(
        F("organisation").asc(nulls_last=True), "-vendor", "code"
    )
    for one in entered[:MOST_MEANINGS]:
        cause = Cause(one.cause) if one.cause else None
        known = Known(one.vendor, one.code, Meaning(one.chargex, cause, one.text))
        for key in organisations if one.organisation_id is None else {one.organisation_id}:
            found[key].append(known)
    return found


def _told(one: Asked, row: Sequence[Any], entered: Mapping[int, Sequence[Known]]) -> Told:
    organisation, vendor, spans, gone, back, boot, updating, stop, event, tried = row
    error, vendor_error, info = _codes(spans or (), event)
    means = meaning(error, vendor_error, info, vendor, entered[organisation])
    code = own_code(error, vendor_error)
    known = Circumstances(
        kind=one.kind,
        lasted=one.till - one.start,
        close_reason=_close_reason(gone),
        booted=boot is not None,
        boot_reason=boot or "",
        updating=updating,
        error_code=code,
        meaning=means,
        stop_reason=stop or "",
    )
    evidence = {
        "spans": [span[0] for span in spans or ()][:MOST_KEYS],
        "connections": [*(gone or ())[:1], *(back or ())],
        "attempts": tried or [],
    }
    kept = {name: keys for name, keys in evidence.items() if keys}
    return Told(cause_of(known), code[:50], means.chargex, kept)


def _codes(spans: Sequence[Sequence[Any]], event: Sequence[str] | None) -> tuple[str, str, str]:
    """Return error code, vendor's code and text: of the first status that has one, or an event."""
    for _key, _status, error, vendor_error, info in spans:
        if own_code(error, vendor_error):
            return error, vendor_error, info
    if event is not None:
        return event[0], "", event[1]
    return "", "", spans[0][4] if spans else ""


def _close_reason(gone: Sequence[Any] | None) -> str:
    """Return why the connection before ended: left open it was by a gateway that died."""
    if gone is None:
        return ""
    _key, reason, left_open = gone
    return "gateway_died" if left_open else reason or "lost"
