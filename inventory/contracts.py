"""Contracts: one at a time for a site, whoever enters them and however."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inventory.models import Contract, Site

#: Other contracts that a refusal names.
MOST_NAMED = 3


class TwoContracts(ValueError):
    """Another contract is in force at a site on the same days; the message names it."""


def hold(contract: Contract, sites: Sequence[Site]) -> None:
    """Raise `TwoContracts` if another contract is in force at one of `sites` on its days.

    Called in the transaction that writes it: others who write one for the same sites wait.
    """
    keys = sorted(site.pk for site in sites)
    list(Site.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    others = contract.overlapping(keys).select_related("contractor").order_by("starts", "pk")
    if named := [_named(other, keys) for other in others[:MOST_NAMED]]:
        raise TwoContracts(
            _("A site has one contract at a time: %(others)s.") % {"others": "; ".join(named)}
        )


def _named(other: Contract, sites: Iterable[int]) -> str:
    here = other.sites.filter(pk__in=sites).order_by("name").first()
    days = _("from %(first)s") if other.ends is None else _("from %(first)s to %(last)s")
    when = days % {"first": other.starts, "last": other.ends}
    return _("“%(name)s” of %(contractor)s is in force at %(site)s %(when)s") % {
        "name": other.name, "contractor": other.contractor.name, "site": here, "when": when,
    }  # fmt: skip


def in_force(contracts: QuerySet[Contract], day: date) -> QuerySet[Contract]:
    """Return those that are in force on a day of their sites."""
    return contracts.filter(Q(ends=None) | Q(ends__gte=day), starts__lte=day)
