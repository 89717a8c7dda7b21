"""The tabs of a KPI page: which figures each shows, above and in its table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages.lenses import LENSES


@dataclass(frozen=True, slots=True)
class View:
    """A tab; its first metric is the one that the trend shows and that sorts the table."""

    name: str
    label: str | Promise
    icon: str
    #: Names of the catalogue: the cards, and the columns of the table.
    metrics: tuple[str, ...]
    #: Metrics that are only in the table.
    columns: tuple[str, ...] = ()
    #: Metrics whose parts have a panel of their own.
    made_of: tuple[str, ...] = ()

    @property
    def lenses(self) -> tuple[str, ...]:
        """The lenses whose uptimes stand beside each other."""
        return tuple(LENSES) if self.name == "overview" else ()

    @property
    def table(self) -> tuple[str, ...]:
        """The columns of the table."""
        return (*self.metrics, *self.columns)


_ALL = (
    View(
        "overview", _("Overview"), "gauge",
        ("uptime", "online_rate", "session_success", "reconnects"), ("outages", "mtbf"),
    ),
    View(
        "sessions", _("Sessions"), "bolt",
        ("session_success", "charging_success", "first_time_success", "failures"),
        ("sessions",), ("failures",),
    ),
    View(
        "connectivity", _("Connectivity"), "wifi",
        ("online_rate", "reconnects", "round_trip_p95", "missed_pings"),
        ("mean_time_between_disconnects", "longest_offline", "flapping_share", "late_replies"),
        ("reconnects", "late_replies"),
    ),
    View(
        "use", _("Energy and use"), "plug",
        ("energy", "utilisation", "occupancy", "idle"), ("sessions", "peak_power"),
    ),
    View("hours", _("Hours"), "clock", ("uptime", "utilisation"), ("silent_time",), ("uptime",)),
    View(
        "repair", _("Repair"), "tool",
        ("mtta", "mttr", "first_time_fix", "remote_resolution"), ("mtbf",),
    ),
)  # fmt: skip


def _known(view: View) -> View:
    """Return the view with those of its metrics that there are."""
    metrics, columns = (
        tuple(name for name in names if name in CATALOGUE) for names in (view.metrics, view.columns)
    )
    return replace(view, metrics=metrics, columns=columns)


#: By name, in the order of the tabs.
VIEWS: Mapping[str, View] = {view.name: view for view in map(_known, _ALL) if view.metrics}
