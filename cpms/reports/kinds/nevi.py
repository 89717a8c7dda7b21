"""The quarterly submission of the U.S. NEVI programme, 23 CFR 680.112(a).

(a)(1), (2): identifiers of station and port; (3)-(5): each session's start, end, energy and
peak power, and the error codes of unsuccessful ones; (7): uptime, T_outage and T_excluded of
each port for each month by 680.116(b), whose uptime is calculated monthly for the twelve
months before; (8): the minutes of each outage. How a session was paid, (a)(6), isn't known
here: its column is there and empty.
"""

from collections.abc import Iterator
from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import blocks, reading, words
from cpms.reports.kinds.about import foot
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.parts import Facts
from cpms.reports.kinds.tables import (
    PLACE,
    Row,
    exclusions_sheet,
    minutes,
    outages_sheet,
    percent,
    place,
)
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Column, Document, Heading, Table, Text
from cpms.reports.schedule import Every, add_months, months
from cpms.reports.sheets import Sheet, Tick
from inventory.models import Evse
from monitoring.kpis.attempts import Outcome
from monitoring.lenses import nevi
from monitoring.lenses.standards import STANDARDS, uptime
from monitoring.models import Attempt, DailyKpi, Session

YEAR = 12
#: Ports that the paper lists, those with the least uptime; the tables have all.
MOST_PORTS = 40
#: Chargers whose attempts are in memory at once.
FEW = 25
Port = tuple[Evse, dict[date, reading.PortTime]]


def sheets(order: Order) -> list[Sheet]:
    """Return the submission's tables."""
    return [
        Sheet("uptime", _("Uptime by month"), (*PLACE, *UPTIME), lambda: _uptime(order), 1_000),
        _outages(order),
        Sheet("sessions", _("Sessions"), (*PLACE, *SESSION), lambda: _sessions(order), 10_000),
        Sheet("summary", _("Summary by port"), (*PLACE, *SUMMARY), lambda: _summary(order), 1_000),
        exclusions_sheet(order),
    ]


UPTIME = (
    "month", "uptime_percent", "t_outage_minutes", "t_excluded_minutes", "month_minutes",
    "no_data_minutes", "uptime_12_months_percent", "t_outage_12_months_minutes",
    "t_excluded_12_months_minutes", "window_12_months_minutes",
)  # fmt: skip


def ports(order: Order) -> Iterator[Port]:
    """Yield the ports of sites under the rule with their months, a year before the window too."""
    first = add_months(order.first.replace(day=1), 1 - YEAR)
    for evse, by_month in reading.months_of(order, first, order.end):
        if any(time.under for time in by_month.values()):
            yield evse, by_month


def _uptime(order: Order) -> Iterator[Row]:
    for evse, by_month in ports(order):
        for month in months(order.first, order.end):
            here = by_month.get(month, reading.PortTime())
            year = rolling(by_month, month)
            yield (
                *place(evse), f"{month:%Y-%m}", percent(uptime(nevi.NAME, here.seen).value),
                minutes(here.seen.outage), minutes(here.seen.excluded),
                minutes(here.seen.window), minutes(here.no_data),
                percent(uptime(nevi.NAME, year.seen).value), minutes(year.seen.outage),
                minutes(year.seen.excluded), minutes(year.seen.window),
            )  # fmt: skip


def rolling(by_month: dict[date, reading.PortTime], month: date) -> reading.PortTime:
    """Return the port's time in the twelve months that end with `month`, 680.116(b)(2)."""
    return reading.whole(by_month, nevi.window(month)[0], add_months(month, 1))


SUMMARY = (
    "uptime_12_months_percent", "meets_more_than_97_percent", "t_outage_minutes",
    "t_excluded_minutes", "window_minutes", "no_data_minutes", "sessions", "energy_kwh",
)  # fmt: skip


def _summary(order: Order) -> Iterator[Row]:
    last = list(months(order.first, order.end))[-1]
    used = _use(order)
    for evse, by_month in ports(order):
        year = rolling(by_month, last)
        value = uptime(nevi.NAME, year.seen).value
        met = STANDARDS[nevi.NAME].met(value)
        sessions, energy = used.get(evse.pk, (0, 0.0))
        yield (
            *place(evse), percent(value), {True: "yes", False: "no", None: ""}[met],
            minutes(year.seen.outage), minutes(year.seen.excluded), minutes(year.seen.window),
            minutes(year.no_data), sessions, round(energy / 1_000, 3),
        )  # fmt: skip


def _use(order: Order) -> dict[int, tuple[int, float]]:
    """Return sessions and Wh of each port in the window."""
    rows = DailyKpi.objects.filter(
        charger__in=order.chargers(), day__gte=order.first, day__lt=order.end
    )
    sums = rows.order_by().values_list("evse_id").annotate(Sum("sessions"), Sum("energy"))
    return {key: (sessions, energy) for key, sessions, energy in sums.iterator(5_000)}


def _outages(order: Order) -> Sheet:
    def rows() -> Iterator[Row]:
        under = {evse.pk for evse, _months in ports(order)}
        yield from outages_sheet(order, under).rows()

    whole = outages_sheet(order)
    return Sheet(whole.name, whole.title, whole.columns, rows, whole.about)


SESSION = (
    "session_id", "started", "ended", "energy_kwh", "peak_power_kw", "successful", "outcome",
    "error_codes", "payment_method",
)  # fmt: skip


def _sessions(order: Order) -> Iterator[Row]:
    under = {evse.pk for evse, _months in ports(order)}
    for chargers in reading.batches(order):
        here = {evse.pk: evse for evse in reading.ports_of(chargers) if evse.pk in under}
        for start in range(0, len(chargers), FEW):
            some = chargers[start : start + FEW]
            attempts = {
                attempt.session_id or -attempt.pk: attempt
                for attempt in reading.attempts_of(order, some)
            }
            for session in reading.sessions_of(order, some):
                attempt = attempts.pop(session.pk, None)
                if session.evse_id in here:
                    yield (*place(here[session.evse_id]), *_session(session, attempt))
            for attempt in attempts.values():
                if attempt.evse_id in here and attempt.session_id is None and _failed(attempt):
                    yield (*place(here[attempt.evse_id]), *_attempt(attempt))


def _failed(attempt: Attempt) -> bool:
    """Tell whether it is an unsuccessful session; a refused token never was one."""
    return attempt.outcome not in (Outcome.SUCCESS, Outcome.REFUSED)


def _session(session: Session, attempt: Attempt | None) -> Row:
    failed = attempt is not None and _failed(attempt)
    energy = None if session.energy is None else round(session.energy / 1_000, 3)
    peak = None if session.peak_power is None else round(session.peak_power / 1_000, 3)
    return (
        session.transaction_id, session.started, session.ended, energy, peak,
        "" if attempt is None else "no" if failed else "yes",
        attempt.outcome if attempt else "", _codes(attempt) if failed else "", None,
    )  # fmt: skip


def _attempt(attempt: Attempt) -> Row:
    """Return an unsuccessful session that never became a transaction."""
    return (None, attempt.started, attempt.ended, 0.0, None, "no", attempt.outcome,
            _codes(attempt), None)  # fmt: skip


def _codes(attempt: Attempt | None) -> str:
    return (attempt.detail or attempt.outcome) if attempt else ""


def document(order: Order, facts: Facts, tick: Tick) -> Document:
    """Return the summary by port on paper."""
    rows, met, judged = _paper(order, tick)
    said = _("%(met)s of %(judged)s ports had an average uptime of more than 97 %% over the twelve "
             "months that end with %(month)s (23 CFR 680.116(b)).")  # fmt: skip
    last = list(months(order.first, order.end))[-1]
    sentence = said % {"met": words.number(met), "judged": words.number(judged),
                       "month": words.window(last, add_months(last, 1))}  # fmt: skip
    table = Table(
        [
            Column(_("Port"), 2.4), Column(_("Station"), 2.6),
            Column(_("Uptime, 12 months"), 1.5, right=True),
            Column(_("T_outage, min"), 1.3, right=True),
            Column(_("T_excluded, min"), 1.3, right=True),
            Column(_("T, min"), 1.2, right=True), Column("> 97 %", 0.8, right=True),
        ],
        [row[1] for row in rows], _("No port is at a site under these rules."),
        _("The ports with the least uptime; all of them are in the tables.")
        if judged > len(rows) else "",
    )  # fmt: skip
    return Document(
        order.title, _("Submission of 23 CFR 680.112(a), summary by port"),
        order.organisation.name, blocks.logo(order), order.language, foot(order), facts,
        [
            Heading(_("Ports")), Text(sentence), table, Heading(_("Exclusions")),
            *blocks.exclusions(order), Heading(_("The tables of the submission")),
            Text(_("uptime: 680.112(a)(1), (2), (7) · outages: (8) · sessions: (3), (4), (5); (6), "
                   "how a session was paid, isn't known to Kilowatch and is left empty."),
                 small=True),
        ],
    )  # fmt: skip


def _paper(order: Order, tick: Tick) -> tuple[list[tuple[float, list[str]]], int, int]:
    last = list(months(order.first, order.end))[-1]
    rows: list[tuple[float, list[str]]] = []
    met = judged = 0
    for evse, by_month in ports(order):
        year = rolling(by_month, last)
        value = uptime(nevi.NAME, year.seen).value
        good = STANDARDS[nevi.NAME].met(value)
        judged += good is not None
        met += good is True
        rows.append((2.0 if value is None else value, [
            reading.port_id(evse), evse.charger.site.name, words.share(value, 3),
            words.number(year.seen.outage / 60, 1), words.number(year.seen.excluded / 60, 1),
            words.number(year.seen.window / 60), {True: _("yes"), False: _("no"), None: "–"}[good],
        ]))  # fmt: skip
        if len(rows) > 2_000:
            rows = sorted(rows, key=lambda row: row[0])[:MOST_PORTS]
            tick(0.5)
    return sorted(rows, key=lambda row: row[0])[:MOST_PORTS], met, judged


KIND = Kind(
    "nevi", gettext_lazy("NEVI quarterly submission"),
    gettext_lazy(
        "For the U.S. NEVI programme, 23 CFR 680.112(a): per port and month uptime, T_outage and "
        "T_excluded with the twelve months before, the minutes of each outage, each session with "
        "energy, peak power and error codes, and a summary by port."
    ),
    Every.QUARTER, (nevi.NAME,), (Format.CSV, Format.XLSX, Format.PDF), sheets, document,
)  # fmt: skip
