"""Firmware, and the logs that chargers send.

An address that isn't given is made here, works for one charger and one file, and nobody but
the charger sees it. What an operator gives is only passed on: we never ask there.
"""

import base64
import binascii
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control import addresses
from cpms.control.models.firmware import FirmwareImage
from cpms.control.operations.base import NEWER, V16, BadRequest, Operation
from inventory.models import Charger

Location = Annotated[str, Meta(min_length=1, max_length=512)]
Moment = Annotated[datetime, Meta(tz=True)]
Retries = Annotated[int, Meta(ge=0, le=100)]
#: Seconds.
Interval = Annotated[int, Meta(ge=1, le=86_400)]
RequestId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Shown = Annotated[str, Meta(max_length=600)]
#: MD5, as OCPP wants it. (2.0.1 part 2, L03)
Checksum = Annotated[str, Meta(pattern="^[0-9a-fA-F]{32}$")]
Certificate = Annotated[str, Meta(max_length=5500)]
Signature = Annotated[str, Meta(max_length=800)]
Version = Annotated[str, Meta(max_length=50)]


class Transferring(Operation, frozen=True):
    """What has a charger fetch or put a file."""

    lasts: ClassVar[timedelta] = timedelta(hours=24)
    secrets: ClassVar[frozenset[str]] = frozenset({"location"})
    numbering: ClassVar[frozenset[str]] = frozenset({"request_id"})

    #: Another's address; None: one of ours.
    location: Location | None = None
    #: The address without its secrets, empty for one of ours; made here.
    address: Shown | None = None
    retries: Retries | None = None
    retry_interval: Interval | None = None
    #: Names the transfer in the charger's reports; made where it isn't given.
    request_id: RequestId | None = None

    def completed(self) -> Self:
        """Make the address and the number where they aren't given."""
        location = self.location or addresses.new()
        made = self.request_id
        return msgspec.structs.replace(
            self,
            location=location,
            address="" if addresses.token_in(location) else addresses.shown(location),
            request_id=1 + secrets.randbelow(2**31 - 1) if made is None else made,
        )

    def resolved(self, organisation_id: int) -> Self:
        """Refuse an address that no charger can use."""
        if self.location is not None:
            addresses.check(self.location)
        return self


class Installing(Transferring, frozen=True):
    """What has a charger fetch firmware: an image of ours, or one at an operator's address."""

    image: Annotated[int, Meta(ge=1)] | None = None

    def resolved(self, organisation_id: int) -> Self:
        """Take from the image what it tells; raise `BadRequest`."""
        if (self.image is None) == (self.location is None):
            raise BadRequest(_("Name either a firmware image or an address."))
        if self.image is None:
            return super().resolved(organisation_id)
        images = FirmwareImage.objects.filter(organisation=organisation_id, withdrawn_at=None)
        image = images.select_related("file").filter(pk=self.image).first()
        if image is None:
            raise BadRequest(_("There is no such firmware image any more."))
        return self.of_image(image)

    def of_image(self, image: FirmwareImage) -> Self:
        """Return the request with what the image tells."""
        return msgspec.structs.replace(self, location=image.location() or None)

    def obstacles(self, chargers: Sequence[Charger]) -> dict[int, str]:
        """Say which chargers the image isn't for."""
        if self.image is None:
            return {}
        fits = set(FirmwareImage.fits.through.objects.filter(
            firmwareimage=self.image).values_list("chargermodel_id", flat=True))  # fmt: skip
        why = _("This firmware is for other models.")
        return {c.pk: why for c in chargers if fits and c.model_id not in fits}


class UpdateFirmware(Installing, frozen=True):
    """Install firmware. Never sent twice. (OCPP 1.6 §5.19; security extension; 2.0.1 L01, L02)"""

    name: ClassVar[str] = "update_firmware"

    #: What the charger will say it runs afterwards; the image's.
    version: Version | None = None
    #: Not before; now.
    retrieve_at: Moment | None = None
    install_at: Moment | None = None
    #: PEM, and the signature in base64; the image's.
    certificate: Certificate | None = None
    signature: Signature | None = None

    def of_image(self, image: FirmwareImage) -> Self:
        """Add version and signature."""
        return msgspec.structs.replace(
            super().of_image(image),
            version=image.version,
            certificate=image.certificate or None,
            signature=image.signature or None,
        )

    def check(self) -> None:
        """Refuse a signature without its certificate, and an installation before the download."""
        check_signature(self.certificate or "", self.signature or "")
        if self.install_at and self.retrieve_at and self.install_at < self.retrieve_at:
            raise BadRequest(_("It can't be installed before it is fetched."))


class PublishFirmware(Installing, frozen=True):
    """Have a local controller fetch firmware and hand it to its chargers. (OCPP 2.0.1 L03)"""

    name: ClassVar[str] = "publish_firmware"
    versions: ClassVar[frozenset[str]] = NEWER

    #: The image's.
    checksum: Checksum | None = None

    def of_image(self, image: FirmwareImage) -> Self:
        """Add the checksum."""
        made = super().of_image(image)
        return msgspec.structs.replace(made, checksum=image.checksum() or self.checksum)

    def resolved(self, organisation_id: int) -> Self:
        """Refuse firmware without a checksum."""
        found = super().resolved(organisation_id)
        if found.checksum is None:
            raise BadRequest(_("The MD5 checksum of the firmware is needed: 32 hex digits."))
        return found

    def obstacles(self, chargers: Sequence[Charger]) -> dict[int, str]:
        """Say nothing: a local controller hands on firmware for other models than its own."""
        return {}


class UnpublishFirmware(Operation, frozen=True):
    """Have a local controller hand firmware out no longer. (OCPP 2.0.1 L04)"""

    name: ClassVar[str] = "unpublish_firmware"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True

    checksum: Checksum


class GetDiagnostics(Transferring, frozen=True):
    """Have the charger send its diagnostics. (OCPP 1.6 §5.9)"""

    name: ClassVar[str] = "get_diagnostics"
    versions: ClassVar[frozenset[str]] = frozenset({V16})

    since: Moment | None = None
    until: Moment | None = None

    def check(self) -> None:
        """Refuse a period that ends before it begins."""
        check_period(self.since, self.until)


class GetLog(Transferring, frozen=True):
    """Have the charger send a log. (Security extension of 1.6; OCPP 2.0.1 N01)"""

    name: ClassVar[str] = "get_log"

    log: Literal["diagnostics", "security", "data_collector"] = "diagnostics"
    since: Moment | None = None
    until: Moment | None = None

    def check(self) -> None:
        """Refuse a period that ends before it begins."""
        check_period(self.since, self.until)


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Raise `BadRequest` for a period that ends before it begins."""
    if since and until and until <= since:
        raise BadRequest(_("The period ends before it begins."))


def check_signature(certificate: str, signature: str) -> None:
    """Raise `BadRequest` for half a signature, or what is none."""
    if bool(certificate) != bool(signature):
        raise BadRequest(_("A signature and its certificate go together: give both, or none."))
    if certificate and "-----BEGIN CERTIFICATE-----" not in certificate:
        raise BadRequest(_("The signing certificate is given in PEM: -----BEGIN CERTIFICATE-----"))
    try:
        base64.b64decode("".join(signature.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(_("The signature is given in base64.")) from None
