"""What staff say that vendors' error codes mean, and which codes still need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, QuerySet, Value
from django.db.models.functions import Coalesce, Lower

from monitoring.models import ErrorMeaning, Outage
from monitoring.outages.exclusions import reach

#: How far back codes without a meaning are looked for.
LATELY = timedelta(days=30)
MOST = 50
#: The days of outages with a code that means something else now.
MARK = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT DISTINCT o.charger_id, (o.started AT TIME ZONE 'UTC')::date, %(now)s::timestamptz
  FROM monitoring_outage o
  JOIN inventory_charger c ON c.id = o.charger_id
  JOIN inventory_site s ON s.id = c.site_id
  LEFT JOIN inventory_chargermodel m ON m.id = c.model_id
 WHERE lower(o.error_code) = lower(%(code)s)
   AND (%(vendor)s = '' OR lower(m.vendor) = lower(%(vendor)s))
   AND (%(organisation)s::bigint IS NULL OR s.organisation_id = %(organisation)s)
   AND o.started >= %(since)s
 ORDER BY 1, 2
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code that means nothing yet: how many outages lately had it, and when the last began."""

    vendor: str
    code: str
    outages: int
    last: datetime


def unknown(
    outages: QuerySet[Outage], entered: QuerySet[ErrorMeaning], now: datetime
) -> Sequence[Unknown]:
    """Return the codes of `outages` lately that mean nothing yet, the most frequent first."""
    without = outages.filter(chargex=None, started__gte=now - LATELY).exclude(error_code="")
    named = without.order_by().annotate(vendor=Coalesce("charger__model__vendor", Value("")))
    rows = named.values_list("vendor", "error_code").annotate(
        count=Count("pk"), last=Max("started")
    )
    found = [Unknown(*row) for row in rows.order_by("-count", "vendor", "error_code")[: 10 * MOST]]
    said = {(one.vendor.lower(), one.code.lower()) for one in entered}
    return [one for one in found if not _means(one, said)][:MOST]


def _means(one: Unknown, said: set[tuple[str, str]]) -> bool:
    code = one.code.lower()
    return (one.vendor.lower(), code) in said or ("", code) in said


def known(meanings: QuerySet[ErrorMeaning], text: str) -> QuerySet[ErrorMeaning]:
    """Return the meanings in order, those whose vendor or code has the text in it."""
    ordered = meanings.select_related("organisation").order_by(Lower("vendor"), Lower("code"), "pk")
    if not text:
        return ordered
    return ordered.filter(vendor__icontains=text) | ordered.filter(code__icontains=text)


def recount(meaning: ErrorMeaning, now: datetime) -> None:
    """Have the days of outages with the code computed again, as far back as the record reaches."""
    values = {
        "vendor": meaning.vendor,
        "code": meaning.code,
        "organisation": meaning.organisation_id,
        "since": reach(now),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK, values)
