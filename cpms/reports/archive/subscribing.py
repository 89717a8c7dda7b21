"""Pages of subscriptions: which there are, one of them, pausing, a trial message."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts.transports import Refused
from alerts.views.guard import require
from cpms.reports import access, mail, subscriptions
from cpms.reports.archive.forms import SubscriptionForm
from cpms.reports.archive.views import able_somewhere, kind_asked
from cpms.reports.kinds import KINDS
from cpms.reports.models import Subscription
from cpms.reports.schedule import days_of
from monitoring.views.asked import person

MOST = 500


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the subscriptions, what is due first first."""
    user = person(request)
    able = set(access.makers(user).values_list("pk", flat=True))
    rows = access.subscriptions(user).select_related("organisation", "owner")
    rows = rows.prefetch_related("recipients").order_by("-enabled", "next_due", "pk")
    context = {
        "rows": [(row, KINDS[row.kind], row.organisation_id in able) for row in rows[:MOST]],
        "able": bool(able),
    }
    return render(request, "reports/subscriptions.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Subscribe to a report."""
    chosen = kind_asked(kind)
    user, organisation = able_somewhere(request)
    initial = {"language": getattr(request, "LANGUAGE_CODE", "en"), "recipients": [user.pk]}
    form = SubscriptionForm(user, organisation, chosen, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = form.save(Subscription())
        messages.success(request, _("Subscribed. The first one comes when it is due."))
        return redirect("report-subscription", made.pk)
    context = {"form": form, "kind": chosen, "organisation": organisation}
    return render(request, "reports/subscription.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Show a subscription; whoever saves it answers for it."""
    user = person(request)
    subscription = _seen(request, key)
    able = access.makers(user).filter(pk=subscription.organisation_id).exists()
    kind = KINDS[subscription.kind]
    initial = SubscriptionForm.of(subscription)
    form = SubscriptionForm(
        user, subscription.organisation, kind, request.POST or None, initial=initial
    )
    if request.method == "POST":
        require(request, "make_reports", subscription.organisation_id)
        if form.is_valid():
            form.save(subscription)
            messages.success(request, _("Saved. You answer for it from now on."))
            return redirect("report-subscription", subscription.pk)
    context = {
        "form": form,
        "kind": kind,
        "organisation": subscription.organisation,
        "subscription": subscription,
        "able": able,
        "about": days_of(subscription.schedule, subscription.next_due),
        "reports": access.reports(user).filter(subscription=subscription)[:12],
    }
    return render(request, "reports/subscription.html", context)


def _seen(request: HttpRequest, key: int) -> Subscription:
    rows = access.subscriptions(person(request)).select_related("organisation", "owner")
    return get_object_or_404(rows, pk=key)


def _able(request: HttpRequest, key: int) -> Subscription:
    subscription = _seen(request, key)
    require(request, "make_reports", subscription.organisation_id)
    return subscription


@login_required
@require_POST
def pause(request: HttpRequest, key: int) -> HttpResponse:
    """Pause a subscription, or have it go on."""
    subscription = _able(request, key)
    if subscription.enabled:
        subscription.enabled = False
        messages.success(request, _("Paused. Nothing is made nor sent until it goes on."))
    else:
        subscriptions.resumed(subscription, timezone.now())
        subscription.owner = person(request)
        messages.success(request, _("It goes on. You answer for it from now on."))
    subscription.save(update_fields=["enabled", "problem", "next_due", "owner", "updated_at"])
    return redirect("report-subscription", key)


@login_required
@require_POST
def delete(request: HttpRequest, key: int) -> HttpResponse:
    """End a subscription; its reports stay."""
    _able(request, key).delete()
    messages.success(request, _("Ended. The reports that were made stay."))
    return redirect("report-subscriptions")


@login_required
@require_POST
def trial(request: HttpRequest, key: int) -> HttpResponse:
    """Send whoever asks a message, to see that messages arrive."""
    subscription = _able(request, key)
    user = person(request)
    if not user.email:
        messages.error(request, _("Your account has no e-mail address."))
        return redirect("report-subscription", key)
    label = str(KINDS[subscription.kind].label)
    try:
        mail.send_trial(user.email, subscription.organisation.name, label)
    except (Refused, OSError) as problem:  # SMTPException is one.
        messages.error(request, _("The mail server says: %s") % str(problem)[:300])
    else:
        said = _("The mail server took a message to %s; see whether it arrives.")
        messages.success(request, said % user.email)
    return redirect("report-subscription", key)
