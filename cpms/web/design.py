"""`/design/`: every component of the dashboard in every state, to look at and to copy from."""

import json

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cpms.web.specimens import specimens

TOASTS = ("success", "info", "warning", "error")


@login_required
@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Show the page; asked for `?toast=<level>`, answer with that toast alone."""
    level = request.GET.get("toast")
    if level in TOASTS:
        toast = {"toast": {"text": _("This is what Kilowatch has to tell."), "level": level}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(toast)})
    now = timezone.now()
    page = Paginator(range(1_234), 50).get_page(request.GET.get("page"))
    context = {**specimens(now), "page": page, "toasts": TOASTS, "number": now.second * 37}
    return render(request, "web/design.html", context)
