"""Who knocked without being known, known chargers that say they are others, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inventory import access
from inventory.audit import record_refusal
from inventory.models import Charger, Site
from monitoring import sighting_words as words
from monitoring import sightings as deeds
from monitoring.access import sightings
from monitoring.models import BlockedAddress, Sighting
from monitoring.nearest import MOST_KNOWN, Nearest
from monitoring.sightings import NotAllowedError, SightingError
from monitoring.views.asked import number, person

PAGE_SIZE = 50
#: Sites in a list one chooses from; whoever has more types the name.
MOST_SITES = 300
MOST_ADDRESSES = 200
#: The index of known identities is made anew after so long, or when there are others.
STALE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Knock:
    """A sighting, which known identities it may have meant, and what it comes to in words."""

    sighting: Sighting
    nearest: list[str]

    @property
    def why(self) -> str:
        """Why it wasn't let in."""
        return words.why(self.sighting)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What it said of itself."""
        return words.said(self.sighting)


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List sightings, the latest first."""
    user = person(request)
    state = request.GET.get("state", "waiting")
    state = state if state in deeds.STATES else "waiting"
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    reason = request.GET.get("reason", "")
    found = _narrowed(deeds.STATES[state](user), text, reason)
    page = Paginator(found, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    everywhere = deeds.may_everywhere(user, "acknowledge")
    context = {
        "page": page,
        "knocks": _knocks(list(page.object_list)),
        "state": state,
        "text": text,
        "reason": reason,
        "reasons": Sighting.Reason.choices,
        "may_block": everywhere,
        "addresses": _addresses(user) if state == "blocked" else [],
    }
    return render(request, "monitoring/sightings.html", context)


def _narrowed(found: QuerySet[Sighting], text: str, reason: str) -> QuerySet[Sighting]:
    if reason in Sighting.Reason.values:
        found = found.filter(reason=reason)
    if text:
        like = Q(identity__icontains=text) | Q(peer__startswith=text)
        found = found.filter(like | Q(said__icontains=text))
    related = found.select_related("charger__site", "linked", "decided_by")
    return related.order_by("-last_seen", "-pk")


def _addresses(user: User) -> list[BlockedAddress]:
    """Return blocked addresses, to those who see who knocks from them."""
    if not deeds.may_everywhere(user, "view"):
        return []
    return list(BlockedAddress.objects.select_related("created_by")[:MOST_ADDRESSES])


def _knocks(shown: list[Sighting]) -> list[Knock]:
    strangers = any(_is_stranger(sighting) for sighting in shown)
    near = _index() if strangers else None
    return [
        Knock(one, near.of(one.identity) if near and _is_stranger(one) else []) for one in shown
    ]


def _is_stranger(sighting: Sighting) -> bool:
    return sighting.charger is None and sighting.linked is None


_kept: dict[str, Any] = {}


def _index() -> Nearest:
    """Return the index of all known identities: only those who see all of them see strangers."""
    now = timezone.now()
    count = Charger.objects.aggregate(count=Count("pk"), last=Max("pk"))
    if _kept.get("of") != count or now - _kept["at"] > STALE:
        known = Charger.objects.order_by().values_list("identity", flat=True)[:MOST_KNOWN]
        _kept.update(of=count, at=now, index=Nearest(known))
    index: Nearest = _kept["index"]
    return index


@login_required
@require_GET
def one(request: HttpRequest, sighting_id: int) -> HttpResponse:
    """Show a sighting, and what can be done about it."""
    user = person(request)
    sighting = _seen(user, sighting_id)
    (knock,) = _knocks([sighting])
    sites = _adopting_sites(user)
    choices = list(sites.order_by("name").values_list("pk", "name")[: MOST_SITES + 1])
    context = {
        "knock": knock,
        "sighting": sighting,
        "advice": words.advice(sighting),
        "sites": choices if len(choices) <= MOST_SITES else [],
        "many_sites": len(choices) > MOST_SITES,
        "may_adopt": bool(choices) and sighting.reason == "unknown",
        "may_edit": deeds.may_decide(user, sighting, "edit_inventory"),
        "may_decide": deeds.may_decide(user, sighting),
        "lifecycles": [(value.value, value.label) for value in deeds.LIFECYCLES],
        "fingerprint": deeds.fingerprint(sighting),
        "others": _others_from(user, sighting),
    }
    return render(request, "monitoring/sighting.html", context)


def _others_from(user: User, sighting: Sighting) -> int:
    """Return how many unknown identities knocked from the same address."""
    return deeds.waiting(user).filter(peer=sighting.peer, charger=None).count()


def _adopting_sites(user: User) -> QuerySet[Site]:
    able = access.organisations_where(user, "edit_inventory")
    return access.sites(user).filter(organisation__in=able)


def _seen(user: User, sighting_id: int) -> Sighting:
    related = sightings(user).select_related("charger__site", "charger__model", "linked")
    return get_object_or_404(related, pk=sighting_id)


@login_required
@require_POST
def decide(request: HttpRequest, sighting_id: int, deed: str) -> HttpResponse:
    """Do one thing about a sighting, and say what came of it."""
    user = person(request)
    if deed not in DEEDS:
        raise Http404
    sighting = sightings(user).select_related("charger__site").filter(pk=sighting_id).first()
    if sighting is None:
        return _gone(request, user, sighting_id)
    return _carried_out(request, partial(DEEDS[deed], request, user, sighting))


def _gone(request: HttpRequest, user: User, sighting_id: int) -> HttpResponse:
    """Answer for a row that isn't there, or not for them: the second of two people sees why."""
    identity = request.POST.get("identity", "").replace("\0", "")[:100]
    charger = access.with_identity(access.chargers(user), identity).first() if identity else None
    if charger is None:
        raise Http404
    messages.info(request, _("%(identity)s is on file already.") % {"identity": charger.identity})
    return redirect("charger", identity=charger.identity)


def _carried_out(request: HttpRequest, deed: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return deed()
    except NotAllowedError as problem:
        record_refusal(person(request), f"POST {request.path}", str(problem))
        raise PermissionDenied from problem
    except SightingError as problem:
        messages.error(request, str(problem))
        return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page where one decides, if it is still there, else the list."""
    match = request.resolver_match
    pk = match.kwargs.get("sighting_id") if match else None
    there = pk is not None and sightings(person(request)).filter(pk=pk).exists()
    return reverse("sighting", args=[pk]) if there else reverse("sightings")


def _adopt(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    lifecycle = request.POST.get("lifecycle", "")
    if lifecycle not in {value.value for value in deeds.LIFECYCLES}:
        raise SightingError(_("Choose how far along it is."))
    adopted = deeds.adopt(
        sighting,
        by=user,
        now=timezone.now(),
        site=_site(request, user),
        lifecycle=lifecycle,
        key=request.POST.get("key", deeds.NEW_KEY),
        seen_key=request.POST.get("fingerprint", ""),
    )
    messages.success(request, _("%(identity)s is on file.") % {"identity": adopted.charger})
    if not adopted.key:
        return redirect("charger", identity=adopted.charger.identity)
    shown = render(
        request, "monitoring/adopted.html", {"charger": adopted.charger, "key": adopted.key}
    )
    shown["Cache-Control"] = "no-store"
    return shown


def _site(request: HttpRequest, user: User) -> Site:
    """Return the site that was chosen or named; raises SightingError."""
    sites, asked = _adopting_sites(user), request.POST.get("site", "").replace("\0", "").strip()
    by_name = sites.filter(name__iexact=asked[:120])
    found = sites.filter(pk=number(asked, 0)) | by_name
    chosen = list(found.select_related("organisation")[:2])
    if len(chosen) != 1:
        raise SightingError(_("Choose the site that it stands at."))
    return chosen[0]


def _charger(request: HttpRequest, user: User) -> Charger:
    asked = request.POST.get("charger", "").replace("\0", "").strip()[:100]
    found = access.with_identity(access.chargers(user).select_related("site"), asked).first()
    if found is None:
        raise SightingError(_("There is no charger %(identity)s.") % {"identity": asked})
    return found


def _link(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    charger = _charger(request, user)
    deeds.link(sighting, charger, by=user, now=timezone.now())
    text = _("Noted. Have the identity at the charger set to %(identity)s; then it gets in.")
    messages.success(request, text % {"identity": charger.identity})
    return redirect("sighting", sighting_id=sighting.pk)


def _rename(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    charger = deeds.rename(sighting, _charger(request, user), by=user)
    messages.success(request, _("It is called %(identity)s now.") % {"identity": charger})
    return redirect("charger", identity=charger.identity)


def _take_over(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    charger = deeds.take_over(sighting, by=user)
    messages.success(request, _("What it says of itself is on file now."))
    return redirect("charger", identity=charger.identity)


def _accept_key(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    seen = request.POST.get("fingerprint", "")
    charger = deeds.accept_key(sighting, by=user, now=timezone.now(), seen_key=seen)
    messages.success(request, _("%(identity)s gets in with the key it uses.") % {
        "identity": charger
    })  # fmt: skip
    return redirect("charger", identity=charger.identity)


def _block(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    why = request.POST.get("why", "").replace("\0", "")
    deeds.block(sighting, by=user, now=timezone.now(), why=why)
    messages.success(request, _("Blocked: %(identity)s stays out, and out of sight.") % {
        "identity": sighting.identity
    })  # fmt: skip
    return redirect("sightings")


def _reconsider(request: HttpRequest, user: User, sighting: Sighting) -> HttpResponse:
    deeds.reconsider(sighting, by=user, now=timezone.now())
    messages.success(request, _("%(identity)s waits for a decision again.") % {
        "identity": sighting.identity
    })  # fmt: skip
    return redirect("sighting", sighting_id=sighting.pk)


#: Last part of the address -> what is done.
DEEDS: dict[str, Callable[[HttpRequest, User, Sighting], HttpResponse]] = {
    "adopt": _adopt,
    "link": _link,
    "rename": _rename,
    "take-over": _take_over,
    "accept-key": _accept_key,
    "block": _block,
    "reconsider": _reconsider,
}


@login_required
@require_POST
def address(request: HttpRequest) -> HttpResponse:
    """Block an address, or with `unblock` see again who knocks from it."""
    user = person(request)
    return _carried_out(request, partial(_address, request, user))


def _address(request: HttpRequest, user: User) -> HttpResponse:
    named = request.POST.get("address", "").replace("\0", "").strip()[:64]
    if not named:
        raise SightingError(_("Name the address."))
    if request.POST.get("unblock"):
        deeds.unblock_address(named, by=user)
        messages.success(request, _("Who knocks from %(address)s shows.") % {"address": named})
        return redirect("sightings")
    why = request.POST.get("why", "").replace("\0", "")
    deeds.block_address(named, by=user, now=timezone.now(), why=why)
    text = _("Blocked: unknown identities from %(address)s are kept out of sight.")
    messages.success(request, text % {"address": named})
    return redirect("sightings")
