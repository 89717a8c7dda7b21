"""Firmware, and the logs that chargers send."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control import addresses, firmware
from cpms.control.models import FirmwareImage
from cpms.control.operations import files
from cpms.control.operations.base import V21
from cpms.web.operate.forms.base import DAY, HOUR, Harm, OperationForm
from cpms.web.operate.target import Running, Target

#: Images that a form offers.
MOST_IMAGES = 200
#: What becomes of a transfer, for every operation that begins one.
TRANSFERS: dict[str, Any] = {
    "file_received": _("its file is here"),
    "log_status": _("it says that it has sent the file to the address you gave"),
    "no_file": _("it says that it has sent the file, but none has arrived here"),
    "nothing_to_send": _("it has nothing to send for this period"),
    "transfer_failed": _("the charger says that it failed"),
    "transfer_cancelled": _("it was given up for a newer request"),
    "no_report": _("the charger hasn't reported on it for three days"),
    "firmware_version": _("it runs the new version"),
    "firmware_wrong_version": _("it booted, but says another version than the image's"),
    "firmware_changed": _("it runs another version than before"),
    "firmware_unchanged": _("it booted with the version that it had before"),
    "no_boot": _("it says that it is installed, but hasn't booted within an hour"),
    "firmware_published": _("it hands the firmware out"),
    "firmware_unpublished": _("it says that it hands the firmware out no longer"),
}
#: Answers to requests for firmware and logs.
ANSWERS: dict[str, Any] = {
    "accepted": _("It accepted: how far it is, it reports by and by."),
    "AcceptedCanceled": _("It accepted, and gave up the one before for it."),
    "Rejected": _("It refused: perhaps another one is under way, or a session runs."),
    "InvalidCertificate": _(
        "It refused: the signing certificate isn't one that it trusts. Nothing was fetched."
    ),
    "RevokedCertificate": _(
        "It refused: the signing certificate was revoked. Nothing was fetched."
    ),
    "NotSent": _("It could not be sent: nothing has happened at the charger."),
}  # fmt: skip


class LocalMoment(forms.DateTimeField):
    """A time as the charger's clock on the wall has it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    zone = "UTC"

    def to_python(self, value: Any) -> datetime | None:
        """Return an aware time."""
        with timezone.override(ZoneInfo(self.zone)):
            return super().to_python(value)


class TransferForm(OperationForm):
    """What all of them ask."""

    retries = forms.IntegerField(
        label=_("How often it tries"), required=False, min_value=0, max_value=100,
        help_text=_("Empty: the charger decides."),
    )  # fmt: skip
    retry_interval = forms.IntegerField(
        label=_("Seconds between two tries"), required=False, min_value=1, max_value=86_400
    )

    def offer(self) -> None:
        """Read times by the site's clock, and put what is rarely used last."""
        charger = self.target.charger
        zone = charger.site.timezone if charger is not None and charger.site_id else "UTC"
        for field in self.fields.values():
            if isinstance(field, LocalMoment):
                field.zone = zone
                field.help_text = gettext("%(what)s Time of %(zone)s.") % {
                    "what": field.help_text, "zone": zone,
                }  # fmt: skip
        rare = self._rare()
        self.order_fields([*(n for n in self.fields if n not in rare), *rare, "reason", "lasts"])

    template = "web/operate/files/_fields.html"
    #: Fields that are rarely used; retries are as well.
    rare: ClassVar[tuple[str, ...]] = ()

    def other_harms(self) -> Iterator[Harm]:
        """Nobody's, but it would be in vain: the charger knows no such address."""
        if self.target.charger is None:
            return
        known = addresses.protocols(self.target.charger)
        scheme = urlsplit(self.cleaned_data.get("location") or settings.FILES_PUBLIC_URL).scheme
        if known and scheme not in known:
            text = gettext(
                "It says that it can use %(known)s, and the address is %(scheme)s: it will most "
                "likely fail."
            )
            said = {"known": ", ".join(sorted(known)), "scheme": scheme}
            yield Harm(f"protocol-{scheme}", text % said)

    def usual_fields(self) -> list[forms.BoundField]:
        """Return the fields that are always shown."""
        return [field for field in self.main_fields() if field.name not in self._rare()]

    def rare_fields(self) -> list[forms.BoundField]:
        """Return the fields that are shown on demand."""
        return [field for field in self.main_fields() if field.name in self._rare()]

    def rare_is_used(self) -> bool:
        """Tell whether one of them was filled in."""
        return any(field.errors or field.value() for field in self.rare_fields())

    def _rare(self) -> tuple[str, ...]:
        return (*self.rare, "retries", "retry_interval")


class ImageForm(TransferForm):
    """An image of ours, or another's address."""

    rare: ClassVar[tuple[str, ...]] = ("location",)

    image = forms.TypedChoiceField(
        label=_("Firmware"), coerce=int, empty_value=None, required=False
    )
    location = forms.CharField(
        label=_("Or another's address"), max_length=512, required=False,
        help_text=_(
            "http, https, ftp or sftp; the charger asks there itself. A password in it is kept "
            "sealed."
        ),
    )  # fmt: skip

    def offer(self) -> None:
        """Offer the images that fit."""
        super().offer()
        choices = [(str(image.pk), _image(image)) for image in images(self.target)]
        none = ("", gettext("choose one, or give an address below"))
        self.fields["image"].choices = [none, *choices]  # type: ignore[attr-defined]
        if not choices:
            self.fields["image"].help_text = gettext(
                "No firmware is kept for this model yet: add some under Firmware."
            )

    def clean(self) -> dict[str, Any]:
        """Take one of the two."""
        found = super().clean() or self.cleaned_data
        if bool(found.get("image")) == bool(found.get("location")) and "image" not in self.errors:
            self.add_error("image", gettext("Choose a firmware, or give an address."))
        return found


class UpdateFirmwareForm(ImageForm):
    """Update the firmware."""

    operation = files.UpdateFirmware
    title = _("Update the firmware")
    does = _(
        "The charger fetches the firmware, installs it and restarts; its ports are out of service "
        "meanwhile. It is done when the charger boots with the new version."
    )
    group = "firmware"
    icon = "cpu"
    button = _("Update it")
    bulk = True
    shows_within = DAY
    rare: ClassVar[tuple[str, ...]] = (
        "location", "version", "retrieve_at", "install_at", "certificate", "signature",
    )  # fmt: skip
    says: ClassVar = {**TRANSFERS, **ANSWERS}

    version = forms.CharField(
        label=_("Version it then says"), max_length=50, required=False,
        help_text=_("With another's address: what the charger will say when it boots."),
    )  # fmt: skip
    retrieve_at = LocalMoment(label=_("Fetch it not before"), required=False)
    install_at = LocalMoment(label=_("Install it not before"), required=False)
    certificate = forms.CharField(
        label=_("Signing certificate (PEM)"), max_length=5500, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("With another's address, where the firmware is signed."),
    )  # fmt: skip
    signature = forms.CharField(
        label=_("Signature (base64)"), max_length=800, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )  # fmt: skip

    def ends(self) -> Iterable[Running] | None:
        """Whoever charges: models differ in whether they wait."""
        return self.target.running

    def other_harms(self) -> Iterator[Harm]:
        """Of many: all are asked at once, whatever becomes of the first."""
        yield from super().other_harms()
        if self.target.charger is None:
            text = gettext(
                "All are asked at once, not in waves: bad firmware stops all of them. Try it on "
                "one charger of each model first."
            )
            yield Harm("waves", text)

    def ending(self) -> str:
        """Of how it ends."""
        return gettext("may be cut off when it installs, if the charger doesn't wait for it")


class PublishFirmwareForm(ImageForm):
    """Have a local controller hand firmware out."""

    operation = files.PublishFirmware
    title = _("Publish firmware on site")
    does = _(
        "A local controller fetches the firmware once, and hands it to the chargers behind it."
    )
    group = "firmware"
    icon = "network"
    button = _("Publish it")
    shows_within = 6 * HOUR
    rare: ClassVar[tuple[str, ...]] = ("location", "checksum")
    says: ClassVar = {
        **TRANSFERS, **ANSWERS,
        "Rejected": _("It refused: it may be no local controller, or have no room."),
    }  # fmt: skip

    checksum = forms.CharField(
        label=_("MD5 checksum"), max_length=32, required=False,
        help_text=_("With another's address: 32 hex digits."),
    )  # fmt: skip


class UnpublishFirmwareForm(OperationForm):
    """Have it stop."""

    operation = files.UnpublishFirmware
    title = _("Unpublish firmware")
    does = _("A local controller hands this firmware out no longer.")
    group = "firmware"
    icon = "circle-minus"
    button = _("Unpublish it")
    says: ClassVar = {
        **TRANSFERS,
        "accepted": _("It hands this firmware out no longer."),
        "NoFirmware": _("It has no firmware of this checksum."),
        "DownloadOngoing": _("A charger is fetching it just now: ask again later."),
    }

    checksum = forms.CharField(
        label=_("MD5 checksum"), max_length=32, help_text=_("Of the firmware that was published.")
    )


class LogForm(TransferForm):
    """What both kinds of log ask."""

    rare: ClassVar[tuple[str, ...]] = ("location",)

    since = LocalMoment(label=_("From"), required=False, help_text=_("Empty: all there is."))
    until = LocalMoment(label=_("Until"), required=False)
    location = forms.CharField(
        label=_("Another's address to send it to"), max_length=512, required=False,
        help_text=_("Empty: it comes here, to an address that works once."),
    )  # fmt: skip


class DiagnosticsForm(LogForm):
    """Get diagnostics."""

    operation = files.GetDiagnostics
    title = _("Get diagnostics")
    does = _("The charger packs its diagnostics, and sends them here; that may take minutes.")
    group = "logs"
    icon = "file-text"
    button = _("Get them")
    bulk = True
    shows_within = HOUR
    says: ClassVar = {**TRANSFERS, "accepted": _("It is sending its diagnostics.")}


class GetLogForm(LogForm):
    """Get a log."""

    operation = files.GetLog
    title = _("Get a log")
    does = _("The charger sends a log here; that may take minutes.")
    group = "logs"
    icon = "file-text"
    button = _("Get it")
    bulk = True
    shows_within = HOUR
    says: ClassVar = {
        **TRANSFERS,
        **ANSWERS,
        "accepted": _("It is sending the log."),
        "Rejected": _("It refused: it may keep no such log."),
    }
    values: ClassVar = {
        "log": {
            "diagnostics": _("Diagnostics"),
            "security": _("Security events"),
            "data_collector": _("Data collector"),
        }
    }

    log = forms.ChoiceField(label=_("Which log"), widget=forms.RadioSelect)

    def offer(self) -> None:
        """The data collector is of 2.1."""
        super().offer()
        known = dict(self.values["log"])
        if self.target.versions and V21 not in self.target.versions:
            del known["data_collector"]
        self.fields["log"].choices = list(known.items())  # type: ignore[attr-defined]
        self.fields["log"].initial = "diagnostics"


def images(target: Target) -> list[FirmwareImage]:
    """Return the images that a charger, or any of many of one organisation, can be given."""
    kept = FirmwareImage.objects.select_related("file").order_by("-added_at")
    if target.charger is not None and target.charger.site_id:
        return list(firmware.fitting(target.charger, kept)[:MOST_IMAGES])
    if target.organisation_id is None:
        return []
    own = kept.filter(organisation=target.organisation_id, withdrawn_at=None)
    return list(own[:MOST_IMAGES])


def _image(image: FirmwareImage) -> str:
    name = image.file.name if image.file else image.address
    return f"{image.version} · {name}"
