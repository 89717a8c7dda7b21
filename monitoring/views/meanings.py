"""The page of what error codes mean, and of those that nobody has given a meaning yet."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from inventory import access as inventory_access
from inventory.models import Organisation
from monitoring import access
from monitoring.models import ErrorMeaning
from monitoring.models.outages import CAUSES
from monitoring.outages import meanings
from monitoring.outages.chargex import CODES
from monitoring.views.asked import number, person, refused

PAGE_SIZE = 100


class MeaningForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a code means; whose chargers it is for."""

    chargex = forms.TypedChoiceField(
        label="ChargeX",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", gettext_lazy("None of the list")),
            *((number, f"CX{number:03} {code.name}") for number, code in CODES.items()),
        ],
    )
    cause = forms.ChoiceField(
        label=gettext_lazy("Cause"),
        required=False,
        choices=[("", gettext_lazy("As the ChargeX code says")), *CAUSES],
    )

    class Meta:
        model = ErrorMeaning
        fields = ("organisation", "vendor", "code", "chargex", "text", "cause")
        help_texts = {
            "vendor": gettext_lazy("As on file of its model; empty: any vendor's."),
            "code": gettext_lazy("As the charger says it."),
        }

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = inventory_access.organisations_where(user, "edit_inventory").order_by("name")
        field: Any = self.fields["organisation"]
        field.queryset, field.label = able, _("Whose chargers")
        field.required = not user.is_superuser
        field.empty_label = _("Everybody's") if user.is_superuser else None

    def clean(self) -> dict[str, Any]:
        """Return the values; raise `ValidationError` for what the database can't keep."""
        said: dict[str, Any] = super().clean() or {}
        for name in ("vendor", "code", "text"):
            said[name] = (said.get(name) or "").strip()
        if not said["code"]:
            self.add_error("code", ValidationError(_("Write the code.")))
        return said


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """List what codes mean, offer those that mean nothing yet, and take new meanings."""
    user = person(request)
    able = inventory_access.organisations_where(user, "edit_inventory")
    if request.method == "POST":
        return _save(request, user, None)
    form = MeaningForm(user, initial=_offered(request, able.order_by("name").first()))
    return _drawn(request, user, form, may_edit=able.exists())


def _offered(request: HttpRequest, owner: Organisation | None) -> dict[str, Any]:
    """Return what the form begins with: the code that was chosen from the list."""
    said = {name: request.GET.get(name, "").replace("\0", "")[:50] for name in ("vendor", "code")}
    return {**said, "organisation": owner}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Show what a code means, to change or remove it."""
    user = person(request)
    meaning = get_object_or_404(access.error_meanings(user), pk=key)
    if not _may(user, meaning.organisation_id):
        raise refused(request, "edit_inventory", _("Your role doesn't allow this."))
    if request.method != "POST":
        return _drawn(request, user, MeaningForm(user, instance=meaning), meaning=meaning)
    if request.POST.get("remove"):
        _remove(meaning)
        messages.success(request, _("Removed."))
        return redirect("error-meanings")
    return _save(request, user, meaning)


def _may(user: User, organisation: int | None) -> bool:
    if organisation is None:
        return user.is_superuser
    return inventory_access.may(user, "edit_inventory", organisation)


@transaction.atomic
def _remove(meaning: ErrorMeaning) -> None:
    meanings.recount(meaning, timezone.now())
    meaning.delete()


def _save(request: HttpRequest, user: User, meaning: ErrorMeaning | None) -> HttpResponse:
    before = ErrorMeaning.objects.filter(pk=meaning.pk).first() if meaning else None
    form = MeaningForm(user, request.POST, instance=meaning)
    if not form.is_valid():
        if not inventory_access.organisations_where(user, "edit_inventory").exists():
            raise refused(request, "edit_inventory", _("Your role doesn't allow this."))
        return _drawn(request, user, form, meaning=meaning)
    with transaction.atomic():
        saved, now = form.save(), timezone.now()
        for one in (before, saved):
            if one is not None:
                meanings.recount(one, now)
    messages.success(request, _("Saved: outages with this code are told anew."))
    return redirect("error-meanings")


def _drawn(
    request: HttpRequest,
    user: User,
    form: MeaningForm,
    *,
    meaning: ErrorMeaning | None = None,
    may_edit: bool = True,
) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:50]
    entered = access.error_meanings(user)
    pages = Paginator(meanings.known(entered, text), PAGE_SIZE)
    able = set(
        inventory_access.organisations_where(user, "edit_inventory").values_list("pk", flat=True)
    )
    page = pages.get_page(number(request.GET.get("page"), 1))
    context = {
        "form": form,
        "meaning": meaning,
        "page": page,
        "rows": [
            (one, CODES.get(one.chargex or 0), one.organisation_id in able or user.is_superuser)
            for one in page
        ],
        "unknown": meanings.unknown(access.outages(user), entered, timezone.now()),
        "text": text,
        "may_edit": may_edit,
    }
    return render(request, "monitoring/error_meanings.html", context)
