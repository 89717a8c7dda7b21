"""Pages of exclusions: what waits for approval, what was decided, and the form to propose one."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory import access as inventory_access
from inventory.audit import record_refusal
from inventory.models import ExclusionReason
from monitoring import access
from monitoring.models import Exclusion
from monitoring.outages import exclusions as deeds
from monitoring.outages import photos
from monitoring.outages.covered import covered
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.exclusions import Wish
from monitoring.outages.people import named
from monitoring.outages.scope import Scope, touching
from monitoring.views import places
from monitoring.views.asked import number, person

PAGE_SIZE = 50
MOST_OUTAGES = 100
RELATED = ("site", "charger", "evse__charger", "proposed_by", "decided_by")
#: Parameter `state` -> what is shown, and in which order.
STATES = {
    "waiting": (gettext_lazy("Waiting for approval"), ["proposed"], "proposed_at"),
    "approved": (gettext_lazy("Approved"), ["approved"], "-started"),
    "closed": (gettext_lazy("Rejected or withdrawn"), ["rejected", "withdrawn"], "-decided_at"),
}
LOOKS = {
    "proposed": ("notice", "hourglass"),
    "approved": ("good", "check"),
    "rejected": ("bad", "x"),
    "withdrawn": ("calm", "eraser"),
    "changed": ("info", "edit"),
    "note": ("calm", "message"),
}


class ExclusionForm(forms.Form):
    """What to take out, when, why and with what to show for it."""

    place = forms.ChoiceField(label=gettext_lazy("What"))
    start = places.LocalTime(label=gettext_lazy("From"))
    end = places.LocalTime(label=gettext_lazy("To"), fold=1)
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[("", gettext_lazy("Choose…")), *ExclusionReason.choices],
    )
    note = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=deeds.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Whoever approves it wasn't there: say what they need to know."),
    )
    photo = forms.FileField(
        label=gettext_lazy("Photo (optional)"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"}),
        help_text=gettext_lazy(
            "JPEG or PNG, at most 10 MB. Others see the picture alone, not where it was taken."
        ),
    )
    drop_photo = forms.BooleanField(label=gettext_lazy("Without the photo"), required=False)

    def __init__(self, scope: Scope, *args: Any, has_photo: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places.around(scope)  # type: ignore[attr-defined]
        for name in ("start", "end"):
            self.fields[name].in_zone(scope.site.timezone)  # type: ignore[attr-defined]
        if not has_photo:
            del self.fields["drop_photo"]

    def wish(self, user: User) -> Wish:
        """Return what is wished; raises LedgerError."""
        said = self.cleaned_data
        scope = places.scope_of(user, said["place"])
        if scope is None:
            raise LedgerError(_("Choose what to take out."))
        photo = b"" if said.get("drop_photo") else None
        if upload := said["photo"]:
            photo = upload.read(photos.LARGEST + 1)
        return Wish(scope, said["start"], said["end"], said["reason"], said["note"], photo)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List exclusions, those that wait for approval unless others are asked for."""
    user = person(request)
    state = request.GET.get("state", "waiting")
    state = state if state in STATES else "waiting"
    _label, states, order = STATES[state]
    found = access.exclusions(user).filter(state__in=states).order_by(order, "pk")
    site = inventory_access.sites(user).filter(pk=number(request.GET.get("site"), 0)).first()
    if site is not None:
        found = found.filter(site=site)
    pages = Paginator(found.select_related(*RELATED), PAGE_SIZE)
    page = pages.get_page(number(request.GET.get("page"), 1))
    context = {
        "page": page,
        "rows": _rows(user, list(page.object_list)),
        "state": state,
        "states": [(name, label) for name, (label, _states, _order) in STATES.items()],
        "site": site,
        "waiting": deeds.waiting(user).count(),
        "may_propose": _able(user, "propose_exclusion"),
    }
    return render(request, "monitoring/exclusions.html", context)


def _rows(user: User, shown: list[Exclusion]) -> list[dict[str, Any]]:
    keys = [exclusion.pk for exclusion in shown]
    mine = set(deeds.waiting(user).filter(pk__in=keys).values_list("pk", flat=True))
    met = covered(keys)
    return [
        {
            "exclusion": exclusion,
            "scope": Scope.of(exclusion),
            "met": met[exclusion.pk],
            "look": LOOKS[exclusion.state],
            "waits": exclusion.pk in mine,
        }
        for exclusion in shown
    ]


def _able(user: User, ability: str) -> bool:
    return inventory_access.organisations_where(user, ability).exists()


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show an exclusion: what it takes out, who says so, and what can be done about it."""
    user = person(request)
    exclusion = _theirs(user, key)
    scope = Scope.of(exclusion)
    outages = touching(scope.outages(), exclusion.started, exclusion.ended)
    held = inventory_access.abilities(user, exclusion.site.organisation_id)
    context = {
        "exclusion": exclusion,
        "scope": scope,
        "zone": exclusion.site.timezone,
        "met": covered([exclusion.pk])[exclusion.pk],
        "look": LOOKS[exclusion.state],
        "outages": outages.select_related("evse__charger").order_by("started")[:MOST_OUTAGES],
        "events": list(_events(exclusion)),
        "seen": deeds.version(exclusion),
        "may_note": "propose_exclusion" in held,
        **_may(user, exclusion, held),
    }
    return render(request, "monitoring/exclusion.html", context)


def _may(user: User, exclusion: Exclusion, held: frozenset[str]) -> dict[str, bool]:
    is_open, own = exclusion.state == "proposed", exclusion.proposed_by_id == user.pk
    approver, proposer = "approve_exclusion" in held, "propose_exclusion" in held
    return {
        "own": own,
        "may_approve": is_open and approver and not own,
        "may_reject": is_open and approver,
        "may_change": is_open and proposer and own,
        "may_withdraw": (exclusion.state == "approved" and approver) or (is_open and own),
    }


def _events(exclusion: Exclusion) -> Iterator[dict[str, Any]]:
    for entry in exclusion.entries.select_related("actor").order_by("-at", "-pk"):
        tone, icon = LOOKS[entry.kind]
        yield {
            "at": entry.at,
            "text": _told(entry.get_kind_display(), entry.changes),
            "icon": icon,
            "tone": tone,
            "who": named(entry.actor),
            "note": entry.note,
        }


#: What may change of an exclusion, as its history names it.
FIELDS = {
    "scope": gettext_lazy("what"),
    "from": gettext_lazy("from"),
    "to": gettext_lazy("to"),
    "reason": gettext_lazy("reason"),
    "note": gettext_lazy("note"),
    "photo": gettext_lazy("photo"),
}


def _told(kind: str, changes: dict[str, list[str]]) -> str:
    reasons = dict(ExclusionReason.choices)

    def value(one: str) -> str:
        return str(reasons.get(one, one[:200])) or "–"

    told = [
        f"{label}: {value(changes[name][0])} → {value(changes[name][1])}"
        for name, label in FIELDS.items()
        if name in changes
    ]
    return f"{kind}: {'; '.join(told)}" if told else kind


def _theirs(user: User, key: int) -> Exclusion:
    return get_object_or_404(access.exclusions(user).select_related(*RELATED), pk=key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show the form to propose one, or propose it."""
    user = person(request)
    scope = places.scope_of(user, request.GET.get("place", ""))
    if scope is None:
        return _choose(request, user)
    if not inventory_access.may(user, "propose_exclusion", scope.site.organisation_id):
        raise PermissionDenied(_("Your role doesn't allow to propose exclusions."))
    return _form(request, scope, None, partial(_proposed, user))


def _choose(request: HttpRequest, user: User) -> HttpResponse:
    """Ask for the place first."""
    able = inventory_access.organisations_where(user, "propose_exclusion")
    return choose(request, user, able, "exclusion-new", _("Propose an exclusion"))


def choose(request: HttpRequest, user: User, able: Any, url_name: str, title: str) -> HttpResponse:
    """Ask for a site, or a charger or port by its name; go on with what is found."""
    asked = request.GET.get("charger", "")
    scope = places.typed(user, asked) if asked else None
    if scope is not None:
        return redirect(f"{request.path}?place={places.written(scope)}")
    context = {
        "title": title,
        "sites": places.sites(inventory_access.sites(user).filter(organisation__in=able)),
        "asked": asked[:60],
        "address": url_name,
        "able": able.exists(),
        "is_work": url_name != "exclusion-new",
    }
    return render(request, "monitoring/choose_place.html", context)


def _proposed(user: User, wish: Wish, now: datetime) -> tuple[Exclusion, str]:
    return deeds.propose(wish, by=user, now=now), _("Proposed. Another person has to approve it.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, key: int) -> HttpResponse:
    """Show the form to change one that is open, or change it."""
    user = person(request)
    exclusion = _theirs(user, key)
    if not (exclusion.state == "proposed" and exclusion.proposed_by_id == user.pk):
        messages.error(request, _("Only who proposed it may change it, while it is open."))
        return redirect("exclusion", key=key)
    return _form(
        request, Scope.of(exclusion), exclusion, partial(_changed, user, exclusion, request)
    )


def _changed(
    user: User, exclusion: Exclusion, request: HttpRequest, wish: Wish, now: datetime
) -> tuple[Exclusion, str]:
    seen = number(request.POST.get("seen"), 0)
    return deeds.change(exclusion, wish, by=user, now=now, seen=seen), _("Changed.")


def _form(
    request: HttpRequest,
    scope: Scope,
    exclusion: Exclusion | None,
    deed: Callable[[Wish, datetime], tuple[Exclusion, str]],
) -> HttpResponse:
    user = person(request)
    has_photo = bool(exclusion and exclusion.photo_type)
    if request.method != "POST":
        form = ExclusionForm(
            scope, initial=_initial(request, scope, exclusion), has_photo=has_photo
        )
        return _drawn(request, form, scope, exclusion)
    form = ExclusionForm(scope, request.POST, request.FILES, has_photo=has_photo)
    if not form.is_valid():
        return _drawn(request, form, scope, exclusion)
    try:
        done, said = deed(form.wish(user), timezone.now())
    except NotAllowedError as problem:
        raise _refused(request, problem) from problem
    except LedgerError as problem:
        form.add_error(None, str(problem))
        return _drawn(request, form, scope, exclusion)
    messages.success(request, said)
    return redirect("exclusion", key=done.pk)


def _drawn(
    request: HttpRequest, form: ExclusionForm, scope: Scope, exclusion: Exclusion | None
) -> HttpResponse:
    context = {
        "form": form,
        "scope": scope,
        "zone": scope.site.timezone,
        "exclusion": exclusion,
        "seen": request.POST.get("seen") or (deeds.version(exclusion) if exclusion else ""),
    }
    return render(request, "monitoring/exclusion_form.html", context)


def _initial(request: HttpRequest, scope: Scope, exclusion: Exclusion | None) -> dict[str, Any]:
    if exclusion is not None:
        return {
            "place": places.written(scope),
            "start": exclusion.started,
            "end": exclusion.ended,
            "reason": exclusion.reason,
            "note": exclusion.note,
        }
    said: dict[str, Any] = {"place": places.written(scope)}
    for name, parameter in (("start", "from"), ("end", "to")):
        field = places.LocalTime()
        field.in_zone(scope.site.timezone)
        try:
            said[name] = field.to_python(request.GET.get(parameter))
        except forms.ValidationError:
            continue
    return said


@login_required
@require_GET
def photo(request: HttpRequest, key: int) -> HttpResponse:
    """Send the picture alone: nothing in it runs, and nothing else that the file held."""
    exclusion = _theirs(person(request), key)
    if not exclusion.photo:
        raise Http404
    return picture(exclusion)


def picture(exclusion: Exclusion) -> HttpResponse:
    """Return the answer that is an exclusion's photo."""
    response = HttpResponse(photos.cleaned(bytes(exclusion.photo or b"")), exclusion.photo_type)
    name = f"exclusion-{exclusion.pk}.{exclusion.photo_type.rpartition('/')[2]}"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@require_POST
def decide(request: HttpRequest, key: int, deed: str) -> HttpResponse:
    """Do one thing about an exclusion, and say what came of it."""
    user = person(request)
    if deed not in DEEDS:
        raise Http404
    exclusion = _theirs(user, key)
    try:
        messages.success(request, DEEDS[deed](request, user, exclusion))
    except NotAllowedError as problem:
        raise _refused(request, problem) from problem
    except LedgerError as problem:
        messages.error(request, str(problem))
    return redirect("exclusion", key=key)


def _refused(request: HttpRequest, problem: NotAllowedError) -> PermissionDenied:
    record_refusal(person(request), f"POST {request.path}", str(problem))
    return PermissionDenied(str(problem))


def _decided(
    deed: Callable[..., Exclusion], said: Any, request: HttpRequest, user: User, held: Exclusion
) -> str:
    note, seen = request.POST.get("note", ""), number(request.POST.get("seen"), 0)
    deed(held, by=user, now=timezone.now(), note=note, seen=seen)
    return str(said)


def _noted(request: HttpRequest, user: User, exclusion: Exclusion) -> str:
    deeds.note(exclusion, request.POST.get("note", ""), by=user, now=timezone.now())
    return _("Noted.")


#: Last part of the address -> what is done.
DEEDS: dict[str, Callable[[HttpRequest, User, Exclusion], str]] = {
    "approve": partial(
        _decided,
        deeds.approve,
        gettext_lazy("Approved: its time counts as excluded once the days are computed again."),
    ),
    "reject": partial(_decided, deeds.reject, gettext_lazy("Rejected.")),
    "withdraw": partial(
        _decided, deeds.withdraw, gettext_lazy("Withdrawn: it doesn't count, its history stays.")
    ),
    "note": _noted,
}
