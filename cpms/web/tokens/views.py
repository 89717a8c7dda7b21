"""Tokens: the list, one of them, and what is done to it."""

from collections.abc import Mapping
from typing import Any

from auditlog.models import LogEntry
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cpms.control import access as control_access
from cpms.control import commands, local_lists, token_import
from cpms.control.commands import Asker, Refused
from cpms.control.models import Command, Token
from cpms.control.operations.local_lists import SendLocalList
from cpms.web.tokens import listing
from cpms.web.tokens.forms import TokenForm, organisations
from inventory import access
from inventory.rest import export as csv
from monitoring.models import Session
from monitoring.views.asked import number, person, refused

PAGE_SIZE = 50
#: Sessions, changes and lists of a token that are shown.
LATEST, MOST_CHANGES, MOST_LISTS = 20, 10, 20
#: Chargers that are told at once of a change.
MOST_TOLD = 500
FIELDS = (*Token._meta.concrete_fields, *Token._meta.many_to_many)


def allowed(request: HttpRequest) -> User:
    """Return who asks, who may add and change tokens somewhere; refuse anybody else."""
    user = person(request)
    if not organisations(user).exists():
        raise refused(request, "command", _("Your role doesn't allow to change tokens."))
    return user


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the tokens that are asked for."""
    user, now = person(request), timezone.now()
    wanted = listing.Wanted.of(request.GET)
    found = listing.find(user, wanted, now).select_related("organisation")
    page = Paginator(found.order_by("id_token", "pk"), PAGE_SIZE).get_page(
        number(request.GET.get("page"), 1)
    )
    able = set(organisations(user).values_list("pk", flat=True))
    context = {
        "page": page,
        "rows": [
            (token, listing.state(token, now), token.organisation_id in able) for token in page
        ],
        "wanted": wanted,
        "states": listing.STATES.items(),
        "places": listing.PLACES,
        "types": Token.Type.choices,
        "able": bool(able),
        "shows_organisation": access.organisations(user).count() > 1,
    }
    return render(request, "web/tokens/index.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Send the tokens that are asked for as a table that can be brought in again."""
    user = allowed(request)
    wanted = listing.Wanted.of(request.GET)
    able = control_access.tokens_in_full(user)
    found = listing.find(user, wanted, timezone.now()).filter(pk__in=able.values("pk"))
    rows = (_row(token) for token in csv.in_order(found, ("id_token", "pk")))
    return csv.attachment(request, rows, list(token_import.COLUMNS), "tokens")


def _row(token: Token) -> Mapping[str, Any]:
    at = token.expires_at
    row = {name: getattr(token, name) for name in token_import.COLUMNS if name != "expires_at"}
    return {
        **row,
        "expires_at": at.isoformat() if at else "",
        "sites": "; ".join(token.sites.values_list("name", flat=True)) if token.limited else "",
        "chargers": "; ".join(token.chargers.values_list("identity", flat=True)),
    }


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show a token: where it may charge, where it did, who changed it."""
    user, token = _seen(request, key)
    now = timezone.now()
    sessions = Session.objects.filter(
        charger__in=access.chargers(user), id_token__iexact=token.id_token,
        charger__site__organisation=token.organisation_id,
    )  # fmt: skip
    lists = local_lists.holders(token)
    changes = LogEntry.objects.get_for_object(token).select_related("actor")
    context = {
        "token": token,
        "state": listing.state(token, now),
        "able": _may(user, token),
        "sites": token.sites.order_by("name"),
        "chargers": token.chargers.order_by("identity"),
        "sessions": sessions.select_related("charger__site", "evse").order_by("-started")[:LATEST],
        "lists": lists.order_by("charger__identity")[:MOST_LISTS],
        "holding": lists.count(),
        "behind": local_lists.behind(token).count(),
        "changes": [(entry, _changed(entry)) for entry in changes[:MOST_CHANGES]],
    }
    return render(request, "web/tokens/token.html", context)


def _changed(entry: LogEntry) -> str:
    """Return what of a token somebody changed, as its form calls it."""
    if entry.action == LogEntry.Action.CREATE:
        return _("added it")
    names = {field.name: str(field.verbose_name) for field in FIELDS}
    return ", ".join(names.get(name, name) for name in entry.changes or ())


def _seen(request: HttpRequest, key: int) -> tuple[User, Token]:
    user = person(request)
    token = control_access.tokens(user).select_related("organisation").filter(pk=key).first()
    if token is None:
        raise Http404
    return user, token


def _may(user: User, token: Token) -> bool:
    return access.may(user, "command", token.organisation_id)


def _theirs(request: HttpRequest, key: int) -> tuple[User, Token]:
    user, token = _seen(request, key)
    if not _may(user, token):
        raise refused(request, "command", _("Your role doesn't allow to change tokens."))
    return user, token


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Add a token."""
    user = allowed(request)
    given = {"group": request.GET.get("group", "")[:255]}
    form = TokenForm(user, request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        token = form.save()
        messages.success(request, _("Added: it may charge from now on."))
        return redirect("token", token.pk)
    return _form(request, form, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Change a token."""
    user, token = _theirs(request, key)
    form = TokenForm(user, request.POST or None, instance=token)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. It counts from the next time the token is held up."))
        return redirect("token", token.pk)
    return _form(request, form, token)


def _form(request: HttpRequest, form: TokenForm, token: Token | None) -> HttpResponse:
    status = 400 if form.is_bound else 200
    context = {"form": form, "token": token}
    return render(request, "web/tokens/form.html", context, status=status)


@login_required
@require_POST
def set_status(request: HttpRequest, key: int) -> HttpResponse:
    """Block a token at once, or let it charge again."""
    _user, token = _theirs(request, key)
    wanted = request.POST.get("status")
    if wanted not in {Token.Status.ACCEPTED, Token.Status.BLOCKED}:
        raise BadRequest(_("A token is accepted or blocked."))
    token.status = wanted
    token.save(update_fields=["status", "updated_at"])
    messages.success(request, _said(token))
    return redirect("token", token.pk)


def _said(token: Token) -> str:
    if token.status == Token.Status.ACCEPTED:
        return _("It may charge again.")
    said = _("Blocked: it is refused the next time it is held up. A session that runs goes on.")
    holding = local_lists.holders(token).count()
    if not holding:
        return said
    return said + " " + ngettext(
        "%s charger has it on its local list: send the update below.",
        "%s chargers have it on their local lists: send the update below.",
        holding,
    ) % holding  # fmt: skip


@login_required
@require_POST
def tell_lists(request: HttpRequest, key: int) -> HttpResponse:
    """Tell the chargers that have the token on their lists what is true of it now."""
    user, token = _theirs(request, key)
    asker = Asker.person(user, Command.Source.PAGE)
    asked = SendLocalList(add=[token.id_token])
    told = sum(
        1 for kept in local_lists.behind(token)[:MOST_TOLD] if _tell(kept.charger, asked, asker)
    )
    messages.success(
        request,
        ngettext("One charger is being told.", "%(told)s chargers are being told.", told)
        % {"told": told},
    )
    return redirect("token", token.pk)


def _tell(charger: Any, asked: SendLocalList, asker: Asker) -> bool:
    try:
        commands.request(charger, asked, asker, reason=_("The token was changed."))
    except Refused:
        return False
    return True


@login_required
@require_POST
def delete(request: HttpRequest, key: int) -> HttpResponse:
    """Take a token out of the books."""
    _user, token = _theirs(request, key)
    token.delete()
    messages.success(request, _("Deleted: nobody knows it any more."))
    return redirect("tokens")
