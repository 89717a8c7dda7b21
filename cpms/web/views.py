"""Live parts of the shell itself."""

import time

from channels.db import database_sync_to_async
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from cpms.web import navigation
from cpms.web.audience import hub
from cpms.web.live import groups_of
from monitoring import live


@login_required
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Show the navigation `at` a place, with its counts as they are now.

    It is the same on all pages of a place, whatever they are narrowed to: they share it.
    """
    entries = navigation.entries(request, request.GET.get("at", ""))
    answer = render(request, "web/components/places.html", {"entries": entries})
    answer[live.SHARED] = "yes"
    return answer


@require_GET
async def news(request: HttpRequest) -> HttpResponse:
    """Answer a page that no WebSocket gets through to: what it would have been told `since`.

    `now` is what to ask for the next time, in seconds since the epoch by our clock; `user` tells
    a page of somebody who has signed out meanwhile that it is somebody else's now. 401 where
    the session has ended: a page must not be led to the sign-in unawares.
    """
    user = await request.auser()
    if not isinstance(user, User):
        return HttpResponse(status=401)
    now, since = time.time(), _instant(request.GET.get("since", ""))
    answer = {"now": now, "user": str(user.pk)}
    try:
        audience = await hub().audience(await database_sync_to_async(groups_of)(user))
    except (OSError, RedisError):
        return JsonResponse(answer | {"news": []}, status=503)
    return JsonResponse(answer | {"news": audience.since(since)})


def _instant(text: str) -> float:
    """Read seconds since the epoch; what can't be read is long ago."""
    try:
        return float(text[:20])
    except ValueError:
        return 0.0
