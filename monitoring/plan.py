"""A batch of facts, turned into rows for a handful of set-based statements.

Planning changes the gateway's memory at once; when the batch fails, the memory of every
charger in it is thrown away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from monitoring import facts as f
from monitoring.memory import MOST_PORTS, ChargerMemory, Memory, PortMemory, SessionMemory
from monitoring.models.meters import COLUMNS, CONTEXTS
from monitoring.port_status import plan_status
from monitoring.sessions import merge
from monitoring.spans import Span

ENERGY, POWER, SOC = COLUMNS.index("energy"), COLUMNS.index("power"), COLUMNS.index("soc")
CONTEXT_NUMBERS = {context: number for number, context in enumerate(CONTEXTS)}
OTHER_CONTEXT = CONTEXT_NUMBERS["Other"]
#: A fact that arrives later than this after its time makes its day dirty.
LATE = timedelta(minutes=5)
#: Samples of a port among which a repetition is looked for; a message may hold several.
SAMPLES_REMEMBERED = 8
#: How often a port's row is written for a meter reading; the readings themselves all are.
METER_EVERY = timedelta(seconds=0.5)
#: How often a running session's progress is written to its row.
PROGRESS_EVERY = timedelta(seconds=60)
#: A register may fall by its own rounding, Wh; by more it runs backwards.
METER_TOLERANCE = 1.0

#: What a message says of a session, but for its number and time.
NEWS = (
    *("started", "ended", "id_token", "stop_token", "meter_start", "meter_stop", "energy"),
    *("charging_state", "stop_reason", "remote_start_id", "authorization", "start_key"),
)

SessionKey = tuple[int, str]


@dataclass(slots=True)
class Plan:
    """Rows to write, by statement."""

    memory: Memory
    next_id: Callable[[], int]
    #: (charger, start key) -> transaction id of a session that is there already.
    known_starts: dict[tuple[int, str], str] = field(default_factory=dict)
    #: Rounds in which no charger occurs twice, in order.
    connections: list[f.Connected | f.Disconnected] = field(default_factory=list)
    boots: dict[int, f.Booted] = field(default_factory=dict)
    #: evse_id -> when the span open in the database ends.
    ended_spans: dict[int, datetime] = field(default_factory=dict)
    #: (evse_id, start) -> span to insert.
    spans: dict[tuple[int, datetime], Span] = field(default_factory=dict)
    #: (evse_id, start) of spans that a transaction told of and the connector bears out.
    confirmed: set[tuple[int, datetime]] = field(default_factory=set)
    #: Reports older than the open span, and rewrites: placed one by one.
    late: list[tuple[PortMemory, Span]] = field(default_factory=list)
    ports: dict[int, PortMemory] = field(default_factory=dict)
    charger_status: dict[int, f.StatusReported] = field(default_factory=dict)
    sessions: dict[SessionKey, f.SessionChanged] = field(default_factory=dict)
    updates: dict[SessionKey, f.SessionChanged] = field(default_factory=dict)
    #: Session -> the number and time of a message that said nothing else of it.
    ticks: dict[int, tuple[int | None, datetime]] = field(default_factory=dict)
    samples: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    variables: list[f.VariablesReported] = field(default_factory=list)
    pings: list[f.Pinged] = field(default_factory=list)
    dirty: set[tuple[int, date]] = field(default_factory=set)
    #: charger -> since when it hears none of our CALLs; None: it does again.
    deaf: dict[int, datetime | None] = field(default_factory=dict)

    def add(self, fact: f.Fact) -> None:
        """Plan the rows of one fact."""
        PLANNERS[type(fact)](self, fact)

    def flush_meters(self) -> None:
        """Plan the rows of the ports whose last reading was left."""
        self.ports.update(self.memory.unwritten)

    def port(self, charger_id: int, number: int) -> PortMemory | None:
        """Return the port, or None for the charger as a whole (0) and impossible numbers."""
        return self.memory.chargers[charger_id].ports.get(number)

    def mark_late(self, charger_id: int, at: datetime, received: datetime) -> None:
        """Have the day of `at` computed again where `at` is past."""
        if received - at > LATE:
            self.dirty.add((charger_id, at.astimezone(UTC).date()))


def ports_named(fact: f.Fact) -> Iterator[tuple[int, int]]:
    """Yield the (charger, EVSE number) that a fact speaks of."""
    number = getattr(fact, "evse", None)
    if number and 0 < number <= MOST_PORTS:
        yield fact.charger_id, number


def _connection(plan: Plan, fact: f.Connected | f.Disconnected) -> None:
    plan.connections.append(fact)
    if isinstance(fact, f.Disconnected):
        for port in plan.memory.chargers[fact.charger_id].ports.values():
            if port.evse_id in plan.memory.unwritten:
                plan.ports[port.evse_id] = port
        plan.mark_late(fact.charger_id, fact.at, fact.noticed)


def _boot(plan: Plan, fact: f.Booted) -> None:
    plan.boots[fact.charger_id] = fact
    said = {
        "vendor": fact.vendor,
        "model": fact.model,
        "serial_number": fact.serial_number,
        "firmware_version": fact.firmware_version,
        "iccid": fact.iccid,
        "imsi": fact.imsi,
        **fact.extra,
    }
    data = {key: value for key, value in said.items() if value}
    plan.events.append(
        (fact.charger_id, None, "boot", fact.at, fact.at, 0, 6, fact.answer, fact.reason, data)
    )


def _session(plan: Plan, fact: f.SessionChanged) -> None:
    charger = plan.memory.chargers[fact.charger_id]
    if not fact.transaction_id:
        _number(plan, fact)
    session = charger.sessions.get(fact.transaction_id)
    new = session is None
    if session is None and fact.create:
        session = SessionMemory(fact.new_id or plan.next_id(), fact.evse)
        charger.remember(fact.transaction_id, session)
    if session is not None:
        fact.new_id = session.id
        if fact.seq_no is not None:
            fact.flags = (*fact.flags, *_order(session, fact.seq_no, new, fact.started))
            fact.charging_state = _newest_state(session, fact.seq_no, fact.charging_state)
            if _says_nothing_new(plan, session, fact):
                plan.ticks[session.id] = (session.heard.last, fact.at)
                return
        _progress(plan, charger, session, fact)
    _put(plan, fact)
    for moment in (fact.started, fact.ended):
        if moment is not None:
            plan.mark_late(fact.charger_id, moment, fact.received)


def _order(
    session: SessionMemory, number: int, new: bool, started: datetime | None
) -> Iterator[str]:
    """Yield the flags of a numbered message: the start never came, messages are missing."""
    if started is not None:
        yield "-no_start"
    elif new:
        yield "no_start"
    gap = session.heard.hear(number)
    if gap:
        yield gap


def _newest_state(session: SessionMemory, number: int, state: str | None) -> str | None:
    """Return the charging state, None where it is known or a later message said another."""
    if not state or number < session.state_from:
        return None
    session.state_from = number
    if state == session.state:
        return None
    session.state = state
    return state


def _says_nothing_new(plan: Plan, session: SessionMemory, fact: f.SessionChanged) -> bool:
    """Tell whether a message is one of the many that only bring samples, and their number."""
    placed = fact.evse in (None, session.evse) and fact.connector in (None, session.connector)
    session.connector = fact.connector or session.connector
    if not placed or fact.flags or fact.offline:
        return False
    if (fact.charger_id, fact.transaction_id) in plan.sessions:
        return False
    return all(getattr(fact, name) is None for name in NEWS)


def _number(plan: Plan, fact: f.SessionChanged) -> None:
    key = (fact.charger_id, fact.start_key or "")
    known = plan.known_starts.get(key)
    if known is None:
        fact.new_id = plan.next_id()
        known = plan.known_starts[key] = str(fact.new_id)
    fact.transaction_id = known


def _put(plan: Plan, fact: f.SessionChanged) -> None:
    key = (fact.charger_id, fact.transaction_id)
    rows = plan.sessions if fact.create or key in plan.sessions else plan.updates
    rows[key] = merge(rows[key], fact) if key in rows else replace(fact)


def _progress(
    plan: Plan, charger: ChargerMemory, session: SessionMemory, fact: f.SessionChanged
) -> None:
    session.evse = session.evse if session.evse is not None else fact.evse
    if session.meter_start is None:
        session.meter_start = fact.meter_start
    if fact.ended is not None:
        session.ended_at = min(fact.ended, session.ended_at or fact.ended)
        fact.power, fact.soc = session.peak_power, session.soc if fact.soc is None else fact.soc
        fact.flags = (*fact.flags, *_stopped_below(session, fact))
        fact.energy = session.energy if fact.energy is None else fact.energy
    port = charger.ports.get(session.evse or 0)
    if port is None:
        return
    if session.ended_at:
        if port.session_id in (session.id, None):
            port.session_id, port.power = None, None
    elif port.session_id is None or session.id > port.session_id:
        port.session_id, port.energy, port.soc = session.id, session.energy, session.soc
    else:
        return
    plan.ports[port.evse_id] = port


def _stopped_below(session: SessionMemory, fact: f.SessionChanged) -> Iterator[str]:
    """Yield a flag where the register at the end is lower than one on the way."""
    if fact.meter_stop is not None and session.meter_start is not None:
        highest = session.meter_start + (session.energy or 0.0)
        if fact.meter_stop < highest - METER_TOLERANCE:
            yield "meter_backwards"


def _sample(plan: Plan, fact: f.MetersSampled) -> None:
    charger = plan.memory.chargers[fact.charger_id]
    session = charger.sessions.get(fact.transaction_id or "")
    fact.evse = fact.evse or (session and session.evse) or 0
    port = charger.ports.get(fact.evse)
    if port is not None:
        sample = hash((fact.at, fact.transaction_id, fact.context, fact.values))
        if sample in port.samples:
            return
        port.samples = (*port.samples[1 - SAMPLES_REMEMBERED :], sample)
    plan.samples.append(_sample_row(fact, port, session))
    if port is not None:
        _show_meter(port, session, fact)
        _keep_meter(plan, port, fact.received)
    if session is not None:
        _session_progress(plan, session, fact)


def _sample_row(
    fact: f.MetersSampled, port: PortMemory | None, session: SessionMemory | None
) -> tuple[Any, ...]:
    extra = fact.extra
    if fact.transaction_id is not None and session is None:
        extra = {**(extra or {}), "transactionId": fact.transaction_id}
    return (
        fact.charger_id,
        port and port.evse_id,
        session and session.id,
        fact.at,
        fact.received,
        fact.offset_ms,
        CONTEXT_NUMBERS.get(fact.context, OTHER_CONTEXT),
        *fact.values,
        extra,
    )


def _show_meter(port: PortMemory, session: SessionMemory | None, fact: f.MetersSampled) -> None:
    if port.metered_at is not None and fact.at < port.metered_at:
        return
    port.metered_at = fact.at
    values = fact.values
    port.power = values[POWER] if values[POWER] is not None else port.power
    port.soc = values[SOC] if values[SOC] is not None else port.soc
    energy = _delivered(session, fact)
    port.energy = energy if energy is not None else port.energy


def _delivered(session: SessionMemory | None, fact: f.MetersSampled) -> float | None:
    """Return the session's energy by this sample, Wh; None where it says nothing of that."""
    register = fact.values[ENERGY]
    if fact.session_energy is not None or session is None or register is None:
        return fact.session_energy
    return None if session.meter_start is None else register - session.meter_start


def _keep_meter(plan: Plan, port: PortMemory, received: datetime) -> None:
    """Write the port's row, or leave it for the next `flush_meters` where that was just done."""
    if port.written is None or received - port.written >= METER_EVERY:
        port.written = received
        plan.ports[port.evse_id] = port
    else:
        plan.memory.unwritten[port.evse_id] = port


def _session_progress(plan: Plan, session: SessionMemory, fact: f.MetersSampled) -> None:
    power, soc, energy = fact.values[POWER], fact.values[SOC], _delivered(session, fact)
    backwards = _runs_backwards(session, energy, fact.at)
    if energy is not None:
        session.energy = max(energy, session.energy or 0.0)
    if power is not None:
        session.peak_power = max(power, session.peak_power or 0.0)
    if soc is not None and (session.soc_at is None or fact.at >= session.soc_at):
        session.soc, session.soc_at = soc, fact.at
    due = session.written is None or fact.received - session.written >= PROGRESS_EVERY
    if due or backwards or session.ended_at is not None:
        session.written = fact.received
        _put(plan, progress(fact, session, backwards))


def _runs_backwards(session: SessionMemory, energy: float | None, at: datetime) -> bool:
    """Tell whether a later sample says less than an earlier one. (lbbrhzn#1943, evcc#29374)"""
    if energy is None or (session.metered_at is not None and at < session.metered_at):
        return False
    session.metered_at = at
    return energy < (session.energy or 0.0) - METER_TOLERANCE


def progress(
    fact: f.MetersSampled, session: SessionMemory, backwards: bool = False
) -> f.SessionChanged:
    """Return what is known so far of a session that `fact` is a sample of."""
    return f.SessionChanged(
        fact.charger_id,
        fact.transaction_id or "",
        fact.at,
        fact.received,
        create=False,
        new_id=session.id,
        energy=session.energy,
        power=session.peak_power,
        soc=session.soc,
        flags=("meter_backwards",) if backwards else (),
    )


def _event(plan: Plan, fact: f.EventReported) -> None:
    if fact.kind in {"deaf", "hears_again"}:
        plan.deaf[fact.charger_id] = fact.at if fact.kind == "deaf" else None
    port = plan.port(fact.charger_id, fact.evse)
    plan.events.append(
        (
            fact.charger_id,
            port and port.evse_id,
            fact.kind,
            fact.at,
            fact.received,
            fact.offset_ms,
            fact.severity,
            fact.code,
            fact.text,
            fact.data,
        )
    )


def _authorization(plan: Plan, fact: f.AuthorizationAsked) -> None:
    row = (fact.charger_id, None, "authorization", fact.at, fact.at, 0, 6, fact.answer)
    plan.events.append((*row, fact.id_token, {}))


def _variables(plan: Plan, fact: f.VariablesReported) -> None:
    plan.variables.append(fact)


def _pings(plan: Plan, fact: f.Pinged) -> None:
    plan.pings.append(fact)
    plan.mark_late(fact.charger_id, fact.until, datetime.now(UTC))


PLANNERS: dict[type, Callable[[Plan, Any], None]] = {
    f.Connected: _connection,
    f.Disconnected: _connection,
    f.Booted: _boot,
    f.StatusReported: plan_status,
    f.SessionChanged: _session,
    f.MetersSampled: _sample,
    f.EventReported: _event,
    f.AuthorizationAsked: _authorization,
    f.VariablesReported: _variables,
    f.Pinged: _pings,
}
