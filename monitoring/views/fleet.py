"""The fleet: counts by state, the chargers worst first, what its filters offer, and its CSV."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inventory import access
from inventory.rest import export
from monitoring import fleet
from monitoring.fleet import choices, columns, sheet
from monitoring.live import SHARED
from monitoring.views.asked import asks_for, number, person


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the page, or only its live part when htmx asks for that.

    The live part depends on the address and on what the person may see, on nothing else: many
    pages share it.
    """
    user, wanted = person(request), fleet.filters(request.GET)
    chargers = fleet.narrowed(access.chargers(user), wanted)
    tiles = fleet.tiles(chargers, wanted)
    layout = columns.layout(request.GET.get("columns"), request.GET.get("density"))
    context = {
        "wanted": wanted,
        "tiles": tiles,
        "total": sum(tile.chargers for tile in tiles),
        "ports": sum(tile.ports for tile in tiles),
        "page": fleet.page(chargers, wanted, tiles, number(request.GET.get("page"), 1)),
        "chips": choices.chips(user, wanted, request.GET),
        "layout": layout,
        "shown": {name: name in layout.columns for name in columns.COLUMNS},
        "everything": f"?view={fleet.ALL}",
    }
    if asks_for(request, "fleet"):
        answer = render(request, "monitoring/_fleet.html", context)
        answer[SHARED] = "1"
        return answer
    offered = {
        "facets": [(n, choices.LABELS[n], n in choices.RARE) for n in choices.NAMES],
        "columns": columns.COLUMNS,
        "always": columns.ALWAYS,
    }
    return render(request, "monitoring/fleet.html", context | offered)


@login_required
@require_GET
def offer(request: HttpRequest, name: str) -> HttpResponse:
    """Show what one filter offers, beside all the others."""
    if name not in choices.NAMES:
        raise Http404
    user, wanted = person(request), fleet.filters(request.GET)
    context: dict[str, Any] = {
        "name": name,
        "single": name in choices.SINGLE,
        "offer": choices.offer(access.chargers(user), wanted, name, request.GET.get("find", "")),
    }
    return render(request, "monitoring/_choices.html", context)


@login_required
@require_GET
def csv(request: HttpRequest) -> HttpResponseBase:
    """Send every row that passes the filters, in the columns of the list."""
    wanted = fleet.filters(request.GET)
    layout = columns.layout(request.GET.get("columns"), None)
    chargers = fleet.narrowed(access.chargers(person(request)), wanted)
    rows = sheet.records(chargers, wanted, layout.columns)
    return export.attachment(request, rows, sheet.header(layout.columns), "fleet")
