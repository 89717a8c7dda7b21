"""What is so of every lens, whatever happened."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.models import ExclusionReason
from monitoring.kpis.history import ChargerHistory, Excluded, PortHistory, Reported, Rules
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import LensTotals
from monitoring.lenses import raw
from monitoring.lenses.california import quarters
from monitoring.lenses.standards import STANDARDS, uptime
from monitoring.lenses.stretches import Stretch, cut, rest, union
from tests.monitoring.histories import LENGTH, MINUTE, histories, minutes

END = LENGTH * MINUTE
ALWAYS = Window(-inf, inf)
WHOLE = [Window(0.0, END)]
#: Sums of floats: a moment more or less is none.
MOMENT = 1e-6
#: Half of the usual: each history is a long one to draw.
few = settings(max_examples=50)
stretches = st.lists(
    st.tuples(minutes, st.integers(0, 90)).map(lambda s: Stretch(s[0], s[0] + s[1] * MINUTE))
)


def seen(history: ChargerHistory, port: int = 1) -> Mapping[str, LensTotals]:
    totals = measured(history, WHOLE, ALWAYS, END).ports[port][0]
    return {**totals.lenses, "raw": raw.totals(totals)}


def with_port(history: ChargerHistory, port: PortHistory) -> ChargerHistory:
    return replace(history, ports={**history.ports, 1: port})


@few
@given(histories())
def test_uptime_is_a_share_and_the_excluded_are_of_the_outage_and_that_of_the_window(
    history: ChargerHistory,
) -> None:
    for lens, totals in seen(history).items():
        assert -MOMENT < totals.excluded < totals.outage + MOMENT
        assert totals.outage + totals.ineligible < totals.window + MOMENT
        assert totals.window < END + MOMENT
        found = uptime(lens, totals)
        for value in (found.value, found.without_ineligible):
            assert value is None or 0 <= value <= 1
        assert (found.value is None) == (totals.window == 0)
        assert STANDARDS[lens].met(found.value) in {True, False, None}


@few
@given(histories(), minutes, st.sampled_from([5, 300]), st.sampled_from(ExclusionReason.values))
def test_another_exclusion_never_lowers_an_uptime(
    history: ChargerHistory, start: float, length: int, reason: str
) -> None:
    """But California's 72 hours of planned work, which more of it uses up."""
    before = seen(history)
    new = Excluded(start, start + length * MINUTE, reason)
    port = history.ports[1]
    port = replace(port, exclusions=sorted([*port.exclusions, new]))
    for lens, totals in seen(with_port(history, port)).items():
        if lens == "california" and reason == ExclusionReason.SCHEDULED_MAINTENANCE:
            continue
        assert totals.excluded > before[lens].excluded - MOMENT
        assert totals.outage == before[lens].outage
        assert totals.window == before[lens].window


@few
@given(histories(), minutes)
def test_more_outage_never_raises_an_uptime(history: ChargerHistory, start: float) -> None:
    port = history.ports[1]
    known = [span._replace(state="Available") for span in port.statuses if span.state != "Unknown"]
    before = seen(with_port(history, replace(port, statuses=known)))
    worse = [_faulted(span, start) for span in known]
    after = seen(with_port(history, replace(port, statuses=worse)))
    for lens, totals in after.items():
        lost, less = (t.outage - t.excluded for t in (totals, before[lens]))
        assert lost > less - MOMENT
        assert totals.window == before[lens].window


def _faulted(span: Reported, start: float) -> Reported:
    return span._replace(state="Faulted") if span.start <= start < span.end else span


@few
@given(histories())
def test_quarters_of_an_hour_add_up_to_what_the_lens_sees(history: ChargerHistory) -> None:
    found = measured(history, WHOLE, ALWAYS, END)
    for port, pieces in found.california.items():
        totals = found.ports[port][0].lenses["california"]
        outage, excluded = quarters(pieces, WHOLE[0])
        assert (len(outage), len(excluded)) == (LENGTH // 15, LENGTH // 15)
        assert all(0 <= less <= more <= 900 for more, less in zip(outage, excluded, strict=True))
        # Whole seconds: half a second more or less in each.
        assert abs(sum(outage) - totals.outage) <= len(outage) / 2
        assert abs(sum(excluded) - totals.excluded) <= len(excluded) / 2


@given(stretches, stretches)
def test_stretches_are_cut_joined_and_complemented_without_a_gap(
    some: list[Stretch], others: list[Stretch]
) -> None:
    pieces = [Piece(*stretch, "") for stretch in union(some)]
    joined, whole = union(others), Stretch(0.0, END)
    parts = list(cut(pieces, joined))
    assert union(Stretch(p.start, p.end) for p, _in in parts) == union(some)
    inside = [Stretch(p.start, p.end) for p, within in parts if within]
    outside = [Stretch(p.start, p.end) for p, within in parts if not within]
    assert list(cut([Piece(*s, "") for s in inside], joined)) == [
        (Piece(*s, ""), True) for s in inside
    ]
    assert not any(a.start < b.end and b.start < a.end for a in outside for b in joined)
    left = rest(joined, whole)
    assert union([*left, *joined])[0].start == 0.0
    assert not any(a.start < b.end and b.start < a.end for a in left for b in joined)


def test_a_port_under_no_lens_has_none() -> None:
    history = ChargerHistory({1: PortHistory()}, rules=Rules())
    assert seen(history) == {"raw": LensTotals()}
