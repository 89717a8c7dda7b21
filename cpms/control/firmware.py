"""Firmware images: added, withdrawn, and which fit which chargers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from cpms.control import addresses, files, vault
from cpms.control.files import Draft, NoRoom, TooLarge
from cpms.control.models import FirmwareImage, StoredFile, Transfer
from cpms.control.operations import BadRequest
from cpms.control.operations.files import check_signature
from inventory.audit import record_deed
from inventory.models import Charger, ChargerModel, Organisation

#: Images that an organisation may have.
MOST = 500


@dataclass(frozen=True, slots=True)
class About:
    """What is said of an image; `url` where another keeps it."""

    version: str
    fits: Sequence[ChargerModel] = ()
    url: str = ""
    md5: str = ""
    certificate: str = ""
    signature: str = ""
    notes: str = ""


class Upload(NamedTuple):
    """A file that comes with an image."""

    name: str
    chunks: Iterable[bytes]


class Running(NamedTuple):
    """How many chargers of a model run a version."""

    vendor: str
    model: str
    version: str
    chargers: int


def add(
    organisation: Organisation, about: About, who: User, upload: Upload | None, now: datetime
) -> FirmwareImage:
    """Keep an image; raise `BadRequest` with what is wrong, and nothing is kept."""
    _check(organisation, about, upload)
    draft = _drafted(upload) if upload else None
    try:
        with transaction.atomic():
            image = _stored(organisation, about, who, now)
            if draft is not None and upload is not None:
                image.file = draft.keep(organisation, StoredFile.Kind.FIRMWARE, upload.name)
                image.file.save(force_insert=True)
                image.save()
            image.fits.set(about.fits)
            record_deed(who, image, {"firmware": about.version, "deed": "added"})
        if draft is not None:
            draft.settle()
    except NoRoom as full:
        raise BadRequest(str(full)) from None
    finally:
        if draft is not None:
            draft.discard()
    return image


def _check(organisation: Organisation, about: About, upload: Upload | None) -> None:
    if (upload is None) == (not about.url):
        raise BadRequest(_("Give either a file or the address of one."))
    if not about.version.strip():
        raise BadRequest(_("Say the version, as the charger names it when it boots."))
    if about.url:
        addresses.check(about.url)
    check_signature(about.certificate, about.signature)
    if about.certificate:
        _check_certificate(about.certificate)
    if FirmwareImage.objects.filter(organisation=organisation, withdrawn_at=None).count() >= MOST:
        raise BadRequest(_("There are %s images already: withdraw some.") % MOST)


def _check_certificate(pem: str) -> None:
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise BadRequest(_("The signing certificate can't be read.")) from None


def _drafted(upload: Upload) -> Draft:
    try:
        draft = Draft(settings.FIRMWARE_MAX_MB * files.MEGABYTE)
    except NoRoom as full:
        raise BadRequest(str(full)) from None
    try:
        for chunk in upload.chunks:
            draft.write(chunk)
        if not draft.size:
            raise BadRequest(_("The file is empty."))
    except BaseException as problem:
        draft.discard()
        if isinstance(problem, TooLarge):
            most = _("Firmware has at most %s MB.") % settings.FIRMWARE_MAX_MB
            raise BadRequest(most) from None
        if isinstance(problem, NoRoom):
            raise BadRequest(str(problem)) from None
        raise
    return draft


def _stored(organisation: Organisation, about: About, who: User, now: datetime) -> FirmwareImage:
    return FirmwareImage.objects.create(
        organisation=organisation,
        version=about.version.strip(),
        sealed_url=vault.seal(about.url.encode()) if about.url else None,
        address=addresses.shown(about.url) if about.url else "",
        md5=about.md5.lower(),
        certificate=about.certificate.strip(),
        signature="".join(about.signature.split()),
        notes=about.notes.strip(),
        added_at=now,
        added_by=who,
        added_by_name=(who.get_full_name() or who.get_username())[:150],
    )


def withdraw(image: FirmwareImage, who: User, now: datetime) -> None:
    """Offer an image no longer; its file goes. Raises `BadRequest` while chargers fetch it."""
    under_way = Transfer.objects.filter(image=image).exclude(
        Q(state__in=[Transfer.State.DONE, Transfer.State.FAILED, Transfer.State.CANCELLED])
    )
    if under_way.exists():
        raise BadRequest(_("Chargers are being updated with it: wait for them, or cancel it."))
    with transaction.atomic():
        FirmwareImage.objects.filter(pk=image.pk, withdrawn_at=None).update(withdrawn_at=now)
        record_deed(who, image, {"firmware": image.version, "deed": "withdrawn"})
    if image.file is not None and image.file.removed_at is None:
        files.remove(image.file, now)


def fitting(charger: Charger, images: QuerySet[FirmwareImage]) -> QuerySet[FirmwareImage]:
    """Return the images for a charger: those for its model, and those for any."""
    for_all = Q(fits=None)
    fits = Q(fits=charger.model_id) if charger.model_id else Q(pk__in=[])
    own = images.filter(organisation=charger.site.organisation_id, withdrawn_at=None)
    return own.filter(for_all | fits).distinct()


def running(chargers: QuerySet[Charger]) -> list[Running]:
    """Return how many chargers of each model run which version, the most first."""
    rows = (
        chargers.exclude(firmware_version="")
        .order_by()
        .values_list("model__vendor", "model__name", "firmware_version")
        .annotate(count=Count("pk"))
        .order_by("model__vendor", "model__name", "-count")
    )
    return [Running(vendor or "", model or "", version, n) for vendor, model, version, n in rows]
