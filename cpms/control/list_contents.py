"""What belongs on a charger's local list, what it holds, and what an update would change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import Length, Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control.authorization import STORED
from cpms.control.models import LocalList, Token
from cpms.control.operations.local_lists import SendLocalList
from inventory.models import Charger
from monitoring.models import ReportedVariable, Session

#: Tokens on a list where neither staff nor the charger says how many.
USUAL_LIMIT = 500
#: Where a charger says how many tokens it takes. (OCPP 1.6 §9.4.1)
CAPACITY = "LocalAuthListMaxLength"
#: Lengths that a version can say: 1.6's idTag, 2.0.1's and 2.1's idToken. (CiString20, 36, 255)
LONGEST = {"1.6": 20, "2.0.1": 36, "2.1": 255}
#: Sessions that are looked at for who charges here.
RECENT = 2_000
#: A token's text in upper case, as `belonging` has it.
KEY = "key__in"


class Entry(NamedTuple):
    """A token on a list, as kept; `status` is OCPP's word, `expires` RFC 3339 or None."""

    id_token: str
    type: str
    status: str
    expires: str | None = None
    group: str = ""
    language: str = ""

    @classmethod
    def of(cls, token: Token, version: str) -> "Entry":
        """Return what a list says of a token, as far as this OCPP version can say it.

        Times are cut to milliseconds: so they are sent.
        """
        expires, old = token.expires_at, version not in {"2.0.1", "2.1"}
        if expires is not None:
            expires = expires.replace(microsecond=expires.microsecond // 1000 * 1000)
        return cls(
            token.id_token,
            "ISO14443" if old else token.type,
            STORED.get(token.status, "Invalid"),
            expires.isoformat() if expires else None,
            token.group[: 20 if old else 36],
            "" if old else token.language,
        )


Entries = dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What belongs on a list, and how many may be on it."""

    entries: Entries
    limit: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What an update would change."""

    added: list[Entry]
    changed: list[Entry]
    removed: list[Entry]

    @property
    def put(self) -> list[Entry]:
        """What is sent with what is known of it."""
        return [*self.added, *self.changed]

    def __len__(self) -> int:
        """Return how many tokens are concerned."""
        return len(self.added) + len(self.changed) + len(self.removed)


def of(charger: Charger) -> LocalList:
    """Return what is kept of a charger's list."""
    return LocalList.objects.get_or_create(charger=charger)[0]


def held(kept: LocalList) -> Entries:
    """Return what the charger holds as far as we know."""
    return {key: Entry(*row) for key, row in kept.entries.items()}


def belonging(kept: LocalList, charger: Charger) -> QuerySet[Token]:
    """Return the tokens that may be on the list: those that may charge there, by its rule."""
    at_site = Token.sites.through.objects.filter(site=charger.site_id)
    at_charger = Token.chargers.through.objects.filter(charger=charger.pk)
    here = Q(pk__in=at_site.values("token")) | Q(pk__in=at_charger.values("token"))
    tokens = Token.objects.filter(
        here | Q(limited=False), organisation=charger.site.organisation_id, on_local_lists=True
    )
    if kept.groups:
        tokens = tokens.filter(group__in=kept.groups)
    return tokens.annotate(key=Upper("id_token")).exclude(key__in=kept.left_out)


def wanted(kept: LocalList, charger: Charger, now: datetime) -> Wanted:
    """Return what belongs on the list at `now`.

    Of more than fit those come first that are named for this place, then those that charged
    here last. One that the charger holds and that is blocked meanwhile stays on it, as blocked:
    a list counts more than what the charger remembers of a token. (OCPP 1.6 §3.5.3)
    """
    limit, version = _limit(kept, charger), charger.ocpp_version
    every = belonging(kept, charger)
    entries: Entries = {}
    for token in _first(_sayable(_good(every, now), charger), charger, limit):
        if len(entries) == limit:
            break
        entries.setdefault(token.id_token.upper(), Entry.of(token, version))
    refused = every.exclude(status=Token.Status.ACCEPTED).filter(**{KEY: list(kept.entries)})
    entries |= {token.id_token.upper(): Entry.of(token, version) for token in refused}
    return Wanted(entries, limit)


def _good(tokens: QuerySet[Token], now: datetime) -> QuerySet[Token]:
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return tokens.filter(in_time, status=Token.Status.ACCEPTED)


def _sayable(tokens: QuerySet[Token], charger: Charger) -> QuerySet[Token]:
    longest = LONGEST.get(charger.ocpp_version, LONGEST["1.6"])
    return tokens.annotate(length=Length("id_token")).filter(length__lte=longest)


def left_over(kept: LocalList, charger: Charger, now: datetime) -> tuple[int, int]:
    """Return how many tokens that belong on the list don't fit, and are too long to be said."""
    good = _good(belonging(kept, charger), now)
    sayable = _sayable(good, charger).count()
    return max(0, sayable - _limit(kept, charger)), good.count() - sayable


def _limit(kept: LocalList, charger: Charger) -> int:
    said = (
        ReportedVariable.objects.filter(charger=charger, variable=CAPACITY, evse=0)
        .values_list("value", flat=True)
        .first()
    )
    limits = [kept.limit or USUAL_LIMIT]
    if said and said.isascii() and said.isdecimal() and int(said) > 0:
        limits.append(int(said))
    return min(limits)


def _first(tokens: QuerySet[Token], charger: Charger, limit: int) -> Iterator[Token]:
    """Yield tokens, the weightier first; some twice."""
    yield from tokens.filter(limited=True).order_by(Upper("id_token"))[:limit]
    seen = (
        Session.objects.filter(charger=charger)
        .exclude(id_token="")
        .order_by("-started")
        .values_list("id_token", flat=True)[:RECENT]
    )
    recent = list(dict.fromkeys(name.upper() for name in seen))[:limit]
    known = {token.id_token.upper(): token for token in tokens.filter(**{KEY: recent})}
    yield from (known[key] for key in recent if key in known)
    yield from tokens.order_by(Upper("id_token"))[:limit]  # As the unique index has them.


def difference(there: Entries, here: Entries) -> Difference:
    """Return what has to be sent so that the list becomes what is wanted `here`."""
    return Difference(
        [entry for key, entry in here.items() if key not in there],
        [entry for key, entry in here.items() if key in there and there[key] != entry],
        [entry for key, entry in there.items() if key not in here],
    )


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be sent: a list in place of the charger's, or changes; `version` comes next."""

    full: bool
    version: int
    put: list[Entry]
    removed: list[Entry]


def update(charger: Charger, asked: SendLocalList, now: datetime) -> Update:
    """Return the update that an operation means at `now`."""
    kept = of(charger)
    version = max(kept.version, kept.reported or 0, 0) + 1
    if asked.update == "empty":
        return Update(True, version, [], [])
    here = wanted(kept, charger, now).entries
    if asked.update == "full" or not kept.version:
        if asked.remove:
            return Update(False, version, [], _named(kept, asked.remove))
        return Update(True, version, list(here.values()), [])
    if asked.add or asked.remove:
        put = [entry for key in asked.add if (entry := here.get(key.upper()))]
        return Update(False, version, put, _named(kept, asked.remove))
    missing = difference(held(kept), here)
    return Update(False, version, missing.put, missing.removed)


def _named(kept: LocalList, names: Iterable[str]) -> list[Entry]:
    """Return the entries of tokens that are to go, whether we know of them on the list or not."""
    there = held(kept)
    return [there.get(name.upper()) or Entry(name, "ISO14443", "Invalid") for name in names]


def objection(charger: Charger, asked: SendLocalList) -> str:
    """Return why there is nothing to send to a charger; empty where there is."""
    found = update(charger, asked, timezone.now())
    if found.full or found.put or found.removed:
        return ""
    if asked.add:
        return _("None of these tokens belongs on the list of %s.") % charger
    return _("There is nothing to send: the list of %s is as it is to be.") % charger
