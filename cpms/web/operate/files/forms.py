"""A firmware image as a person adds it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.firmware import About, Upload
from inventory import access
from inventory.models import ChargerModel, Organisation

#: Fields that are rarely used.
RARE = ("url", "md5", "certificate", "signature")


class ImageForm(forms.Form):
    """An image to add: a file, or another's address."""

    organisation: Any = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("Organisation"), empty_label=None
    )
    version = forms.CharField(
        label=_("Version"), max_length=50,
        help_text=_(
            "Exactly as the charger says it when it boots: an update is done when it does."
        ),
    )  # fmt: skip
    fits: Any = forms.ModelMultipleChoiceField(
        ChargerModel.objects.none(), label=_("For the models"), required=False,
        help_text=_("None chosen: it is offered for any model."),
    )  # fmt: skip
    file = forms.FileField(label=_("File"), required=False, allow_empty_file=True, max_length=300)
    url = forms.CharField(
        label=_("Or another's address"), max_length=512, required=False,
        help_text=_("http, https, ftp or sftp; chargers fetch it there themselves."),
    )  # fmt: skip
    md5 = forms.RegexField(
        r"^[0-9a-fA-F]{32}$", label=_("MD5 checksum"), required=False,
        help_text=_("Of a file at another's address: needed to publish it."),
    )  # fmt: skip
    certificate = forms.CharField(
        label=_("Signing certificate (PEM)"), max_length=5500, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    signature = forms.CharField(
        label=_("Signature (base64)"), max_length=800, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )  # fmt: skip
    notes = forms.CharField(
        label=_("Release notes"), max_length=10_000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer the user's own organisations, and the models that are known."""
        super().__init__(*args, **kwargs)
        most = gettext("At most %s MB.") % settings.FIRMWARE_MAX_MB
        self.fields["file"].help_text = most
        owners = access.organisations_where(user, "command")
        self.fields["organisation"].queryset = owners  # type: ignore[attr-defined]
        self.fields["organisation"].initial = owners.first()
        self.fields["fits"].queryset = access.models(user)  # type: ignore[attr-defined]

    def usual_fields(self) -> list[forms.BoundField]:
        """Return the fields that are always shown."""
        return [field for field in self if field.name not in RARE]

    def rare_fields(self) -> list[forms.BoundField]:
        """Return the fields that are shown on demand."""
        return [self[name] for name in RARE]

    def rare_is_used(self) -> bool:
        """Tell whether one of them was filled in."""
        return any(field.errors or field.value() for field in self.rare_fields())

    def clean_version(self) -> str:
        """Refuse blanks alone."""
        version: str = self.cleaned_data["version"].strip()
        if not version:
            raise forms.ValidationError(gettext("This field is required."))
        return version

    def about(self) -> About:
        """Return what is said of it."""
        found = self.cleaned_data
        return About(
            version=found["version"], fits=list(found["fits"]), url=found["url"].strip(),
            md5=found["md5"], certificate=found["certificate"], signature=found["signature"],
            notes=found["notes"],
        )  # fmt: skip

    def upload(self) -> Upload | None:
        """Return its file."""
        file = self.cleaned_data.get("file")
        return Upload(file.name, file.chunks()) if file else None
