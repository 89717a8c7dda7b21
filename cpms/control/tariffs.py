"""What charging costs at a site: kept in versions, each from its time on, none ever changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cpms.control.commands import Asker
from cpms.control.cost import Prices
from cpms.control.models import Tariff
from inventory.audit import record_deed

#: Versions that a site may have.
MOST_VERSIONS = 500
#: One from now on may have been written down so long ago.
SLACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Version:
    """A tariff as it is reckoned with."""

    id: int
    valid_from: datetime
    prices: Prices
    #: What drivers read.
    text: str


def version(tariff: Tariff) -> Version:
    """Return a stored tariff as it is reckoned with."""
    prices = Prices(
        currency=tariff.currency,
        decimals=tariff.decimals,
        energy=tariff.energy,
        minute=tariff.minute,
        session=tariff.session,
        idle_minute=tariff.idle_minute,
        idle_grace=timedelta(minutes=tariff.idle_grace),
        vat=tariff.vat,
    )
    return Version(tariff.pk, tariff.valid_from, prices, tariff.text or in_words(prices))


def of_sites(site_ids: Iterable[int] | None = None) -> dict[int, list[Version]]:
    """Return the tariffs of the sites, or of all, by site; the newest first."""
    rows = Tariff.objects.order_by("-valid_from")
    found: dict[int, list[Version]] = {}
    for row in rows if site_ids is None else rows.filter(site__in=set(site_ids)):
        found.setdefault(row.site_id, []).append(version(row))
    return found


def in_force(versions: Iterable[Version], at: datetime) -> Version | None:
    """Return the version that holds at a time, of those of one site, the newest first."""
    return next((version for version in versions if version.valid_from <= at), None)


def add(tariff: Tariff, asker: Asker, now: datetime) -> Tariff:
    """Store a new version; raise `ValidationError`. What has begun to hold can't be changed."""
    if tariff.valid_from < now - SLACK:
        raise ValidationError(
            {"valid_from": _("A tariff can't hold in the past: sessions were charged for then.")}
        )
    if not any((tariff.energy, tariff.minute, tariff.session, tariff.idle_minute, tariff.text)):
        raise ValidationError(
            _("Give at least one price; if charging is free, say so in the text.")
        )
    tariff.valid_from = max(tariff.valid_from, now)
    tariff.created_by_name = asker.name[:150]
    tariff.full_clean()
    with transaction.atomic():
        if Tariff.objects.filter(site=tariff.site_id).count() >= MOST_VERSIONS:
            raise ValidationError(_("This site has too many tariffs; take back some to come."))
        tariff.save(force_insert=True)
        record_deed(asker.user, tariff.site, {"tariff": str(tariff), "deed": "added"})
    return tariff


def withdraw(tariff: Tariff, asker: Asker, now: datetime) -> bool:
    """Take a version back that doesn't hold yet; False where it does, or did."""
    with transaction.atomic():
        gone, _rows = Tariff.objects.filter(pk=tariff.pk, valid_from__gt=now).delete()
        if gone:
            record_deed(asker.user, tariff.site, {"tariff": str(tariff), "deed": "taken back"})
    return bool(gone)


def in_words(prices: Prices) -> str:
    """Return the prices in a line, for drivers."""
    parts = []
    if prices.energy:
        parts.append(f"{_said(prices.energy, prices)}/kWh")
    if prices.minute:
        parts.append(f"{_said(prices.minute, prices)}/min")
    if prices.session:
        parts.append(_("%s per session") % _said(prices.session, prices))
    if prices.idle_minute:
        minutes = int(prices.idle_grace.total_seconds() // 60)
        idle = f"{_said(prices.idle_minute, prices)}/min"
        parts.append(
            _("%(price)s from %(minutes)s min after charging") % {"price": idle, "minutes": minutes}
        )
    said = " + ".join(parts) or _("free of charge")
    if prices.vat and parts:
        said += " " + _("(incl. %s %% VAT)") % _plain(prices.vat, 0)
    return said


def _said(price: Decimal, prices: Prices) -> str:
    return f"{_plain(price, prices.decimals)} {prices.currency}"


def _plain(number: Decimal, decimals: int) -> str:
    """Return a number with so many decimals at least, and no zeros beyond."""
    whole, _point, digits = f"{number.normalize():f}".partition(".")
    digits = digits.ljust(decimals, "0")
    return f"{whole}.{digits}" if digits else whole
