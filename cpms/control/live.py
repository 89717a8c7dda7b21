"""Tells open pages that something became of a command, where no gateway does."""

from collections.abc import Iterable
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from inventory.models import Charger
from monitoring import live

log = structlog.get_logger(__name__)


def announce(chargers: Iterable[Charger]) -> None:
    """Nudge the pages that show these chargers, once the transaction is stored.

    Their sites must be at hand (`select_related("site")`). A nudge that Redis loses costs
    nothing: the page's next look makes up for it.
    """
    groups: dict[str, dict[str, live.Change]] = {}
    for charger in chargers:
        change: live.Change = {"site": charger.site_id, "ports": [], "kinds": ["command"]}
        for group in (
            live.site_group(charger.site_id),
            live.org_group(charger.site.organisation_id),
        ):
            groups.setdefault(group, {})[charger.identity] = change
    if groups:
        news = {group: live.changed(changes) for group, changes in groups.items()}
        transaction.on_commit(lambda: async_to_sync(_send)(news), robust=True)


async def _send(news: dict[str, dict[str, Any]]) -> None:
    layer = get_channel_layer()
    try:
        for group, message in sorted(news.items()):
            await layer.group_send(group, message)
    except (OSError, RedisError) as problem:
        log.warning("live_nudge_lost", error=str(problem))
