"""What to do next about a charger, in a sentence; the first thing that applies."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory.models import Charger, Lifecycle
from monitoring import advice, fleet, words
from monitoring.effective import State
from monitoring.facts import CloseReason
from monitoring.models import PortState

#: A clock further off than this, in ms, is worth doing something about.
CLOCK_TOLERANCE = 30_000
OURS = {CloseReason.GATEWAY_DIED, CloseReason.GATEWAY_RESTART}
GONE = {Lifecycle.DECOMMISSIONED, Lifecycle.SUSPENDED}


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and the tone (`pill`) it is said in; without a text there is nothing to do."""

    text: str
    tone: str = "info"


def next_step(row: fleet.Row) -> Step:
    """Return what to do next about the charger that `fleet.rows` described."""
    charger, live = row.charger, fleet.live_state(row.charger)
    if charger.lifecycle in GONE:
        return Step(_("Nothing: it is out of service on purpose (%(stage)s).") % _stage(charger))
    if live.since is None:
        return Step(_("Connect it: enter its address, identity and key in the charger."))
    if row.state is State.OFFLINE:
        return _offline(row)
    if row.state is State.FAULTED:
        return _faulted(row)
    if live.deaf_since is not None:
        return Step(
            _("It sends but hears nothing we ask: reset it on site, by its breaker."), "warn"
        )
    return _other(row, live.clock_offset)


def _offline(row: fleet.Row) -> Step:
    if getattr(row.charger, "close_reason", "") in OURS:
        return Step(_("Our side broke the connection: wait some minutes, it comes back by itself."))
    if getattr(row.charger, "close_reason", "") == CloseReason.PROTOCOL_ERROR:
        return Step(
            _(
                "Look at the last frames in its flight recorder: it sent what is no OCPP. If it "
                "stays away, restart it; ask its vendor for another firmware."
            ),
            "warn",
        )
    if row.charger.sim_id:
        text = _(
            "See whether the site's other chargers are gone too: then it is the site's power."
            " If not, look for its SIM at the operator, then have its breaker switched off and on."
        )
    else:
        text = _(
            "See whether the site's other chargers are gone too: then it is the site's power or"
            " router. If not, have its network cable looked at, then its breaker switched."
        )
    return Step(text, "warn")


def _faulted(row: fleet.Row) -> Step:
    codes = [port.error_code for port in _ports(row) if port.error_code not in ("", "NoError")]
    own = fleet.live_state(row.charger).error_code
    found = advice.on_fault(next(iter(codes), own))
    return Step(str(found.from_here), "bad" if found.dangerous else "warn")


def _other(row: fleet.Row, clock_offset: int | None) -> Step:
    if row.state is State.UNAVAILABLE:
        return Step(_("Ask whether work is being done there; set it operative when it is over."))
    if row.charger.lifecycle in {Lifecycle.PLANNED, Lifecycle.PENDING}:
        return Step(_("It is connected: accept it, and commission it."))
    if clock_offset is not None and abs(clock_offset) > CLOCK_TOLERANCE:
        return Step(
            _("Its clock is %(how)s. Times are corrected; have it looked at with the next visit.")
            % {"how": words.clock(clock_offset)},
            "notice",
        )
    return Step("")


def _ports(row: fleet.Row) -> list[PortState]:
    return [state for evse in row.charger.evses.all() if (state := fleet.port_row(evse))]


def _stage(charger: Charger) -> dict[str, str]:
    return {"stage": charger.get_lifecycle_display().lower()}
