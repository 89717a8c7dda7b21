"""What can be asked of a charger, by groups; what can't, with the reason."""

from dataclasses import dataclass

from django.utils.functional import Promise

from cpms.web.operate.forms import FORMS, GROUPS, OperationForm
from cpms.web.operate.target import Target


@dataclass(frozen=True, slots=True)
class Offer:
    """An operation, and why it can't be asked; "" if it can."""

    name: str
    form: type[OperationForm]
    why_not: str

    # A template would call a class that it is given.

    @property
    def title(self) -> str | Promise:
        """What it is called."""
        return self.form.title

    @property
    def does(self) -> str | Promise:
        """What the charger will do."""
        return self.form.does

    @property
    def icon(self) -> str:
        """What it looks like."""
        return self.form.icon


@dataclass(frozen=True, slots=True)
class Group:
    """Operations that belong together."""

    name: str
    label: str | Promise
    offers: list[Offer]


def groups(target: Target, *, bulk: bool = False) -> list[Group]:
    """Return the operations for one charger, or those that can be asked of many."""
    offers = [
        Offer(name, form, form.why_not(target))
        for name, form in FORMS.items()
        if form.bulk or not bulk
    ]
    found = (
        Group(name, label, sorted((o for o in offers if o.form.group == name), key=_is_off))
        for name, label in GROUPS.items()
    )
    return [group for group in found if group.offers]


def _is_off(offer: Offer) -> bool:
    return bool(offer.why_not)
