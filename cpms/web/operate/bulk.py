"""One operation over many chargers: chosen, asked, watched, stopped."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access as control_access
from cpms.control import bulks as control
from cpms.control.commands import Asker, Refused
from cpms.control.models import Bulk, Command
from cpms.control.operations import BadRequest
from cpms.ocpp.commands import typed
from cpms.web.operate import catalogue, words
from cpms.web.operate.chosen import Chosen, chosen, organisations, unread
from cpms.web.operate.forms import FORMS, Harm, OperationForm
from inventory import access
from monitoring import fleet
from monitoring.fleet import choices
from monitoring.views.asked import asks_for, number, person, refused

State = Command.State
PAGE_SIZE = 50
#: What was confirmed of a fleet holds for so much more: it changes while one reads.
GROWS_BY = 0.1
#: Ends of commands in the order of the bar and of the list: what needs somebody comes first.
ENDS = (
    *(State.FAILED, State.REJECTED, "not_done", State.TIMED_OUT, State.UNKNOWN),
    *(State.NOT_SUPPORTED, State.EXPIRED, State.SENT, State.PENDING, State.CANCELLED),
    *(State.ACCEPTED, "done"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the commands' pages."""

    url: str
    label: str | Promise
    icon: str
    current: bool


def tabs(current: str) -> list[Tab]:
    """Return the two lists: single commands, and bulk operations."""
    both = (
        ("commands", gettext_lazy("Commands"), "terminal-2"),
        ("bulks", gettext_lazy("Bulk operations"), "stack-2"),
    )
    return [Tab(reverse(name), label, icon, name == current) for name, label, icon in both]


# --- Asking --------------------------------------------------------------------------------


@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Offer what can be asked of the chargers that pass the filters of the address."""
    user, about = _chosen(request)
    groups = catalogue.groups(about.target, bulk=True) if about else []
    context = _context(request, user, about) | {"groups": groups}
    return render(request, "web/operate/bulk_choose.html", context)


@login_required
def ask(request: HttpRequest, name: str) -> HttpResponse:
    """Ask an operation of them, after a question."""
    kind = FORMS.get(name)
    if kind is None or not kind.bulk:
        raise Http404
    user, about = _chosen(request)
    if about is None:
        return redirect(f"{reverse('bulk-choose')}?{request.GET.urlencode()}")
    form = kind(about.target, request.POST if request.method == "POST" else None)
    harms: list[Harm] = []
    if request.method == "POST" and form.is_valid():
        bulk, harms = _ask(user, about, form, request)
        if bulk is not None:
            return redirect("bulk", bulk.pk)
    context = _context(request, user, about)
    context |= {"form": form, "harms": harms, "unable": _unable(kind, about)}
    return render(request, "web/operate/bulk_ask.html", context)


def _chosen(request: HttpRequest) -> tuple[User, Chosen | None]:
    """Return who asks, and of which chargers; None where there is none to ask."""
    user = person(request)
    if not access.organisations_where(user, "command").exists():
        raise refused(request, "command", _("You may not ask anything of chargers."))
    if unread(request.GET):
        return user, None
    able = organisations(user, request.GET)
    wanted = number(request.GET.get("of"), 0)
    owner = next((one for one in able if one.pk == wanted), able[0] if able else None)
    return user, chosen(user, owner, request.GET, timezone.now()) if owner else None


def _context(request: HttpRequest, user: User, about: Chosen | None) -> dict[str, Any]:
    wanted = fleet.filters(request.GET)
    return {
        "about": about,
        "query": request.GET.urlencode(),
        "chips": choices.chips(user, wanted, request.GET),
        "searched": wanted.q,
        "unread": unread(request.GET),
        "organisations": organisations(user, request.GET) if about else [],
    }


def _unable(kind: type[OperationForm], about: Chosen) -> list[tuple[str, int]]:
    """Return the versions that haven't the operation, and how many chargers speak them."""
    known = {version: n for version, n in about.versions.items() if version}
    return [(v, n) for v, n in sorted(known.items()) if v not in kind.operation.versions]


def _ask(
    user: User, about: Chosen, form: OperationForm, request: HttpRequest
) -> tuple[Bulk | None, list[Harm]]:
    operation = form.asked()
    if operation is None:
        return None, []
    harms = [_size(form, about), *form.harms()]
    confirmed = request.POST.getlist("confirmed")
    if not all(_is_confirmed(harm.key, confirmed) for harm in harms):
        return None, harms
    asker = Asker.person(user, Command.Source.PAGE)
    try:
        typed.check_all(operation, about.organisation.pk, about.chargers)
        bulk = control.start(
            about.organisation, about.chargers, operation, asker,
            chosen_by=request.GET.urlencode(), reason=form.cleaned_data["reason"],
            lasts=form.waits(),
        )  # fmt: skip
    except (BadRequest, Refused) as problem:
        form.refuse(str(problem))
        return None, []
    return bulk, []


def _is_confirmed(key: str, confirmed: list[str]) -> bool:
    """Tell whether a harm was confirmed; of a number, one not much lower: sessions come and go."""
    name, _dash, number_of = key.rpartition("-")
    if key in confirmed or not (name and number_of.isdecimal()):
        return key in confirmed
    agreed = [k.removeprefix(f"{name}-") for k in confirmed if k.startswith(f"{name}-")]
    most = max((int(n) for n in agreed if n.isdecimal() and len(n) < 10), default=0)
    return int(number_of) <= most * (1 + GROWS_BY)


def _size(form: OperationForm, about: Chosen) -> Harm:
    able = about.size - sum(count for _version, count in _unable(type(form), about))
    text = ngettext(
        "“%(what)s” is asked of %(count)s charger of %(owner)s.",
        "“%(what)s” is asked of %(count)s chargers of %(owner)s.",
        able,
    ) % {"what": form.title, "count": able, "owner": about.organisation.name}
    return Harm(f"size-{able}", text)


# --- Watching ------------------------------------------------------------------------------


@login_required
@require_GET
def bulks(request: HttpRequest) -> HttpResponse:
    """List the bulk operations, newest first."""
    found = control_access.bulks(person(request)).select_related("organisation")
    page = Paginator(found, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = {"page": page, "tabs": tabs("bulks")}
    return render(request, "web/operate/bulks.html", context)


@dataclass(frozen=True, slots=True)
class Share:
    """How many commands came to one end, and their place in the bar, in per cent."""

    end: str
    label: str
    tone: str
    icon: str
    count: int
    x: str
    width: str


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show how far one is, and each charger's answer; or only the live part of that."""
    user = person(request)
    bulk = get_object_or_404(control_access.bulks(user).select_related("organisation"), pk=key)
    counts = ends(bulk)
    asked = sum(counts.values())
    under_way = counts[State.PENDING] + counts[State.SENT]
    end = request.GET.get("end", "")
    commands = _of_bulk(user, bulk, end if end in counts else "")
    page = Paginator(commands, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = {
        "bulk": bulk, "shares": shares(counts), "asked": asked, "under_way": under_way,
        "over": asked - under_way, "skipped": bulk.size - asked, "end": end, "page": page,
        "able": access.may(user, "command", bulk.organisation_id), "tabs": tabs("bulks"),
        "done_per_cent": f"{(asked - under_way) / asked * 100:.0f}" if asked else "100",
    }  # fmt: skip
    live = asks_for(request, "bulk")
    return render(request, f"web/operate/{'_bulk' if live else 'bulk'}.html", context)


@login_required
@require_POST
def stop(request: HttpRequest, key: int) -> HttpResponse:
    """Take back what wasn't sent yet."""
    user = person(request)
    bulk = get_object_or_404(control_access.bulks(user), pk=key)
    if not access.may(user, "command", bulk.organisation_id):
        raise refused(request, "command", _("You may not ask anything of chargers."))
    gone = control.stop(bulk, Asker.person(user, Command.Source.PAGE))
    said = ngettext(
        "Stopped: %s command was not sent any more.",
        "Stopped: %s commands were not sent any more.",
        gone,
    )
    messages.success(request, said % gone)
    return redirect("bulk", bulk.pk)


def ends(bulk: Bulk) -> Counter[str]:
    """Return how many of its commands came to which end; one query."""
    rows = Command.objects.filter(bulk=bulk).values_list("state", "verified").order_by()
    counts: Counter[str] = Counter()
    for state, verified, number_of in rows.annotate(n=Count("pk")):
        counts[words.ended(Command(state=state, verified=verified))] += number_of
    return counts


def shares(counts: Counter[str]) -> list[Share]:
    """Return the parts of the bar, in the order of `ENDS`."""
    whole, before, found = sum(counts.values()) or 1, 0.0, []
    for end in ENDS:
        if count := counts[end]:
            (tone, icon), width = words.LOOKS[end], count / whole * 100
            label = words.ending(end)
            found.append(Share(end, label, tone, icon, count, f"{before:.3f}", f"{width:.3f}"))
            before += width
    return found


def _of_bulk(user: User, bulk: Bulk, end: str) -> QuerySet[Command]:
    """Return its commands that the user may see, those that need somebody first."""
    found = control_access.commands(user).filter(bulk=bulk).select_related("charger__site")
    if end:
        found = found.filter(_is(end))
    rank = Case(
        *(When(_is(one), then=Value(place)) for place, one in enumerate(ENDS)),
        default=Value(len(ENDS)),
        output_field=IntegerField(),
    )
    return found.order_by(rank, "charger__identity")


def _is(end: str) -> Q:
    if end in ("done", "not_done"):
        return Q(state=State.ACCEPTED, verified=end == "done")
    return Q(state=end, verified=None) if end == State.ACCEPTED else Q(state=end)
