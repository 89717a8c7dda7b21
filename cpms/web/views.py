"""Live parts of the shell itself."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cpms.web import navigation


@login_required
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Show the navigation of the page that htmx asks from, with its counts as they are now."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    entries = navigation.entries(request, path)
    return render(request, "web/components/places.html", {"entries": entries})
