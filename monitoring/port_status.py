"""What a status report does to a port: its spans, its state now, its connectors together."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitoring import facts as f
from monitoring.memory import PortMemory, SessionMemory
from monitoring.spans import FINER_THAN_OCCUPIED, Span, confirms, place

if TYPE_CHECKING:
    from monitoring.plan import Plan


def plan_status(plan: "Plan", fact: f.StatusReported) -> None:
    """Plan the rows of a report by a connector, an EVSE, the charger or a transaction."""
    if fact.transaction_id is None:
        _reported(plan, fact)
        return
    session = plan.memory.chargers[fact.charger_id].sessions.get(fact.transaction_id)
    fact.evse = fact.evse or (session and session.evse) or 0
    if fact.evse:
        _told(plan, fact, session)


def _told(plan: "Plan", fact: f.StatusReported, session: SessionMemory | None) -> None:
    """Plan what a transaction says; what it has said of later comes after it again."""
    if session is not None and _is_known(plan, fact, session):
        session.told = (fact.at, fact.status)
        return
    newest = (session.told or _end_of(session)) if session is not None else None
    if newest is None or fact.at >= newest[0]:
        if session is not None and session.ended_at and fact.status != f.Status.FINISHING:
            return
        _reported(plan, fact)
        if session is not None:
            session.told = (fact.at, fact.status)
        return
    _reported(plan, fact)
    _reported(plan, replace(fact, at=newest[0], status=newest[1]))


def _is_known(plan: "Plan", fact: f.StatusReported, session: SessionMemory) -> bool:
    """Tell whether nothing has changed since the transaction said the same before."""
    port = plan.port(fact.charger_id, fact.evse)
    if port is None or port.open_span is None or session.told is None:
        return False
    same = session.told[1] == fact.status == port.status
    return same and fact.at >= max(session.told[0], port.open_span.started)


def _end_of(session: SessionMemory) -> tuple[datetime, f.Status] | None:
    return (session.ended_at, f.Status.FINISHING) if session.ended_at else None


def _reported(plan: "Plan", fact: f.StatusReported) -> None:
    port = plan.port(fact.charger_id, fact.evse)
    if port is None:
        if fact.evse == 0:
            plan.charger_status[fact.charger_id] = fact
        return
    report = Span(
        fact.at,
        None,
        _combined(port, fact),
        fact.error_code,
        fact.vendor_error_code,
        fact.info,
        refines=fact.transaction_id is not None,
    )
    plan.mark_late(fact.charger_id, fact.at, fact.received)
    if _is_late(plan, port, report):
        plan.late.append((port, report))
    else:
        _append(plan, port, report)
    plan.ports[port.evse_id] = port


def _is_late(plan: "Plan", port: PortMemory, report: Span) -> bool:
    if port.open_span is not None and report.started <= port.open_span.started:
        return True
    # What waits may absorb what only a transaction said.
    told = report.refines or (port.open_span is not None and port.open_span.refines)
    return told and any(waiting is port for waiting, _report in plan.late)


def _append(plan: "Plan", port: PortMemory, report: Span) -> None:
    before = port.open_span
    if place([before] if before else [], report) is None:
        if before is not None and confirms(report, before):
            port.open_span = replace(before, refines=False)
            plan.confirmed.add((port.evse_id, before.started))
        return
    if before is not None:
        _end(plan, port.evse_id, before, report.started)
    plan.spans[port.evse_id, report.started] = report
    port.open_span = report
    show(port, report)


def show(port: PortMemory, span: Span) -> None:
    """Make `span` the port's current state; `since` is when its status began."""
    if port.status != span.status or port.since is None or port.error_code != span.error_code:
        port.since = span.started
    port.status = span.status
    port.error_code = span.error_code
    port.vendor_error_code = span.vendor_error_code
    port.info = span.info


def _end(plan: "Plan", evse_id: int, span: Span, at: datetime) -> None:
    key = (evse_id, span.started)
    if key in plan.spans:
        plan.spans[key] = replace(span, ended=at)
    else:
        plan.ended_spans[evse_id] = at


#: Statuses of an EVSE from which nothing follows for its first connector.
NOT_A_CONNECTOR = FINER_THAN_OCCUPIED | {f.Status.UNKNOWN}
#: Which status an EVSE with several connectors has: the first that any of them has.
PRECEDENCE = (
    f.Status.CHARGING,
    f.Status.SUSPENDED_EVSE,
    f.Status.SUSPENDED_EV,
    f.Status.FINISHING,
    f.Status.PREPARING,
    f.Status.OCCUPIED,
    f.Status.RESERVED,
    f.Status.AVAILABLE,
    f.Status.FAULTED,
    f.Status.UNAVAILABLE,
)


def _combined(port: PortMemory, fact: f.StatusReported) -> str:
    """Return the EVSE's status: of its connectors together, once a second one is known.

    One that reports late is combined with what the others say now.
    """
    if not fact.connector or fact.transaction_id is not None:
        return fact.status
    known = port.connectors
    if known or fact.connector != 1:
        known = {**known, str(fact.connector): fact.status.value}
        if fact.connector != 1 and "1" not in known and port.status not in NOT_A_CONNECTOR:
            known["1"] = port.status
    if port.reported.get(fact.connector, fact.at) <= fact.at:
        port.reported[fact.connector] = fact.at
        port.connectors = known
    if len(known) < 2:
        return fact.status
    return next((s for s in PRECEDENCE if s.value in known.values()), fact.status)
