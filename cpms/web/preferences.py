"""How one person reads the dashboard: the page that asks, and the middleware that obeys."""

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cpms.web import zones
from cpms.web.models import Preferences


class PersonalReading:
    """Middleware that answers in the language and the time zone that the reader has chosen.

    Who has chosen nothing, or isn't signed in, gets what the browser asks for and the sites'
    own zones.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the reader wants it."""
        chosen = getattr(request.user, "preferences", None)
        if chosen is None:
            return self.get_response(request)
        language = usable_language(chosen.language) or translation.get_language()
        with translation.override(language), zones.read_in(chosen.time_zone):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            return response


def usable_language(code: str) -> str:
    """Return the code if Kilowatch speaks the language, else ""."""
    return code if code in dict(settings.LANGUAGES) else ""


class PreferencesForm(forms.Form):
    """Language and zone; both may be left to the browser and the sites."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [("", _("As the browser asks for it")), *settings.LANGUAGES],
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Times are shown in"),
        required=False,
        choices=lambda: [("", _("The zone of the site they belong to")), *_grouped_zones()],
        help_text=gettext_lazy(
            "Every time says its zone. Days of KPIs are always the site's own days."
        ),
    )


def _grouped_zones() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (region, [(zone, zone.replace("_", " ")) for zone in names])
        for region, names in zones.choices()
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the reader's preferences, and store them."""
    assert isinstance(request.user, User)
    mine = Preferences.objects.filter(user=request.user).first() or Preferences()
    known = {"language": mine.language, "time_zone": mine.time_zone}
    form = PreferencesForm(request.POST or None, initial=known)
    if form.is_valid():
        Preferences.objects.update_or_create(user=request.user, defaults=form.cleaned_data)
        chosen = usable_language(form.cleaned_data["language"]) or translation.get_language()
        with translation.override(chosen):
            messages.success(request, _("Your preferences are saved."))
        return redirect("preferences")
    return render(
        request, "web/preferences.html", {"form": form}, status=400 if form.errors else 200
    )
