"""Local lists: what chargers took of them, who holds a token, and what is sent by itself.

What a charger holds is what it accepted from us; the version that it says itself tells whether
that is still so.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.utils.translation import gettext as _

from cpms.control import commands, settlement
from cpms.control.authorization import STORED
from cpms.control.commands import SYSTEM, Asker, Refused
from cpms.control.list_contents import Entry, of
from cpms.control.models import Command, GoneToken, LocalList, Token
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList
from inventory.models import Charger, Lifecycle

#: What shows whether a charger has what it accepted: the version that it says.
SAME_VERSION, OTHER_VERSION = "list_version", "other_list_version"
#: A list is asked after this often, and not more of them in one run of the task.
ASK_EVERY = timedelta(hours=24)
MOST_ASKED = 50
MOST_COMPARED = 100
#: Tokens that are kept off one list.
MOST_LEFT_OUT = 1_000


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
        commands.request(kept.charger, SendLocalList(), SYSTEM, reason=_("Tokens changed."))
    except Refused:
        return False
    return True


def forget_gone(now: datetime) -> int:
    """Delete what says which tokens were deleted more than a day ago; return how many."""
    return GoneToken.objects.filter(gone_at__lt=now - timedelta(days=1)).delete()[0]
