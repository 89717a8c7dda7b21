"""The operator's guide, for whoever is signed in."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from cpms.web.help import pages


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show all pages, or the sections that have the words one looks for."""
    query = request.GET.get("q", "").strip()[: pages.LONGEST_QUERY].replace("\0", "")
    language = get_language() or "en"
    context = {
        "query": query,
        "pages": pages.pages(language),
        "results": pages.search(query, language),
    }
    return render(request, "web/help/index.html", context)


@login_required
@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a page."""
    if slug not in pages.PAGES:
        raise Http404
    language = get_language() or "en"
    every = pages.pages(language)
    at = list(pages.PAGES).index(slug)
    context = {
        "page": every[at],
        "pages": every,
        "previous": every[at - 1] if at else None,
        "next": every[at + 1] if at + 1 < len(every) else None,
    }
    return render(request, "web/help/page.html", context)
