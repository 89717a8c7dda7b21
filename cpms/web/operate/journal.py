"""What was asked of all chargers that a person sees: one list, newest first, narrowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from cpms.control import access as control_access
from cpms.control.models import Command
from cpms.web.operate.bulk import tabs
from cpms.web.operate.forms import FORMS
from inventory import access, search
from monitoring.views.asked import asks_for, person

PAGE_SIZE = 50
#: Parameter `window` -> how far back, and what it is called.
WINDOWS: dict[str, tuple[timedelta | None, str | Promise]] = {
    "24h": (timedelta(hours=24), _("24 h")),
    "7d": (timedelta(days=7), _("7 d")),
    "30d": (timedelta(days=30), _("30 d")),
    "all": (None, _("All")),
}
DEFAULT = "7d"
#: What a state's filter offers beside the states themselves.
OPEN, TROUBLE, NOT_DONE = "open", "trouble", "not_done"
TROUBLES = (
    *(Command.State.REJECTED, Command.State.FAILED, Command.State.TIMED_OUT),
    *(Command.State.UNKNOWN, Command.State.EXPIRED, Command.State.NOT_SUPPORTED),
)
GROUPS: dict[str, tuple[str | Promise, Q]] = {
    OPEN: (_("under way"), Q(state__in=[Command.State.PENDING, Command.State.SENT])),
    TROUBLE: (
        _("went wrong"),
        Q(state__in=TROUBLES) | Q(state=Command.State.ACCEPTED, verified=False),
    ),
    NOT_DONE: (_("accepted, not done"), Q(state=Command.State.ACCEPTED, verified=False)),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; the names are the page's parameters."""

    window: str = DEFAULT
    state: str = ""
    operation: str = ""
    who: str = ""
    q: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the time is left out."""
        return bool(self.state or self.operation or self.who or self.q)


def wanted(parameters: Mapping[str, str]) -> Wanted:
    """Read what is asked for; what can't be read doesn't narrow."""
    window, state = parameters.get("window", ""), parameters.get("state", "")
    operation, who = parameters.get("operation", ""), parameters.get("who", "")
    return Wanted(
        window=window if window in WINDOWS else DEFAULT,
        state=state if state in GROUPS or state in Command.State.values else "",
        operation=operation if operation in FORMS else "",
        who=who if who == "me" else "",
        q=" ".join(search.words(parameters.get("q", ""))),
    )


def narrowed(user: User, asked: Wanted, now: datetime) -> QuerySet[Command]:
    """Return the commands that pass."""
    found = control_access.commands(user)
    back, _label = WINDOWS[asked.window]
    if back is not None:
        found = found.filter(requested_at__gte=now - back)
    if asked.state:
        group = GROUPS.get(asked.state)
        found = found.filter(group[1] if group else Q(state=asked.state))
    if asked.operation:
        found = found.filter(operation=asked.operation)
    if asked.who:
        found = found.filter(requested_by=user)
    if asked.q:
        found = found.filter(charger__in=search.chargers(access.chargers(user), asked.q))
    return found


def page(found: QuerySet[Command], before: str) -> tuple[list[Command], str]:
    """Return a page of commands, and after which the next one begins; "" if it is the last."""
    place = _place(before)
    if place is not None:
        at, key = place
        found = found.filter(Q(requested_at__lt=at) | Q(requested_at=at, id__lt=key))
    whole = found.select_related("charger__site").order_by("-requested_at", "-id")
    shown = list(whole[: PAGE_SIZE + 1])
    if len(shown) <= PAGE_SIZE:
        return shown, ""
    last = shown[PAGE_SIZE - 1]
    return shown[:PAGE_SIZE], f"{last.requested_at.isoformat()},{last.pk}"


def _place(text: str) -> tuple[datetime, UUID] | None:
    at, _comma, key = text.partition(",")
    try:
        # A space was a plus, before somebody's program read the address.
        place = datetime.fromisoformat(at.replace(" ", "+")), UUID(key)
    except ValueError:
        return None
    return place if place[0].tzinfo else None


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the list, or only its live part."""
    user, asked = person(request), wanted(request.GET)
    before = request.GET.get("before", "")[:100]
    commands, following = page(narrowed(user, asked, timezone.now()), before)
    context = {"commands": commands, "wanted": asked, "following": following, "before": before}
    context["following_query"] = urlencode({**request.GET.dict(), "before": following})
    if asks_for(request, "commands"):
        return render(request, "web/operate/_journal.html", context)
    return render(request, "web/operate/journal.html", context | _choices())


def _choices() -> dict[str, object]:
    states = [(name, label) for name, (label, _condition) in GROUPS.items()]
    return {
        "tabs": tabs("commands"),
        "windows": [(name, label) for name, (_length, label) in WINDOWS.items()],
        "states": [*states, *Command.State.choices],
        "operations": sorted(((n, str(form.title)) for n, form in FORMS.items()), key=_named),
        "mine": [("me", _("By me"))],
    }


def _named(choice: tuple[str, str]) -> str:
    return choice[1].casefold()
