"""Pages of reports: the list, one of them, asking for one, downloads, verifying a file."""

import hashlib
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts.views.guard import require
from cpms.reports import access, downloads, logos, orders
from cpms.reports.archive.forms import OrderForm, VerifyForm
from cpms.reports.kinds import KINDS
from cpms.reports.kinds.kind import Kind
from cpms.reports.models import Kind as Kinds
from cpms.reports.models import Report, ReportFile
from cpms.reports.orders import BadOrder
from inventory.models import Contractor, Organisation, Site
from monitoring.kpis.figures import LENS_LABELS
from monitoring.views.asked import number, person, refused

PAGE_SIZE = 25
MOST_VERSIONS, MOST_SITES = 50, 20


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the reports, latest first."""
    user = person(request)
    found = access.reports(user).select_related("organisation", "subscription")
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    if kind in Kinds.values:
        found = found.filter(kind=kind)
    if state in Report.State.values:
        found = found.filter(state=state)
    rows = found.prefetch_related("files").order_by("-requested_at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = {
        "page": page,
        "under_way": any(not report.is_over for report in page),
        "kind": kind,
        "state": state,
        "kinds": Kinds.choices,
        "states": Report.State.choices,
        "able": access.makers(user).exists(),
        "shows_organisation": found.order_by().values("organisation").distinct()[:2].count() > 1,
    }
    return render(request, "reports/index.html", context)


def able_somewhere(request: HttpRequest) -> tuple[User, Organisation]:
    """Return who asks, and for which organisation; refuse who may make reports nowhere."""
    user = person(request)
    able = access.makers(user).order_by("name")
    asked = request.GET.get("organisation")
    if asked is not None:
        found = able.filter(pk=number(asked, 0)).first()
        if found is None:
            raise Http404
        return user, found
    first = able.first()
    if first is None:
        raise refused(request, "make_reports", _("Your role doesn't allow to make reports."))
    return user, first


def kind_asked(name: str) -> Kind:
    """Return the kind. Raises Http404."""
    if name not in KINDS:
        raise Http404
    return KINDS[name]


@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Offer the kinds of reports."""
    user, organisation = able_somewhere(request)
    context = {
        "kinds": KINDS.values(),
        "organisation": organisation,
        "organisations": access.makers(user).order_by("name"),
    }
    return render(request, "reports/choose.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask for a report."""
    chosen = kind_asked(kind)
    user, organisation = able_somewhere(request)
    initial = {"language": getattr(request, "LANGUAGE_CODE", "en")}
    form = OrderForm(user, organisation, chosen, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            report = orders.request(form.wish, by=user, now=timezone.now())
        except BadOrder as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("report", report.pk)
    context = {"form": form, "kind": chosen, "organisation": organisation}
    return render(request, "reports/order.html", context)


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show a report: what it is of, its files and hashes, who got it, its versions."""
    user = person(request)
    report = _seen(user, key)
    context = {
        "report": report,
        "kind": KINDS[report.kind],
        "files": report.files.order_by("pk"),
        "deliveries": report.deliveries.order_by("pk")[:200],
        "versions": _versions(user, report),
        "lens": LENS_LABELS[report.lens],
        "sites": _sites(report),
        "contractor": Contractor.objects.filter(
            pk=report.parameters.get("contractor") or 0, organisation=report.organisation_id
        ).first(),
        "target": report.parameters.get("target"),
        "able": access.makers(user).filter(pk=report.organisation_id).exists(),
        "next": access.reports(user).filter(previous=report).first(),
        "settled": report.settled_day is not None and report.settled_day >= report.last,
    }
    return render(request, "reports/report.html", context)


def _seen(user: User, key: int) -> Report:
    rows = access.reports(user).select_related("organisation", "subscription", "previous")
    return get_object_or_404(rows, pk=key)


def _sites(report: Report) -> list[str]:
    if report.sites is None:
        return []
    rows = Site.objects.filter(pk__in=report.sites, organisation=report.organisation_id)
    return list(rows.order_by("name").values_list("name", flat=True)[:MOST_SITES])


def _versions(user: User, report: Report) -> list[Report]:
    """Return the report's versions, latest first."""
    found, back = [report], report.previous
    while back is not None and len(found) < MOST_VERSIONS:
        found.append(back)
        back = back.previous
    ahead = access.reports(user).filter(previous=report).first()
    while ahead is not None and len(found) < MOST_VERSIONS:
        found.insert(0, ahead)
        ahead = access.reports(user).filter(previous=ahead).first()
    return found


@login_required
@require_POST
def again(request: HttpRequest, key: int) -> HttpResponse:
    """Ask for a new version."""
    report = _seen(person(request), key)
    user = require(request, "make_reports", report.organisation_id)
    try:
        newer = orders.again(report, by=user, now=timezone.now())
    except BadOrder as problem:
        messages.error(request, str(problem))
        return redirect("report", report.pk)
    return redirect("report", newer.pk)


@login_required
@require_GET
def download(request: HttpRequest, key: int, file: int) -> StreamingHttpResponse:
    """Send a file of a report."""
    rows = access.files(person(request)).filter(report=key, report__state=Report.State.DONE)
    return downloads.of_file(request, get_object_or_404(rows, pk=file))


@login_required
@require_GET
def download_all(request: HttpRequest, key: int) -> StreamingHttpResponse:
    """Send all files of a report in one archive."""
    report = _seen(person(request), key)
    if report.state != Report.State.DONE:
        raise Http404
    return downloads.of_all(request, list(report.files.order_by("pk")), f"report-{report.pk}")


@login_required
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Tell which report a file is of, by its hash; a file is read and not kept."""
    form = VerifyForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        digest = form.cleaned_data["sha256"] or _digest(form.cleaned_data["file"])
        context |= {"digest": digest, "asked": True, "found": _known(person(request), digest)}
    return render(request, "reports/verify.html", context)


def _digest(uploaded: Any) -> str:
    found = hashlib.sha256()
    for part in uploaded.chunks():
        found.update(part)
    return found.hexdigest()


def _known(user: User, digest: str) -> list[ReportFile]:
    rows = access.files(user).filter(sha256=digest, report__state=Report.State.DONE)
    return list(rows.select_related("report__organisation").order_by("pk")[:20])


@login_required
@require_http_methods(["GET", "POST"])
def logo(request: HttpRequest, organisation: int) -> HttpResponse:
    """Show an organisation's logo, or take a new one."""
    owner = get_object_or_404(access.seen_organisations(person(request)), pk=organisation)
    if request.method == "GET":
        if not owner.logo:
            raise Http404
        return HttpResponse(bytes(owner.logo), content_type="image/png")
    require(request, "make_reports", owner.pk)
    uploaded = request.FILES.get("logo")
    try:
        if "remove" in request.POST:
            owner.logo = None
        elif uploaded is None:
            raise logos.BadLogo(_("Choose a file."))
        else:
            owner.logo = logos.taken(uploaded.read(logos.LARGEST + 1))
        owner.save(update_fields=["logo"])
        messages.success(request, _("Saved. It is on the reports that are made from now on."))
    except logos.BadLogo as problem:
        messages.error(request, str(problem))
    return redirect(f"/reports/new/?organisation={owner.pk}")
