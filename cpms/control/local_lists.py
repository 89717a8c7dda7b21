"""Local lists: which tokens belong on a charger's, what it holds, and how the two come together.

What a charger holds is what it accepted from us; the version that it says itself tells whether
that is still so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Length, Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import commands, settlement
from cpms.control.authorization import STORED
from cpms.control.commands import SYSTEM, Asker, Refused
from cpms.control.models import Command, GoneToken, LocalList, Token
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList
from inventory.models import Charger, Lifecycle
from monitoring.models import ReportedVariable, Session

#: What shows whether a charger has what it accepted: the version that it says.
SAME_VERSION, OTHER_VERSION = "list_version", "other_list_version"
#: Tokens on a list where neither staff nor the charger says how many.
USUAL_LIMIT = 500
#: Lengths that a version can say: 1.6's idTag, 2.0.1's and 2.1's idToken. (CiString20, 36, 255)
LONGEST = {"1.6": 20, "2.0.1": 36, "2.1": 255}
#: Sessions that are looked at for who charges here.
RECENT = 2_000
#: A list is asked after this often, and not more of them in one run of the task.
ASK_EVERY = timedelta(hours=24)
MOST_ASKED = 50
MOST_COMPARED = 100
#: A token's text in upper case, as `belonging` has it.
KEY = "key__in"
#: Tokens that are kept off one list.
MOST_LEFT_OUT = 1_000
#: Where a charger says how many tokens it takes. (OCPP 1.6 §9.4.1)
CAPACITY = "LocalAuthListMaxLength"


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


def send(charger: Charger, asked: SendLocalList, asker: Asker, *, reason: str = "") -> Command:
    """Ask for an update; raise `Refused` where there is nothing to send."""
    now = timezone.now()
    found = update(charger, asked, now)
    if not found.full and not found.put and not found.removed:
        raise Refused(
            _("There is nothing to send: the list of %s is as it is to be.") % charger
            if not asked.add
            else _("None of these tokens belongs on the list of %s.") % charger
        )
    return commands.request(charger, asked, asker, reason=reason)


def forget(token: str, charger: Charger, asker: Asker = SYSTEM, *, reason: str = "") -> Command:
    """Take a token off a charger's list, and keep it off: its holder's data are cleared there.

    Where a customer's information is cleared on a charger (OCPP 2.0.1 N10, with its update of the
    local list), the token leaves the list by a differential update without idTokenInfo and isn't
    put back by later updates. Returns the command that takes it off; it is sent whether we know
    of the token on the list or not. Raises `Refused` as `commands.request` does.
    """
    kept = of(charger)
    if token.upper() not in kept.left_out:
        kept.left_out = [*kept.left_out, token.upper()][-MOST_LEFT_OUT:]
        kept.save(update_fields=["left_out"])
    return commands.request(charger, SendLocalList(remove=[token]), asker, reason=reason)


# What follows from chargers' answers.


def accepted(
    charger: Charger, at: datetime, version: int, put: list[Entry], gone: list[str], *, full: bool
) -> None:
    """Keep that the charger took an update: `put` on its list, `gone` (upper case) off it."""
    kept = of(charger)
    entries = {} if full else dict(kept.entries)
    for key in gone:
        entries.pop(key, None)
    entries |= {entry.id_token.upper(): list(entry) for entry in put}
    kept.entries, kept.version, kept.updated_at = entries, version, at
    kept.reported, kept.reported_at, kept.trouble = version, at, LocalList.Trouble.NONE
    kept.save()


def refused(charger: Charger, trouble: LocalList.Trouble) -> None:
    """Keep that an update didn't come through."""
    LocalList.objects.update_or_create(charger=charger, defaults={"trouble": trouble})


def mismatched(charger: Charger, *, full: bool, asker: Asker = SYSTEM) -> Command | None:
    """Send the whole list to a charger that had another version than we thought.

    One that says so of a whole list, too, is not asked again.
    """
    refused(charger, LocalList.Trouble.MISMATCH)
    if full:
        return None
    return commands.request(
        charger, SendLocalList(update="full"), asker,
        reason=_("The charger's list had another version than we knew."),
    )  # fmt: skip


def reported(charger: Charger, version: int, at: datetime) -> None:
    """Keep the version that a charger says; mend the list where that is wanted.

    -1: it keeps none. (OCPP 1.6 §5.10)
    """
    kept = of(charger)
    kept.reported, kept.reported_at = version, at
    if version < 0:
        kept.trouble = LocalList.Trouble.NOT_SUPPORTED
    elif kept.drifted:
        kept.trouble = LocalList.Trouble.MISMATCH
    elif kept.trouble == LocalList.Trouble.MISMATCH:
        kept.trouble = LocalList.Trouble.NONE
    kept.save(update_fields=["reported", "reported_at", "trouble"])
    _verify(charger, version == kept.version, at)
    if kept.kept and kept.drifted and not _waits(charger):
        reason = _("The charger's list had drifted.")
        commands.request(charger, SendLocalList(update="full"), SYSTEM, reason=reason)


def _verify(charger: Charger, holds: bool, at: datetime) -> None:
    """Say of the last update whether the charger still has it."""
    sent = Command.objects.filter(
        charger=charger, operation=SendLocalList.name, state=Command.State.ACCEPTED
    )
    if (last := sent.first()) is not None and last.verified is None:
        evidence = SAME_VERSION if holds else OTHER_VERSION
        settlement.verify(last, at, evidence, holds=holds)


def _waits(charger: Charger) -> bool:
    return Command.objects.filter(
        charger=charger, operation=SendLocalList.name,
        state__in=(Command.State.PENDING, Command.State.SENT),
    ).exists()  # fmt: skip


def holders(token: Token) -> QuerySet[LocalList]:
    """Return the lists that hold a token."""
    return LocalList.objects.filter(
        charger__site__organisation=token.organisation_id, entries__has_key=token.id_token.upper()
    ).select_related("charger__site")


def behind(token: Token) -> QuerySet[LocalList]:
    """Return the lists that hold a token, and say of its status something else than we do."""
    path = (F("entries"), Value(token.id_token.upper()), Value("2"))
    told = Func(*path, function="jsonb_extract_path_text", output_field=TextField())
    return holders(token).alias(told=told).exclude(told=STORED.get(token.status, "Invalid"))


# What is done by itself.


def ask_versions(now: datetime) -> int:
    """Ask online chargers after lists that weren't asked after for long, or since they booted.

    Returns how many were asked; some at a time.
    """
    long_ago = Q(reported_at__lt=now - ASK_EVERY)
    rebooted = Q(charger__state__booted_at__gt=F("reported_at"))
    lists = (
        LocalList.objects.filter(long_ago | rebooted, version__gt=0, charger__state__online=True)
        .exclude(charger__lifecycle=Lifecycle.DECOMMISSIONED)
        .exclude(
            charger__commands__operation=AskLocalListVersion.name,
            charger__commands__requested_at__gt=now - ASK_EVERY / 24,
        )
        .select_related("charger__site")
        .order_by("reported_at")[:MOST_ASKED]
    )
    return sum(1 for kept in lists if _asked(kept.charger))


def _asked(charger: Charger) -> bool:
    try:
        commands.request(charger, AskLocalListVersion(), SYSTEM)
    except Refused:
        return False
    return True


#: Tokens expire without a change of their row: lists are compared this often all the same.
COMPARE_EVERY = timedelta(hours=6)
#: A change may be committed so long after its time.
LATE = timedelta(seconds=30)


def keep_up_to_date(now: datetime) -> int:
    """Send what changed to chargers whose lists are kept up to date; return to how many."""
    due = (
        LocalList.objects.filter(_due(now), kept=True)
        .exclude(trouble=LocalList.Trouble.NOT_SUPPORTED)
        .select_related("charger__site__organisation")
        .order_by(F("compared_at").asc(nulls_first=True))[:MOST_COMPARED]
    )
    return sum(1 for kept in due if _kept_up(kept, now))


def _due(now: datetime) -> Q:
    """Have lists that weren't compared for long, or before a token of theirs changed."""
    organisation, since = OuterRef("charger__site__organisation"), OuterRef("compared_at") - LATE
    changed = Token.objects.filter(organisation=organisation, updated_at__gt=since)
    gone = GoneToken.objects.filter(organisation_id=organisation, gone_at__gt=since)
    long_ago = Q(compared_at=None) | Q(compared_at__lt=now - COMPARE_EVERY)
    return long_ago | Exists(changed) | Exists(gone)


def _kept_up(kept: LocalList, now: datetime) -> bool:
    if _waits(kept.charger):
        return False
    LocalList.objects.filter(pk=kept.pk).update(compared_at=now)
    try:
        send(kept.charger, SendLocalList(), SYSTEM, reason=_("Tokens changed."))
    except Refused:
        return False
    return True


def forget_gone(now: datetime) -> int:
    """Delete what says which tokens were deleted more than a day ago; return how many."""
    return GoneToken.objects.filter(gone_at__lt=now - timedelta(days=1)).delete()[0]
