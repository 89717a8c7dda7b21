"""A higher security profile for a charger: asked for, shown, and then the least that is taken.

Between its yes and its first connection with the new profile both are taken; if it can't connect
so, it falls back to the old one and nothing is lost. Once it came with the new one, the lower is
refused for good: whoever had its key can't go around its certificate any more. (OCPP 2.0.1 A05)
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from cpms.control.models import SecurityUpgrade
from cpms.control.operations.base import BadRequest
from cpms.control.operations.configuration import ChangeSettings, SetNetworkProfile
from inventory.audit import record_deed
from inventory.models import Charger

#: A charger restarts when its sessions are over, which may take days.
LASTS = timedelta(days=7)


def objection(least: int, profile: int) -> str:
    """Return why a charger isn't told to use a profile: it would lock itself out; "" if it is."""
    if profile >= least:
        return ""
    return _(
        "Security profile %(profile)s is below the least that is taken of this charger "
        "(%(least)s): it couldn't connect any more."
    ) % {"profile": profile, "least": least}


def objection_to_settings(charger: Charger, asked: ChangeSettings) -> str:
    """Return what speaks against settings: a lower profile."""
    for change in asked.settings:
        profile = profile_in(change.name, change.value) if change.component is None else None
        if profile is not None and (why := objection(charger.security_profile, profile)):
            return why
    return ""


def objection_to_way(charger: Charger, asked: SetNetworkProfile) -> str:
    """Return what speaks against a way to us: a lower profile."""
    return objection(charger.security_profile, asked.security_profile)


def profile_in(key: str, value: str) -> int | None:
    """Return the security profile that a setting of 1.6 asks for; None: it is another setting."""
    value = value.strip()
    if key.lower() != "securityprofile" or len(value) != 1 or not "0" <= value <= "9":
        return None
    return int(value)


def permit(charger_id: int, profile: int) -> None:
    """Raise `BadRequest` for a profile below the least that the charger may connect with."""
    least = Charger.objects.values_list("security_profile", flat=True).get(pk=charger_id)
    if why := objection(least, profile):
        raise BadRequest(why)


def accepted(charger_id: int, profile: int, now: datetime) -> None:
    """Note that the charger will use a profile; nothing for what it has to use already."""
    charger = Charger.objects.only("security_profile").get(pk=charger_id)
    if profile <= charger.security_profile:
        return
    with transaction.atomic():
        SecurityUpgrade.objects.filter(charger=charger_id, shown_at=None).delete()
        SecurityUpgrade.objects.create(
            charger=charger, profile=profile, accepted_at=now, until=now + LASTS
        )
        _touch(charger_id, now)


def _touch(charger_id: int, now: datetime) -> None:
    """Have the gateways look at the charger's row again."""
    Charger.objects.filter(pk=charger_id).update(updated_at=now)


def came(charger_id: int, profile: int, now: datetime) -> bool:
    """Refuse the lower profile from here on, where a charger came with its new one."""
    waiting = SecurityUpgrade.objects.filter(
        charger=charger_id, shown_at=None, until__gt=now, profile__lte=profile
    )
    with transaction.atomic():
        upgrade = waiting.select_for_update().first()
        if upgrade is None:
            return False
        SecurityUpgrade.objects.filter(pk=upgrade.pk).update(shown_at=now)
        raised = Charger.objects.filter(pk=charger_id, security_profile__lt=upgrade.profile)
        charger = raised.first()
        raised.update(security_profile=upgrade.profile, updated_at=now)
        if charger is not None:
            change = {"security_profile": [charger.security_profile, upgrade.profile]}
            record_deed(None, charger, {**change, "reason": "security profile shown"})
    return True


def coming(charger_id: int, now: datetime) -> SecurityUpgrade | None:
    """Return the profile that a charger accepted and hasn't shown yet."""
    waiting = SecurityUpgrade.objects.filter(charger=charger_id, shown_at=None, until__gt=now)
    return waiting.first()
