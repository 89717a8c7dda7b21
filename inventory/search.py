"""What a person may type to find a charger or a site: any part of what is written on it.

Every word must be found somewhere: in the identity, the serial number, the ICCID of the SIM, an
EVSE-ID (with or without its asterisks), or the name and address of the site. Trigram indexes
make that quick at any size; each field is asked apart and the answers are united, as no index
helps a condition that spans tables. Words too short for those indexes narrow what the others
found; where there are no others, they must be in the identity, or begin a site's name.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace

from inventory.models import Charger, Evse, Sim, Site

#: Characters and words of a search that are looked at.
LONGEST = 100
MOST_WORDS = 6
#: Letters and digits of a word that a trigram index is of use for.
SHORTEST = 3
WRITTEN_ON_SITE = ("name", "address", "postal_code", "city")


def words(text: str) -> list[str]:
    """Return the words to look for."""
    return text.replace("\0", " ")[:LONGEST].split()[:MOST_WORDS]


def chargers(among: QuerySet[Charger], text: str) -> QuerySet[Charger]:
    """Return those `among` the chargers that the text finds; all, if it says nothing."""
    long, short = _by_length(text)
    for word in long:
        among = among.filter(pk__in=_charger_keys(word))
    fields = ["identity"]
    if long:
        fields += ["serial_number", *(f"site__{field}" for field in WRITTEN_ON_SITE)]
    for word in short:
        among = among.filter(_in_any(fields, word))
    return among


def sites(among: QuerySet[Site], text: str) -> QuerySet[Site]:
    """Return those `among` the sites whose name or address the text finds."""
    long, short = _by_length(text)
    if not long:
        return among.filter(name__istartswith=" ".join(short)) if short else among
    for word in long:
        among = among.filter(pk__in=_site_keys(word))
    for word in short:
        among = among.filter(_in_any(WRITTEN_ON_SITE, word))
    return among


def _by_length(text: str) -> tuple[list[str], list[str]]:
    """Return the words that an index can find, and those that it can't."""
    found: tuple[list[str], list[str]] = ([], [])
    for word in words(text):
        found[sum(map(str.isalnum, word)) < SHORTEST].append(word)
    return found


def _in_any(fields: Iterable[str], word: str) -> Q:
    conditions = [(f"{field}__icontains", word) for field in fields]
    return Q(*conditions, _connector=Q.OR)


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
    first, *others = (keys.filter(_in_any([field], word)) for field in WRITTEN_ON_SITE)
    return first.union(*others)
