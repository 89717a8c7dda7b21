"""Firmware of the fleet: the images that are kept, and what runs where."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access as control_access
from cpms.control import firmware, serving
from cpms.control.models import FirmwareImage
from cpms.control.operations import BadRequest
from cpms.web.operate.files.forms import ImageForm
from inventory import access
from inventory.models import Charger
from monitoring.views.asked import person, refused

#: Rows of the table of what runs.
MOST_VERSIONS = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """An image, how many chargers run its version, and where to ask them to."""

    image: FirmwareImage
    running: int
    of: int
    able: bool
    #: The chargers that it is for and that don't run it, to ask them all.
    ask: str


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List images and what runs."""
    user = person(request)
    return render(request, "web/operate/files/fleet.html", _context(user, _form(user)))


def _form(user: User, *args: Any) -> ImageForm | None:
    able = access.organisations_where(user, "command").exists()
    return ImageForm(user, *args) if able else None


def _context(user: User, form: ImageForm | None) -> dict[str, Any]:
    chargers = access.chargers(user)
    versions = firmware.running(chargers)
    return {
        "images": _kept(user, chargers),
        "versions": versions[:MOST_VERSIONS],
        "left_out": max(0, len(versions) - MOST_VERSIONS),
        "form": form,
    }


def _kept(user: User, chargers: QuerySet[Charger]) -> list[Kept]:
    images = control_access.firmware(user).select_related("file", "organisation")
    found = list(images.prefetch_related("fits").order_by("-added_at")[: firmware.MOST])
    able = set(access.organisations_where(user, "command").values_list("pk", flat=True))
    owners = {image.organisation_id for image in found}
    counts = chargers.filter(site__organisation__in=owners).order_by()
    rows = counts.values_list("site__organisation", "model", "firmware_version")
    counted = list(rows.annotate(n=Count("pk")))
    return [_counted(image, counted, able) for image in found]


def _counted(image: FirmwareImage, counted: list[Any], able: set[int]) -> Kept:
    fits = {model.pk for model in image.fits.all()}
    of = running = 0
    others = set()
    for owner, model, version, n in counted:
        if owner == image.organisation_id and (not fits or model in fits):
            of += n
            running += n if version == image.version else 0
            if version != image.version and version:
                others.add(version)
    query = [("organisation", str(image.organisation_id)), *(("model", str(pk)) for pk in fits)]
    query += [("firmware", version) for version in sorted(others)[:20]]
    ask = f"{reverse('bulk-ask', args=['update_firmware'])}?{urlencode(query)}"
    return Kept(image, running, of, image.organisation_id in able, ask if others else "")


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add an image."""
    user = person(request)
    form = _form(user, request.POST, request.FILES)
    if form is None:
        raise refused(request, "command", _("You may not add firmware."))
    if form.is_valid():
        try:
            owner = form.cleaned_data["organisation"]
            firmware.add(owner, form.about(), user, form.upload(), timezone.now())
        except BadRequest as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The firmware is kept."))
            return redirect("firmware")
    return render(request, "web/operate/files/fleet.html", _context(user, form), status=400)


@login_required
@require_POST
def withdraw(request: HttpRequest, key: int) -> HttpResponse:
    """Offer an image no longer."""
    user = person(request)
    image = get_object_or_404(control_access.firmware(user).select_related("file"), pk=key)
    if not access.may(user, "command", image.organisation_id):
        raise refused(request, "command", _("You may not withdraw firmware."))
    try:
        firmware.withdraw(image, user, timezone.now())
        messages.success(request, _("It is offered no longer, and its file is gone."))
    except BadRequest as problem:
        messages.error(request, str(problem))
    return redirect("firmware")


@login_required
@require_GET
def download(request: HttpRequest, key: int) -> HttpResponseBase:
    """Download an image's file."""
    images = control_access.firmware(person(request)).filter(file__isnull=False)
    image = get_object_or_404(images.select_related("file"), pk=key)
    assert image.file is not None
    return serving.attachment(request, image.file)
