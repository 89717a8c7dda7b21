"""What every report says of itself: window, rules, formulas, no-data share, cut-off."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.kinds import words
from cpms.reports.order import Order
from inventory.models import Evse
from monitoring.kpis.figures import LENS_LABELS
from monitoring.kpis.queries import GroupBy
from monitoring.lenses.standards import STANDARDS


def facts(order: Order) -> list[tuple[str, str]]:
    """Return what stands at the head of the report, label by label."""
    return [
        (_("Window"), window(order)),
        (_("About"), place(order)),
        (_("Rules"), rules(order.lens)),
        (_("Uptime"), formula(order.lens)),
        (_("No data"), no_data(order)),
        (_("Data cut-off"), cutoff(order)),
        (_("Made for"), order.requested_by or _("a subscription")),
    ]


def window(order: Order) -> str:
    """Write the days."""
    return _("%(first)s to %(last)s, both included, each in its site's own time zone") % {
        "first": words.day(order.first),
        "last": words.day(order.last),
    }


def place(order: Order) -> str:
    """Write how many ports at which sites."""
    sites = order.where().order_by("name")
    count = sites.count()
    ports = Evse.objects.filter(charger__in=order.chargers()).count()
    names = ", ".join(sites.values_list("name", flat=True)[:5])
    more = "" if count <= 5 else " …"
    return f"{words.ports(ports)}, {words.sites(count)}: {names}{more}"


def rules(lens: str) -> str:
    """Write whose rules the uptime follows."""
    standard = STANDARDS[lens]
    label = LENS_LABELS[lens]
    if standard.least is None:
        return str(label)
    sign = ">" if standard.strict else "≥"
    return _("%(rules)s: an uptime %(sign)s %(least)s") % {
        "rules": label,
        "sign": sign,
        "least": words.share(standard.least, 0),
    }


def formula(lens: str) -> str:
    """Write the formula of the uptime under the lens."""
    known = {
        "raw": _("1 - T_outage / T. Nothing is excluded."),
        "nevi": _(
            "µ = (T - (T_outage - T_excluded)) / T for each port over the twelve months before. "
            "T is the real number of minutes: 525,600, or 527,040 with a 29 February, less for a "
            "port that came or went and without the time of which nothing is known."
        ),
        "uk": _(
            "R = 1 - (inoperative + out of order) / open minutes, over all rapid charge points. "
            "Unknown, blocked and offline are ineligible for measurement and count as reliable; "
            "R is printed with these minutes and without them."
        ),
        "california": _(
            "(T - (T_outage - T_excluded)) / T for each direct-current port. Excluded: vandalism "
            "up to 10 days per incident, loss of the grid, natural disasters, planned maintenance "
            "up to 72 hours in a calendar year."
        ),
        "contract": _(
            "(T - (T_outage - T_excluded)) / T in the hours agreed, with the exclusions agreed."
        ),
    }
    return known[lens]


def no_data(order: Order) -> str:
    """Write the share of time of which nothing is known."""
    found = order.figures(order.days, GroupBy.FLEET, ["uptime"], "raw")
    part = words.share(found[0].figures["uptime"].no_data_share, 3)
    return _("%s of the commissioned time; it is in no figure, neither as up nor as down.") % part


def cutoff(order: Order) -> str:
    """Write what was known when it was made."""
    known = _("as known on %s") % words.moment(order.now)
    if order.settled_day is None:
        return _("%s; no day is settled for all chargers yet, figures may change") % known
    if order.settled_day < order.last:
        day = words.day(order.settled_day)
        return _("%(known)s; days after %(day)s weren't settled yet and may change") % {
            "known": known,
            "day": day,
        }
    return _("%s; all days of the window were settled") % known


def foot(order: Order) -> str:
    """Write the foot of each page."""
    return _("Report %(number)d, version %(version)d · data cut-off %(at)s · Kilowatch") % {
        "number": order.number,
        "version": order.version,
        "at": words.moment(order.now),
    }


def formulas(metrics: Iterable[str]) -> list[tuple[str, str]]:
    """Return label and formula of each figure."""
    known = (CATALOGUE[name] for name in metrics if name in CATALOGUE)
    return [(str(each.label), str(each.formula)) for each in known]
