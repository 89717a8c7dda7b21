"""Operations in the command palette: “restart CP-7” leads to the form for it."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from cpms.web.operate.forms import FORMS, OperationForm
from inventory import access, search
from inventory.models import Charger

MOST_CHARGERS, MOST_OPERATIONS = 4, 3
#: Letters of a word from which on it may mean an operation.
SHORTEST = 3


def offers(user: User, text: str) -> list[dict[str, str]]:
    """Return links to the forms that some of the words mean, for chargers of the others."""
    words = search.words(text)
    meant = [word for word in words if any(_means(word, form) for form in FORMS.values())]
    rest = " ".join(word for word in words if word not in meant)
    if not meant or not rest:
        return []
    forms = [form for form in FORMS.values() if all(_means(word, form) for word in meant)]
    found = list(_chargers(user, rest)) if forms else []
    return [
        _offer(charger, form)
        for form in forms[:MOST_OPERATIONS]
        for charger in found
        if _has(charger, form)
    ]


def _means(word: str, form: type[OperationForm]) -> bool:
    if len(word) < SHORTEST:
        return False
    told = f"{form.title} {form.button} {form.operation.name.replace('_', ' ')}".casefold()
    return any(part.startswith(word.casefold()) for part in told.split())


def _chargers(user: User, text: str) -> Iterator[Charger]:
    able = access.organisations_where(user, "command")
    mine = access.chargers(user).filter(site__organisation__in=able)
    found = search.chargers(mine, text).select_related("site").order_by("identity")
    yield from found[:MOST_CHARGERS]


def _has(charger: Charger, form: type[OperationForm]) -> bool:
    return not charger.ocpp_version or charger.ocpp_version in form.operation.versions


def _offer(charger: Charger, form: type[OperationForm]) -> dict[str, str]:
    return {
        "label": f"{form.title} · {charger.identity}",
        "detail": _("Operation"),
        "url": reverse("charger-operation", args=[charger.identity, form.operation.name]),
    }
