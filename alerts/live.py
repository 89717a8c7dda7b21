"""Tells open pages that incidents changed."""

from collections.abc import Iterable

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)


def announce(organisation_ids: Iterable[int | None]) -> None:
    """Nudge the pages of these organisations (None: everybody's) once the transaction is stored.

    Pages also refresh by themselves: a nudge that Redis loses costs nothing but seconds.
    """
    groups = {group(organisation_id) for organisation_id in organisation_ids}
    if groups:
        transaction.on_commit(lambda: _send(groups), robust=True)


def group(organisation_id: int | None) -> str:
    """Return the channel-layer group of an organisation's pages."""
    return f"org.{organisation_id}" if organisation_id is not None else "platform"


def _send(groups: set[str]) -> None:
    layer = get_channel_layer()
    for name in sorted(groups):
        try:
            async_to_sync(layer.group_send)(name, {"type": "live.incidents"})
        except OSError as problem:
            log.warning("live_nudge_lost", group=name, error=str(problem))
