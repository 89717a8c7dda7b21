"""The dashboard's pages, in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts import access as alerts_access
from monitoring import sightings
from monitoring.outages import exclusions

Counter = Callable[[HttpRequest], int]


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation; `count` is what waits there for somebody."""

    url_name: str
    label: str | Promise
    icon: str
    prefixes: tuple[str, ...]
    count: Counter | None = None
    tone: str = "calm"
    #: The letter that goes there after "g".
    key: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as one request sees it."""

    name: str
    url: str
    label: str | Promise
    icon: str
    current: bool
    badge: int
    tone: str
    key: str


def _open_incidents(request: HttpRequest) -> int:
    return alerts_access.incidents(request.user).filter(resolved_at=None).count()


def _sightings(request: HttpRequest) -> int:
    return sightings.waiting(request.user).count()


def _exclusions(request: HttpRequest) -> int:
    return exclusions.waiting(request.user).count()


PLACES = (
    Place("fleet", _("Fleet"), "charging-pile", ("/chargers/",), key="f"),
    Place(
        "incidents",
        _("Incidents"),
        "urgent",
        ("/incidents/", "/notifications/", "/alerting/"),
        _open_incidents,
        "bad",
        "i",
    ),
    Place("map", _("Map"), "map", ("/map/",), key="m"),
    Place("sites", _("Sites"), "building", ("/sites/", "/contractors/", "/contracts/"), key="p"),
    Place("kpis", _("KPIs"), "gauge", ("/kpis/", "/meters/"), key="k"),
    Place(
        "outages",
        _("Outages"),
        "plug-connected-x",
        ("/outages/", "/exclusions/", "/maintenance/", "/error-meanings/"),
        _exclusions,
        "notice",
        "o",
    ),
    Place("reports", _("Reports"), "file-text", ("/reports/",), key="r"),
    Place("tokens", _("Tokens"), "credit-card", ("/tokens/",), key="t"),
    Place("firmware", _("Firmware"), "cpu", ("/firmware/",), key="w"),
    Place(
        "certificates", _("Certificates"), "certificate", ("/certificates/", "/plug-and-charge/")
    ),
    Place("commands", _("Commands"), "terminal-2", ("/commands/",), key="c"),
    Place("sightings", _("Sightings"), "radar", ("/sightings/",), _sightings, "notice", "s"),
)


def place_at(path: str) -> str:
    """Return the `url_name` of the place that the page at `path` belongs to, "" for none."""
    here = (p for p in PLACES if path == reverse(p.url_name) or path.startswith(p.prefixes))
    return next((place.url_name for place in here), "")


def entries(request: HttpRequest, at: str) -> list[Entry]:
    """Return the navigation `at` a place, with what waits behind each."""
    return [_entry(place, request, at) for place in PLACES]


def _entry(place: Place, request: HttpRequest, at: str) -> Entry:
    return Entry(
        name=place.url_name,
        url=reverse(place.url_name),
        label=place.label,
        icon=place.icon,
        current=place.url_name == at,
        badge=place.count(request) if place.count else 0,
        tone=place.tone,
        key=place.key,
    )
