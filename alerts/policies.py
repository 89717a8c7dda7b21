"""Which policy holds, and how a new version of it is written."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from alerts import escalation
from alerts.models import EscalationPolicy, PolicyVersion
from inventory.models import Organisation

#: What the policy of all organisations is called until somebody renames it.
STANDARD_NAME = "Standard"


def current(organisation_id: int | None, now: datetime) -> PolicyVersion:
    """Return the latest version of the organisation's policy, or of the one for all.

    The one for all is written, as `escalation.STANDARD`, when it is first needed.
    """
    version = in_force(organisation_id)
    return version or publish(policy_of(None), escalation.STANDARD, by=None, now=now)


def in_force(organisation_id: int | None) -> PolicyVersion | None:
    """Return the latest version of the organisation's policy, else of the one for all, if any."""
    for owner in dict.fromkeys((organisation_id, None)):
        version = _latest(owner)
        if version is not None:
            return version
    return None


def policy_of(organisation_id: int | None) -> EscalationPolicy:
    """Return the organisation's own policy, made if it has none."""
    owner = None if organisation_id is None else Organisation(pk=organisation_id)
    policy, _ = EscalationPolicy.objects.get_or_create(
        organisation=owner, defaults={"name": STANDARD_NAME}
    )
    return policy


@transaction.atomic
def publish(
    policy: EscalationPolicy,
    steps: Sequence[escalation.Step],
    *,
    by: User | None,
    now: datetime,
) -> PolicyVersion:
    """Make `steps` what the policy says from now on; saying the same again changes nothing.

    Incidents that are open keep the version they began with. Raises escalation.BadSteps.
    """
    stored = escalation.dump(steps)
    escalation.parse(stored)
    EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    latest = policy.versions.first()
    if latest is not None and latest.steps == stored:
        return latest
    return policy.versions.create(
        number=latest.number + 1 if latest else 1, steps=stored, created_at=now, created_by=by
    )


def _latest(organisation_id: int | None) -> PolicyVersion | None:
    versions = PolicyVersion.objects.filter(policy__organisation=organisation_id)
    return versions.order_by("-number").first()
