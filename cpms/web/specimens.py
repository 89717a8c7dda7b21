"""Sample values for `/design/`, the page that shows every component in every state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from cpms.web.templatetags.kilowatch import state_label
from monitoring.effective import State

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

#: Names that hold no layout up: markup, 300 characters, right to left, and no space at all.
UGLY_NAMES = (
    "<script>alert('Ostbahnhof')</script> & <b>Söhne</b>",
    "Ladepark an der alten Ziegelei hinter dem großen Kreisverkehr " * 5,
    "محطة شحن السيارات الكهربائية رقم ١٢ (DE*KWH*E12)",
    "CP" + "0123456789" * 25,
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab, as `tabs` draws it."""

    label: str
    url: str
    icon: str
    current: bool = False
    badge: int = 0
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Step:
    """A step, as `stepper` draws it."""

    label: str
    state: str
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, as `events` draws it."""

    at: datetime
    text: str
    icon: str
    tone: str = "calm"
    who: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a timeline bar."""

    state: str
    start: datetime
    end: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a figure goes, as `kpi` draws it."""

    way: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sample table."""

    name: str
    state: str
    since: datetime | None
    power: float | None


def specimens(now: datetime) -> dict[str, Any]:
    """Return everything that the page draws, at `now`."""
    return {
        "states": [str(state) for state in State],
        "tones": ("bad", "warn", "notice", "info", "good", "calm"),
        "rows": rows(now),
        "bars": bars(now),
        "start": now - 24 * HOUR,
        "end": now,
        "happenings": happenings(now),
        "steps": steps(now),
        "tabs": tabs(),
        "trends": trends(),
        "spark": (99.1, 99.4, 98.7, None, None, 99.6, 99.9, 99.8, 99.97),
        "spark_down": (97.0, 96.4, 96.8, 95.1, 94.0, 94.2, 91.4),
        "state_options": [(str(state), state_label(state)) for state in State],
        "ugly": UGLY_NAMES,
        "long_ago": now - timedelta(days=41, hours=7),
        "recently": now - 3 * MINUTE,
    }


def rows(now: datetime) -> list[Row]:
    """Return a charger in every state, and the ugly names."""
    made = [
        Row(f"DE-BER-{number:04}", str(state), now - number * 17 * MINUTE, 1_100.0 * number)
        for number, state in enumerate(State, 1)
    ]
    return [*made, *(Row(name, "available", None, None) for name in UGLY_NAMES)]


def bars(now: datetime) -> list[tuple[str, list[Stretch]]]:
    """Return a day with every state, one without data in its middle, and an empty one."""
    states = [str(state) for state in State]
    width = 24 * HOUR / len(states)
    start = now - 24 * HOUR
    every = [
        Stretch(state, start + index * width, start + (index + 1) * width)
        for index, state in enumerate(states)
    ]
    torn = [
        Stretch("available", start, start + 9 * HOUR),
        Stretch("faulted", start + 9 * HOUR, start + 9 * HOUR + 4 * MINUTE, "GroundFailure"),
        Stretch("charging", start + 14 * HOUR, now),
    ]
    return [(_("Every state"), every), (_("With a gap"), torn), (_("Nothing known"), [])]


def happenings(now: datetime) -> list[Happening]:
    """Return events of every tone, one with a note in somebody's own words."""
    return [
        Happening(now - 48 * MINUTE, _("Port 2 faulted: ground fault"), "alert-triangle", "bad"),
        Happening(now - 43 * MINUTE, _("Escalated to the NOC operators"), "bell", "notice"),
        Happening(
            now - 41 * MINUTE, _("Acknowledged"), "user", "info", "Olga Operator",
            _("Called the site: the breaker of bay 2 has tripped.\nThe janitor looks at it."),
        ),
        Happening(now - 4 * MINUTE, _("Right again"), "circle-check", "good"),
        Happening(now, UGLY_NAMES[2], "file-text", "calm", UGLY_NAMES[0], UGLY_NAMES[3]),
    ]  # fmt: skip


def steps(now: datetime) -> list[Step]:
    """Return a stepper that has got half-way, with a step that failed."""
    return [
        Step(_("TCP connection"), "done", at=now - 2 * MINUTE),
        Step(_("TLS"), "done", _("TLS 1.3, certificate of our own authority"), now - 2 * MINUTE),
        Step(_("Credentials"), "failed", _("The password is not the one on file."), now - MINUTE),
        Step(_("Subprotocol"), "current", _("The charger offers ocpp1.6.")),
        Step(_("Boot notification"), "waiting"),
    ]


def tabs() -> list[Tab]:
    """Return tabs, one with a count."""
    return [
        Tab(_("Now"), "#tabs", "activity", current=True),
        Tab(_("History"), "#tabs", "history"),
        Tab(_("Sessions"), "#tabs", "bolt", badge=3),
        Tab(_("Incidents"), "#tabs", "urgent", badge=1, tone="bad"),
    ]


def trends() -> dict[str, Trend]:
    """Return a trend of each kind."""
    return {
        "better": Trend("up", "good", _("0.4 points more than the week before")),
        "worse": Trend("down", "bad", _("2.1 points less than the week before")),
        "same": Trend("level", "calm", _("as the week before")),
    }
