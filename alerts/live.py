"""Tells open pages that incidents changed."""

from collections.abc import Iterable

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from alerts.models import Incident
from monitoring import live

log = structlog.get_logger(__name__)


def announce(incidents: Iterable[Incident]) -> None:
    """Nudge the pages of those who see these incidents, once the transaction is stored.

    A nudge that Redis loses costs nothing: the next one, or the page's next look, makes up for it.
    """
    groups = {group for incident in incidents for group in _groups(incident)}
    if groups:
        transaction.on_commit(lambda: async_to_sync(_send)(groups), robust=True)


def _groups(incident: Incident) -> Iterable[str]:
    if incident.organisation_id is None:
        return [live.EVERYBODY]
    whole = [live.org_group(incident.organisation_id)]
    return [*whole, live.site_group(incident.site_id)] if incident.site_id else whole


async def _send(groups: set[str]) -> None:
    layer = get_channel_layer()
    try:
        for group in sorted(groups):
            await layer.group_send(group, live.incidents())
    except (OSError, RedisError) as problem:
        log.warning("live_nudge_lost", error=str(problem))
