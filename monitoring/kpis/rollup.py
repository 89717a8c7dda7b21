"""Rolls histories up into a row per port and day, per charger and day, and attempts.

Three jobs, each idempotent, safe to run twice at once and healed by its next run: `refresh`
computes today, `settle` the days that are over (and all of them again for chargers whose
time zone, commissioned time or rules changed), `recompute_dirty` settled days that late facts
changed. A charger's `RollupState` is locked while its days are read and written, so what is
written last was read last; a job that finds it locked leaves the charger to its next run.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from inventory.models import Charger
from monitoring.days import bounds, day_of, days, zone_of
from monitoring.kpis import firsts, quarters, record, rules
from monitoring.kpis import rows as rollup_rows
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window
from monitoring.kpis.survey import survey
from monitoring.kpis.terms import UNCOUNTED, Terms
from monitoring.models import DirtyDay, RollupState
from monitoring.outages import rows as outage_rows
from monitoring.outages import silent_rows

#: A day is settled so long after its end: later than facts come that don't mark it dirty,
#: and than an attempt that ended in it can still go on.
SETTLE = timedelta(minutes=40)
#: Two refreshes of one charger are at least so far apart.
REFRESH_EVERY = timedelta(seconds=15)
#: Days before today that are rolled up at all.
HISTORY = timedelta(days=400)
#: Charger-days in one transaction.
CHUNK = 2_000
#: Chargers in one transaction.
MOST_CHARGERS = 250
#: Charger-days that one share computes again because rules changed: a contract may be for
#: hundreds of sites, and neither the days that have just ended nor today wait for it.
MOST_AGAIN = 10_000
#: Chargers that one worker takes of the work of a run, and how often they can be had.
SHARE = 500
MOST_SHARES = 20
#: Statuses that are read at once; a charger with more than its share of them in a job's days is
#: read alone and day by day.
MOST_STATUSES = 500_000
#: Dirty days taken at once.
MOST_DIRTY = 2_000


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """Days from `first` to `last` that several chargers of one time zone need."""

    zone: str
    first: date
    last: date


UNSETTLED = """
SELECT r.charger_id, s.timezone, r.settled_before,
       (r.timezone, r.counts_from, r.counts_to)
           IS DISTINCT FROM (s.timezone, c.counts_from, c.counts_to),
       c.counts_from, r.rules, r.site IS DISTINCT FROM c.site_id
  FROM monitoring_rollupstate r
  JOIN (SELECT id, site_id, decommissioned_at AS counts_to,
               CASE WHEN lifecycle <> ALL (%(uncounted)s) THEN commissioned_at END AS counts_from
          FROM inventory_charger) c ON c.id = r.charger_id
  JOIN inventory_site s ON s.id = c.site_id
 WHERE %(among)s::int8[] IS NULL OR r.charger_id = ANY (%(among)s)
 ORDER BY r.charger_id
"""
#: A late status lasts to the end of its span, however many days that is.
MARKS = """
SELECT d.id, d.charger_id, d.day, d.marked_at, i.timezone,
       (SELECT max(COALESCE(s.ended, %(now)s))
          FROM inventory_evse e
          JOIN monitoring_statusspan s ON s.evse_id = e.id
         WHERE e.charger_id = d.charger_id AND s.started >= d.day::timestamp AT TIME ZONE 'UTC'
           AND s.started < (d.day + 1)::timestamp AT TIME ZONE 'UTC')
  FROM monitoring_dirtyday d
  JOIN inventory_charger c ON c.id = d.charger_id
  JOIN inventory_site i ON i.id = c.site_id
 WHERE (d.charger_id, d.day) > (%(charger)s, %(day)s)
   AND (%(among)s::int8[] IS NULL OR d.charger_id = ANY (%(among)s))
 ORDER BY d.charger_id, d.day
 LIMIT %(limit)s
"""
FLAPPING = """
SELECT e.charger_id
  FROM inventory_evse e
  JOIN monitoring_statusspan s ON s.evse_id = e.id
 WHERE e.charger_id = ANY (%s) AND s.started >= %s AND s.started < %s
 GROUP BY e.charger_id
HAVING count(*) > %s
"""
#: Marks made anew since they were read stay; so do those that a writer holds just now.
UNMARK = """
DELETE FROM monitoring_dirtyday
 WHERE id IN (SELECT d.id FROM monitoring_dirtyday d
                JOIN unnest(%s::int8[], %s::timestamptz[]) AS n (id, marked_at)
               USING (id, marked_at)
                 FOR UPDATE OF d SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A dirty day that was read, and the local days to compute for it."""

    id: int
    charger: int
    day: date
    marked_at: datetime
    zone: str
    first: date
    last: date


def refresh(now: datetime) -> int:
    """Compute today up to `now`; return how many chargers.

    Shortly after midnight yesterday is computed as well. Chargers that another job works on
    come last, and are waited for: today's figures are never older than two refreshes.
    """
    _make_states()
    total = 0
    for skip_locked in (True, False):
        while refreshed := _refresh_some(now, skip_locked=skip_locked):
            total += refreshed
    return total


def shares(now: datetime) -> list[list[int]]:
    """Return the chargers that have days to settle or to recompute, in shares of the work.

    Any number of workers may take them at once: chargers of a site are in one share, as far
    as they fit. First come those with a day that is over, then those with late facts, then
    those that only other rules change, and the rest is left to the next run.
    """
    _make_states()
    unsettled = [(charger, other_rules) for charger, _job, other_rules in _unsettled(now)]
    dirty = list(DirtyDay.objects.values_list("charger", flat=True).distinct())
    ranks = {charger: 2 for charger, other_rules in unsettled if other_rules}
    ranks |= dict.fromkeys(dirty, 1)
    ranks |= {charger: 0 for charger, other_rules in unsettled if not other_rules}
    sites = dict(Charger.objects.filter(pk__in=ranks).values_list("pk", "site"))
    ordered = sorted(sites, key=lambda key: (ranks[key], sites[key], key))
    found = [ordered[start : start + SHARE] for start in range(0, len(ordered), SHARE)]
    return found[:MOST_SHARES]


def settle(now: datetime, among: Sequence[int] | None = None) -> int:
    """Compute the days that are over and weren't yet; return the number of charger-days.

    Those that other rules change come last, and at most `MOST_AGAIN` of them. `among` are the
    chargers (keys) to look at; None: all.
    """
    _make_states()
    due: dict[Job, list[int]] = defaultdict(list)
    again: dict[Job, list[int]] = defaultdict(list)
    budget = MOST_AGAIN
    for charger, job, other_rules in _unsettled(now, among):
        if not other_rules:
            due[job].append(charger)
        elif budget > 0:
            again[job].append(charger)
            budget -= (job.last - job.first).days + 1
    chunks = chain(_chunks(due), _chunks(again))
    return sum(_settle_some(job, chunk, now) for job, chunk in chunks)


def recompute_dirty(now: datetime, among: Sequence[int] | None = None) -> int:
    """Compute settled days that changed since; return how many marks were worked off.

    `among` as of `settle`.
    """
    total, last = 0, (0, date.min)
    while marks := _marks(last, now, among):
        total += _recompute_marked(marks, now)
        last = marks[-1].charger, marks[-1].day
    return total


def _make_states() -> None:
    new = Charger.objects.filter(rollup=None).values_list("pk", flat=True)
    states = [RollupState(charger_id=key) for key in new]
    RollupState.objects.bulk_create(states, ignore_conflicts=True)


@transaction.atomic
def _refresh_some(now: datetime, *, skip_locked: bool) -> int:
    states = _held(_locked(_stale(now), skip_locked=skip_locked)[:MOST_CHARGERS])
    by_zone: dict[str, list[RollupState]] = defaultdict(list)
    for state in states:
        by_zone[state.charger.site.timezone].append(state)
    for name, here in by_zone.items():
        zone = zone_of(name)
        job = Job(name, day_of(now - SETTLE, zone), day_of(now, zone))
        _roll_up(here, job, now, thorough=False)
    RollupState.objects.filter(pk__in=[state.pk for state in states]).update(refreshed_at=now)
    return len(states)


def _stale(now: datetime) -> QuerySet[RollupState]:
    """Return the states of chargers that count today and weren't refreshed just now.

    A refresh in the future is none: the clock was set back.
    """
    fresh = Q(refreshed_at__gt=now - REFRESH_EVERY, refreshed_at__lte=now)
    gone = Q(charger__decommissioned_at__lt=now - timedelta(days=2))
    counted = Q(charger__commissioned_at__lte=now) & ~Q(charger__lifecycle__in=UNCOUNTED)
    never = Q(refreshed_at=None)
    return RollupState.objects.filter(never | ~fresh).filter(counted).exclude(gone)


def _locked(states: QuerySet[RollupState], *, skip_locked: bool = True) -> QuerySet[RollupState]:
    """Lock the states, always in the same order; only one job of a kind ever waits."""
    locked = states.select_for_update(skip_locked=skip_locked, of=("self",))
    return locked.select_related("charger__site").order_by("pk")


def _held(locked: QuerySet[RollupState]) -> list[RollupState]:
    """Return the locked states, once no other job works at their sites."""
    states = list(locked)
    firsts.lock([state.pk for state in states])
    return states


def _unsettled(
    now: datetime, among: Sequence[int] | None = None
) -> Iterator[tuple[int, Job, bool]]:
    """Yield the chargers with days to settle, which, and whether it is for other rules."""
    with connection.cursor() as cursor:
        stages = [str(stage) for stage in UNCOUNTED]
        chosen = None if among is None else list(among)
        cursor.execute(UNSETTLED, {"uncounted": stages, "among": chosen})
        rows = cursor.fetchall()
    digests = rules.digests([row[0] for row in rows])
    for charger, zone, settled_before, moved, counts_from, said, elsewhere in rows:
        horizon = day_of(now - SETTLE, zone_of(zone))
        changed = moved or elsewhere or said != digests.get(charger, said)
        if changed or settled_before is None or settled_before < horizon:
            terms = Terms(zone, counts_from, None)
            first = _first(terms, settled_before, now, moved=moved, changed=changed)
            job = Job(zone, min(first, horizon), horizon - timedelta(days=1))
            yield charger, job, changed and not moved and settled_before is not None


def _first(
    terms: Terms, settled_before: date | None, now: datetime, *, moved: bool, changed: bool
) -> date:
    """Return the first day to settle: of all that there may be rows, where the days moved."""
    if settled_before is not None and not changed:
        return settled_before
    earliest = day_of(now - HISTORY, zone_of(terms.timezone))
    if settled_before is not None and moved:
        return earliest
    return max(day_of(terms.counts_from or now, zone_of(terms.timezone)), earliest)


@transaction.atomic
def _settle_some(job: Job, chargers: Sequence[int], now: datetime) -> int:
    locked = _held(_locked(RollupState.objects.filter(pk__in=chargers)))
    digests = rules.digests([state.pk for state in locked])
    states = [state for state in locked if _covers(job, state, digests[state.pk], now)]
    changed = [state for state in states if _changed(state, digests[state.pk])]
    moved = {state.pk for state in states if _moved(state)}
    measured = _roll_up(states, job, now, moved=moved)
    _roll_up(changed, Job(job.zone, job.last + timedelta(days=1), _today(job, now)), now)
    done = [state for state in states if state.pk in measured]
    for state in done:
        _settled(state, job, digests[state.pk])
    fields = ["timezone", "counts_from", "counts_to", "site", "rules", "settled_before"]
    RollupState.objects.bulk_update(done, fields)
    return len(done) * ((job.last - job.first).days + 1)


def _covers(job: Job, state: RollupState, digest: str, now: datetime) -> bool:
    """Tell whether the job still has all the days that the locked state needs."""
    terms = Terms.of(state.charger)
    moved, changed = _moved(state), _changed(state, digest)
    first = _first(terms, state.settled_before, now, moved=moved, changed=changed)
    return terms.timezone == job.zone and first >= job.first


def _changed(state: RollupState, digest: str) -> bool:
    return _moved(state) or (state.site, state.rules) != (state.charger.site_id, digest)


def _moved(state: RollupState) -> bool:
    """Tell whether its days are others: those that can be computed anew are of no use."""
    return _terms(state) != Terms.of(state.charger)


def _today(job: Job, now: datetime) -> date:
    return day_of(now, zone_of(job.zone))


def _terms(state: RollupState) -> Terms:
    return Terms(state.timezone, state.counts_from, state.counts_to)


def _settled(state: RollupState, job: Job, digest: str) -> None:
    terms = Terms.of(state.charger)
    state.site, state.rules = state.charger.site_id, digest
    state.timezone, state.counts_from = terms.timezone, terms.counts_from
    state.counts_to, state.settled_before = terms.counts_to, job.last + timedelta(days=1)


def _recompute_marked(marks: Sequence[Mark], now: datetime) -> int:
    jobs: dict[Job, list[int]] = defaultdict(list)
    for charger, job in _runs(marks):
        jobs[job].append(charger)
    measured = set()
    for job, chunk in _chunks(jobs):
        measured |= _recompute(job, chunk, now)
    return _unmark([mark for mark in marks if mark.charger in measured])


def _marks(after: tuple[int, date], now: datetime, among: Sequence[int] | None) -> list[Mark]:
    charger, day = after
    limits: dict[str, Any] = {"charger": charger, "day": day, "now": now, "limit": MOST_DIRTY}
    limits["among"] = None if among is None else list(among)
    with connection.cursor() as cursor:
        cursor.execute(MARKS, limits)
        return [_mark(now, *row) for row in cursor.fetchall()]


def _mark(
    now: datetime,
    key: int,
    charger: int,
    day: date,
    marked_at: datetime,
    zone_name: str,
    reach: datetime | None,
) -> Mark:
    """Return the mark of a UTC day; attempts that began in it may end the day after."""
    zone = zone_of(zone_name)
    begin = datetime.combine(day, time.min, UTC)
    end = min(max(reach or begin, begin + timedelta(days=1)), now)
    last = min(day_of(end, zone) + timedelta(days=1), day_of(now, zone))
    first = day_of(max(begin, now - HISTORY), zone)
    return Mark(key, charger, day, marked_at, zone_name, first, last)


def _runs(marks: Iterable[Mark]) -> Iterator[tuple[int, Job]]:
    """Yield each charger's days, neighbours together."""
    runs: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.charger, mark.first)):
        last = runs[-1] if runs else None
        if last and last.charger == mark.charger and mark.first <= last.last + timedelta(days=1):
            runs[-1] = replace(last, last=max(last.last, mark.last))
        else:
            runs.append(mark)
    return ((run.charger, Job(run.zone, run.first, run.last)) for run in runs)


@transaction.atomic
def _recompute(job: Job, chargers: Sequence[int], now: datetime) -> set[int]:
    return _roll_up(_held(_locked(RollupState.objects.filter(pk__in=chargers))), job, now)


def _unmark(marks: Sequence[Mark]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(UNMARK, ([mark.id for mark in marks], [mark.marked_at for mark in marks]))
        return int(cursor.rowcount)


def _roll_up(
    states: Sequence[RollupState],
    job: Job,
    now: datetime,
    *,
    thorough: bool = True,
    moved: Collection[int] = (),
) -> set[int]:
    """Compute and write the job's days of the locked chargers; return which could be.

    Days that the record doesn't tell any more stay as they are. Of chargers that have `moved`,
    all rows since the first day are deleted before. Not `thorough`: what was told of outages'
    causes is looked up again only where it's news.
    """
    job = replace(job, first=max(job.first, record.first_day(job.zone, now)))
    flapping = _flapping(states, job)
    done = {
        state.pk
        for state in states
        if state.pk in flapping and _by_day(state, job, now, thorough=thorough, moved=moved)
    }
    rest = [state for state in states if state.pk not in flapping]
    return done | _roll_up_at_once(rest, job, now, thorough=thorough, moved=moved)


def _flapping(states: Sequence[RollupState], job: Job) -> set[int]:
    """Return the chargers with more than their share of the statuses that are read at once."""
    if not states or job.first > job.last:
        return set()
    zone = zone_of(job.zone)
    share = MOST_STATUSES // len(states)
    limits = (bounds(job.first, zone)[0], bounds(job.last, zone)[1], share)
    with connection.cursor() as cursor:
        cursor.execute(FLAPPING, ([state.pk for state in states], *limits))
        return {charger for (charger,) in cursor.fetchall()}


def _by_day(
    state: RollupState, job: Job, now: datetime, *, thorough: bool, moved: Collection[int]
) -> bool:
    """Compute the job's days one after the other; tell whether all could be."""
    for day in days(job.first, job.last):
        alone = Job(job.zone, day, day)
        if not _roll_up_at_once([state], alone, now, thorough=thorough, moved=moved):
            return False
    return True


def _roll_up_at_once(
    states: Sequence[RollupState],
    job: Job,
    now: datetime,
    *,
    thorough: bool,
    moved: Collection[int],
) -> set[int]:
    chosen = list(days(job.first, job.last))
    if not chosen or not states:
        return {state.pk for state in states}
    limits = [bounds(day, zone_of(job.zone)) for day in chosen]
    windows = [Window(start.timestamp(), end.timestamp()) for start, end in limits]
    counts = {state.pk: Terms.of(state.charger).commissioned for state in states}
    found = survey(counts, windows, now)
    rollup_rows.forget([key for key in found if key in moved], chosen[0], limits[0][0])
    untils = [min(end, now) for _start, end in limits]
    changed = rollup_rows.write(found, chosen, untils, windows)
    if silenced := _silenced(found, changed, windows, now, thorough=thorough):
        again = survey({key: counts[key] for key in silenced}, windows, now)
        rollup_rows.write(again, chosen, untils, windows)
        found |= again
    quarters.write(found, chosen, windows)
    goes_on = {key: window.end > now.timestamp() for key, window in counts.items()}
    whole = record.start(now).timestamp()
    outage_rows.write(found, windows, goes_on, now, whole, thorough=thorough)
    return set(found)


def _silenced(
    found: Mapping[int, Measured],
    changed: rollup_rows.Changed | None,
    windows: Sequence[Window],
    now: datetime,
    *,
    thorough: bool,
) -> set[int]:
    """Keep the silent runs that the attempts make; return the chargers of those that changed."""
    ports = {port: charger for charger, one in found.items() for port in one.ports}
    hull = within = Window(windows[0].start, windows[-1].end)
    if changed is not None:
        within = Window(min(hull.start, changed.window.start), max(hull.end, changed.window.end))
    if not thorough:
        wanted = changed.ports if changed is not None else frozenset()
        ports = {port: charger for port, charger in ports.items() if port in wanted}
    return silent_rows.keep(ports, within, hull, now)


def _chunks(jobs: Mapping[Job, Sequence[int]]) -> Iterator[tuple[Job, Sequence[int]]]:
    """Yield the jobs in parts of at most `CHUNK` charger-days."""
    for job, chargers in sorted(jobs.items()):
        length = max((job.last - job.first).days + 1, 1)
        size = max(min(CHUNK // length, MOST_CHARGERS), 1)
        for start in range(0, len(chargers), size):
            yield job, chargers[start : start + size]
