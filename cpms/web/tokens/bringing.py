"""Bringing in many tokens: first what it would do, then it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cpms.control import token_import
from cpms.control.token_import import BadFile
from cpms.web.tokens.forms import ImportForm
from cpms.web.tokens.views import allowed


@login_required
@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Show what a table would add and change; carry it out once that was seen."""
    user = allowed(request)
    form = ImportForm(user, request.POST or None, request.FILES or None)
    context = {"form": form, "columns": token_import.COLUMNS, "reading": None, "text": ""}
    if request.method == "POST" and form.is_valid():
        organisation, text = form.cleaned_data["organisation"], form.cleaned_data["text"]
        try:
            reading = token_import.read(text, organisation, user)
        except BadFile as problem:
            form.add_error(None, str(problem))
            return render(request, "web/tokens/import.html", context, status=400)
        if "carry_out" in request.POST and not reading.problems:
            token_import.carry_out(reading, organisation, user)
            done = _("%(added)s tokens added, %(changed)s changed.") % {
                "added": len(reading.added),
                "changed": len(reading.changed),
            }
            messages.success(request, done)
            return redirect("tokens")
        context |= {"reading": reading, "text": text, "organisation": organisation}
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "web/tokens/import.html", context, status=status)
