"""What people were told, and whether it reached them."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alerts import access
from alerts.models import Notification
from monitoring.views.asked import asks_for, number, person

PAGE_SIZE = 50


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the delivery log, latest first, or only its live part when htmx asks for that."""
    rows = access.notifications(person(request)).defer("text", "html")
    state = request.GET.get("state", "")
    if state in Notification.State.values:
        rows = rows.filter(state=state)
    rows = rows.select_related("incident", "recipient").order_by("-created_at", "-id")
    page = Paginator(rows, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = {"page": page, "state": state, "states": Notification.State.choices}
    if asks_for(request, "notifications"):
        return render(request, "alerts/_notifications.html", context)
    return render(request, "alerts/notifications.html", context)


@login_required
@require_GET
def show(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Show one message as it was sent."""
    rows = access.notifications(person(request)).select_related("incident__site", "recipient")
    notification = rows.filter(pk=notification_id).first()
    if notification is None:
        raise Http404
    return render(request, "alerts/notification.html", {"notification": notification})
