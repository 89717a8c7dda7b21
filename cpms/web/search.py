"""What the command palette finds: chargers, sites, tokens, incidents, few enough to look over."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length, Upper
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alerts import access as alerts_access
from alerts import wording
from cpms.control import access as control_access
from cpms.web.operate import palette
from inventory import access, search
from inventory.models import Charger, Site

MOST_CHARGERS, MOST_SITES, MOST_TOKENS, MOST_INCIDENTS = 8, 5, 5, 5
#: Shorter texts are in every other token.
SHORTEST_TOKEN = 4


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Answer `q` with groups of links. 401, not a redirect, where the session has ended."""
    if not isinstance(request.user, User):
        return HttpResponse(status=401)
    text = " ".join(search.words(request.GET.get("q", "")))
    return JsonResponse({"groups": _groups(request.user, text) if text else []})


def _groups(user: User, text: str) -> list[dict[str, Any]]:
    chargers = list(_chargers(access.chargers(user), text))
    groups = (
        (_("Operations"), palette.offers(user, text)),
        (_("Chargers"), [_charger(charger) for charger in chargers]),
        (_("Sites"), [_site(site) for site in _sites(access.sites(user), text)]),
        (_("Tokens"), _tokens(user, text)),
        (_("Incidents"), _incidents(user, text, chargers)),
    )
    return [{"label": label, "items": items} for label, items in groups if items]


def _chargers(among: QuerySet[Charger], text: str) -> QuerySet[Charger]:
    found = search.chargers(among, text)
    exact = Q(identity__iexact=text) | Q(serial_number__iexact=text) | Q(sim__iccid=text)
    rank = Case(
        When(exact, then=0),
        When(identity__istartswith=text, then=1),
        default=Value(2),
        output_field=IntegerField(),
    )
    best = found.order_by(rank, Length("identity"), "identity")
    return best.select_related("site", "state")[:MOST_CHARGERS]


def _charger(charger: Charger) -> dict[str, str]:
    state = getattr(charger, "state", None)
    where = ", ".join(filter(None, (charger.site.name, charger.site.city)))
    lost = _("offline") if state and not state.online else "" if state else _("never seen")
    return {
        "label": charger.identity,
        "detail": " · ".join(filter(None, (where, lost))),
        "url": reverse("charger", args=[charger.identity]),
    }


def _sites(among: QuerySet[Site], text: str) -> QuerySet[Site]:
    return search.sites(among, text).order_by("name")[:MOST_SITES]


def _site(site: Site) -> dict[str, str]:
    address = ", ".join(filter(None, (site.address, site.city)))
    return {"label": site.name, "detail": address, "url": reverse("site", args=[site.pk])}


def _tokens(user: User, text: str) -> list[dict[str, str]]:
    """Return the tokens that begin so, for who may read them unmasked."""
    if len(text) < SHORTEST_TOKEN:
        return []
    found = control_access.tokens_in_full(user).alias(key=Upper("id_token"))
    tokens = found.filter(key__startswith=text.upper()).order_by("id_token", "pk")[:MOST_TOKENS]
    return [
        {
            "label": token.id_token,
            "detail": " · ".join(filter(None, (str(token.get_status_display()), token.group))),
            "url": reverse("token", args=[token.pk]),
        }
        for token in tokens
    ]


def _incidents(user: User, text: str, chargers: list[Charger]) -> list[dict[str, str]]:
    """Return the incident of that number, and the open ones of the chargers that were found."""
    number = text.removeprefix("#")
    wanted = Q(charger__in=[charger.pk for charger in chargers], resolved_at=None)
    if number.isascii() and number.isdigit() and len(number) < 10:
        wanted |= Q(pk=int(number))
    incidents = alerts_access.incidents(user).filter(wanted).order_by("severity", "-pk")
    whole = incidents.select_related("site", "charger", "evse")[:MOST_INCIDENTS]
    return [
        {
            "label": wording.headline(incident),
            "detail": " · ".join(
                filter(None, (f"#{incident.pk}", incident.site.name if incident.site else ""))
            ),
            "url": reverse("incident", args=[incident.pk]),
        }
        for incident in whole
    ]
