"""What people decide about who knocked: adopt, link, rename, take over, block.

Each is one transaction, asks who may, and may be done by two people at once: the second is
told who was first. Every change of a row is in the audit trail with its author.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from inventory import access, credentials
from inventory.access import Person
from inventory.models import Charger, ChargerModel, Lifecycle, Organisation, Site
from inventory.models.charger import validate_identity
from monitoring import live
from monitoring.access import sightings
from monitoring.models import BlockedAddress, ChargerState, Sighting

log = structlog.get_logger(__name__)

LONGEST_WHY = 200
#: How far along a charger may be that is adopted.
LIFECYCLES = (
    Lifecycle.COMMISSIONING,
    Lifecycle.ACTIVE,
    Lifecycle.PENDING,
    Lifecycle.PLANNED,
)
#: How a charger proves who it is once it is adopted.
NEW_KEY, ITS_KEY, NO_KEY = "new", "its", "none"


class SightingError(Exception):
    """It can't be done, or not by this person; the message says why and what to do."""


class NotAllowedError(SightingError):
    """The role isn't enough."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A charger that was adopted, and its new key, shown this once; "" where it keeps its own."""

    charger: Charger
    key: str = ""


def waiting(user: Person) -> QuerySet[Sighting]:
    """Return the sightings on which nobody has decided, of what the user may see."""
    undecided = sightings(user).filter(blocked_at=None, linked=None)
    addresses = BlockedAddress.objects.filter(address=OuterRef("peer"))
    known = Charger.objects.alias(folded=Lower("identity"))
    on_file = known.filter(folded=Lower(OuterRef("identity")))
    gone = Q(charger=None) & (Q(Exists(addresses)) | (Q(reason="unknown") & Q(Exists(on_file))))
    return undecided.exclude(gone)


def linked(user: Person) -> QuerySet[Sighting]:
    """Return the sightings of which it is known who they are."""
    return sightings(user).exclude(linked=None)


def blocked(user: Person) -> QuerySet[Sighting]:
    """Return the sightings that are blocked by name."""
    return sightings(user).exclude(blocked_at=None)


#: What was decided -> the sightings of which it was.
STATES: dict[str, Callable[[Person], QuerySet[Sighting]]] = {
    "waiting": waiting,
    "linked": linked,
    "blocked": blocked,
}


def may_everywhere(user: User, ability: str) -> bool:
    """Tell whether the user has the ability in every organisation: for what is nobody's yet."""
    able = access.organisations_where(user, ability)
    return able.exists() and not Organisation.objects.exclude(pk__in=able).exists()


def may_decide(user: User, sighting: Sighting, ability: str = "acknowledge") -> bool:
    """Tell whether the user may decide about a sighting that they see."""
    if sighting.charger is None:
        return may_everywhere(user, ability)
    return access.may(user, ability, sighting.charger.site.organisation_id)


def adopt(
    sighting: Sighting,
    *,
    by: User,
    now: datetime,
    site: Site,
    lifecycle: str,
    key: str,
    seen_key: str = "",
) -> Adopted:
    """Put an unknown identity on file at `site`; raises SightingError.

    `lifecycle` is one of `LIFECYCLES`; `key` of `NEW_KEY`, `NO_KEY` and `ITS_KEY`, which must
    still be the one that `seen_key` names (see `fingerprint`): somebody else may have knocked.
    """
    _ask(access.may(by, "edit_inventory", site.organisation_id))
    _usable(sighting.identity)
    charger = Charger(site=site, identity=sighting.identity, lifecycle=lifecycle)
    with _as_one_step(sighting.identity):
        held = _undecided(sighting)
        new = _give_key(charger, held, key, seen_key, now)
        charger.save()
        Sighting.objects.filter(identity__iexact=sighting.identity, charger=None).delete()
        nudge()
    return Adopted(charger, new)


def _give_key(
    charger: Charger, held: Sighting | None, key: str, seen_key: str, now: datetime
) -> str:
    """Give the charger its key; return a new one, "" for its own or none."""
    if key == NO_KEY:
        charger.security_profile = 0
        return ""
    if key == ITS_KEY:
        if held is None or held.key_digest is None or fingerprint(held) != seen_key:
            raise SightingError(
                _("It has knocked with another key since you looked. Look again before you decide.")
            )
        charger.keep_password(bytes(held.key_digest), now)
        return ""
    new = credentials.generate()
    charger.set_password(new)
    return new


def fingerprint(sighting: Sighting) -> str:
    """Return what tells the key that was given last from another; nothing of the key itself."""
    return bytes(sighting.key_digest).hex()[:12] if sighting.key_digest else ""


def accept_key(sighting: Sighting, *, by: User, now: datetime, seen_key: str) -> Charger:
    """Let a known charger in with the key it uses; raises SightingError."""
    charger = _its_charger(sighting, by)
    with transaction.atomic():
        held = Sighting.objects.select_for_update().filter(pk=sighting.pk).first()
        _give_key(charger, held, ITS_KEY, seen_key, now)
        charger.save(update_fields=["password_digest", "password_set_at", "updated_at"])
        sighting.delete()
        nudge()
    return charger


def take_over(sighting: Sighting, *, by: User) -> Charger:
    """Put on file what a known charger says it is: it was exchanged; raises SightingError."""
    charger = _its_charger(sighting, by)
    with transaction.atomic():
        said = _held(sighting).said
        if serial := str(said.get("serial_number") or "")[:50]:
            charger.serial_number = serial
        vendor, model = str(said.get("vendor") or "")[:50], str(said.get("model") or "")[:50]
        if vendor or model:
            charger.model = _model(charger, vendor, model)
        charger.save(update_fields=["serial_number", "model", "updated_at"])
        sighting.delete()
        nudge()
    return charger


def _model(charger: Charger, vendor: str, name: str) -> ChargerModel:
    old = charger.model
    vendor, name = vendor or (old.vendor if old else ""), name or (old.name if old else "")
    named = {"vendor": vendor, "name": name}
    return ChargerModel.objects.get_or_create(
        vendor__iexact=vendor, name__iexact=name, defaults=named
    )[0]


def _its_charger(sighting: Sighting, by: User) -> Charger:
    charger = sighting.charger
    if charger is None:
        raise SightingError(_("Nobody knows this identity: adopt it, or link it to a charger."))
    _ask(access.may(by, "edit_inventory", charger.site.organisation_id))
    return charger


def link(sighting: Sighting, charger: Charger, *, by: User, now: datetime) -> Sighting:
    """Note that it is `charger` under a wrong name, which somebody will set right there."""
    _ask(access.may(by, "acknowledge", charger.site.organisation_id))
    # What is told of a charger on file is its own people's: no link takes it from their sight.
    _ask(sighting.charger is None or may_decide(by, sighting))
    with transaction.atomic():
        held = _held(sighting)
        if held.linked_id not in (None, charger.pk):
            raise SightingError(
                _("%(who)s has linked it to %(charger)s.")
                % {"who": _name(held.decided_by), "charger": held.linked}
            )
        _decide(held, by, now, linked=charger)
        nudge()
    return held


def rename(sighting: Sighting, charger: Charger, *, by: User) -> Charger:
    """Call `charger` on file what it calls itself; raises SightingError."""
    _ask(access.may(by, "edit_inventory", charger.site.organisation_id))
    _usable(sighting.identity)
    with _as_one_step(sighting.identity):
        _undecided(sighting, but_for=charger)
        _ask_whether_away(charger)
        charger.identity = sighting.identity
        charger.save(update_fields=["identity", "updated_at"])
        Sighting.objects.filter(identity__iexact=sighting.identity, charger=None).delete()
        nudge()
    return charger


def _ask_whether_away(charger: Charger) -> None:
    """Raise SightingError if it is connected; nobody notes that it is until the step ends."""
    state = ChargerState.objects.select_for_update().filter(charger=charger).first()
    if state is not None and state.online:
        raise SightingError(
            _("%(charger)s is connected now: the one that knocks is another device.")
            % {"charger": charger.identity}
        )


def block(sighting: Sighting, *, by: User, now: datetime, why: str) -> Sighting:
    """Keep it refused and out of sight; twice is once."""
    _ask(may_decide(by, sighting))
    with transaction.atomic():
        held = _held(sighting)
        if held.blocked_at is None:
            _decide(held, by, now, blocked_at=now, decision=why[:LONGEST_WHY])
            nudge()
    return held


def reconsider(sighting: Sighting, *, by: User, now: datetime) -> Sighting:
    """Take back a block or a link: it shows among those that wait."""
    _ask(may_decide(by, sighting))
    with transaction.atomic():
        held = _held(sighting)
        _decide(held, by, now, blocked_at=None, linked=None, decision="")
        nudge()
    return held


def block_address(address: str, *, by: User, now: datetime, why: str) -> BlockedAddress:
    """Keep unknown identities from an address out of sight; chargers on file may enter."""
    _ask(may_everywhere(by, "acknowledge"))
    found, made = BlockedAddress.objects.get_or_create(
        address=address[:64],
        defaults={"reason": why[:LONGEST_WHY], "created_at": now, "created_by": by},
    )
    if made:
        nudge()
    return found


def unblock_address(address: str, *, by: User) -> None:
    """Have unknown identities from an address seen again."""
    _ask(may_everywhere(by, "acknowledge"))
    for found in BlockedAddress.objects.filter(address=address[:64]):
        found.delete()
    nudge()


def nudge() -> None:
    """Have the gateways look at what changed, once it is stored; they look anyway, later."""
    transaction.on_commit(async_to_sync(_nudge), robust=True)


async def _nudge() -> None:
    try:
        await get_channel_layer().group_send(live.GATEWAYS, live.inventory_changed())
    except (OSError, RedisError) as problem:
        log.warning("gateways_not_nudged", error=str(problem))


@contextmanager
def _as_one_step(identity: str) -> Iterator[None]:
    """Do it in a transaction; an identity that was taken meanwhile becomes a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise SightingError(
            _("There is a charger %(identity)s on file already: somebody was faster.")
            % {"identity": identity}
        ) from error


def _held(sighting: Sighting) -> Sighting:
    """Return the row, nobody else's until the transaction ends; raises SightingError."""
    held = Sighting.objects.select_for_update(of=("self",)).filter(pk=sighting.pk).first()
    if held is None:
        raise SightingError(_("Somebody has dealt with it meanwhile."))
    return held


def _undecided(sighting: Sighting, but_for: Charger | None = None) -> Sighting | None:
    """Return the row, nobody else's until the transaction ends; None if it is gone.

    Raises SightingError if it was blocked, or linked to another than `but_for`.
    """
    rows = Sighting.objects.select_for_update(of=("self",)).select_related("linked", "decided_by")
    held = rows.filter(pk=sighting.pk).first()
    if held is None:
        return None
    who = _name(held.decided_by)
    if held.blocked_at is not None:
        raise SightingError(_("%(who)s has blocked it. Unblock it first.") % {"who": who})
    if held.linked is not None and held.linked != but_for:
        raise SightingError(
            _("%(who)s has linked it to %(charger)s. Take the link back first.")
            % {"who": who, "charger": held.linked}
        )
    return held


def _decide(sighting: Sighting, by: User, now: datetime, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(sighting, name, value)
    sighting.decided_by, sighting.decided_at = by, now
    sighting.save(update_fields=[*columns, "decided_by", "decided_at"])


def _usable(identity: str) -> None:
    try:
        validate_identity(identity)
    except ValidationError as problem:
        raise SightingError(
            _("No charger can be called %(identity)s here. %(rule)s Have it set right there.")
            % {"identity": identity, "rule": problem.messages[0]}
        ) from problem


def _ask(allowed: bool) -> None:
    if not allowed:
        raise NotAllowedError(_("Your role doesn't allow this."))


def _name(user: User | None) -> str:
    return user.get_full_name() or user.username if user else _("Somebody")
