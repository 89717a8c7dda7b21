"""What a person may type to find a charger or a site: any part of what is written on it.

Every word must be found somewhere: in the identity, the serial number, the ICCID of the SIM, an
EVSE-ID (with or without its asterisks), or the name and address of the site. Trigram indexes
make that quick at any size; each field is asked apart and the answers are united, as no index
helps a condition that spans tables.
"""

from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Replace

from inventory.models import Charger, Evse, Sim, Site

#: Characters and words of a search that are looked at.
LONGEST = 100
MOST_WORDS = 6


def words(text: str) -> list[str]:
    """Return the words to look for."""
    return text.replace("\0", " ")[:LONGEST].split()[:MOST_WORDS]


def chargers(among: QuerySet[Charger], text: str) -> QuerySet[Charger]:
    """Return those `among` the chargers that the text finds; all, if it says nothing."""
    for word in words(text):
        among = among.filter(pk__in=_charger_keys(word))
    return among


def sites(among: QuerySet[Site], text: str) -> QuerySet[Site]:
    """Return those `among` the sites whose name or address the text finds."""
    for word in words(text):
        among = among.filter(pk__in=_site_keys(word))
    return among


def _charger_keys(word: str) -> QuerySet[Any, Any]:
    keys = Charger.objects.order_by().values("pk")
    sims = Sim.objects.filter(iccid__contains=word).order_by().values("pk")
    return keys.filter(identity__icontains=word).union(
        keys.filter(serial_number__icontains=word),
        keys.filter(site__in=_site_keys(word)),
        keys.filter(sim__in=sims),
        _owners(word),
    )


def _owners(word: str) -> QuerySet[Any, Any]:
    """Return the keys of the chargers that have a port with such an EVSE-ID."""
    bare = Replace("evse_id", Value("*"), Value(""))
    ports = Evse.objects.alias(bare=bare).filter(bare__icontains=word.replace("*", ""))
    return ports.exclude(evse_id="").order_by().values("charger")


def _site_keys(word: str) -> QuerySet[Any, Any]:
    keys = Site.objects.order_by().values("pk")
    fields = ("name", "address", "postal_code", "city")
    first, *others = (keys.filter(**{f"{field}__icontains": word}) for field in fields)
    return first.union(*others)
