"""WebSockets of the staff-facing listener: one path, for pages of our own origin."""

from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from cpms.web.live import serve

log = structlog.get_logger(__name__)

LIVE_PATH = "/ws/live/"


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Serve the live socket; refuse other paths, and sockets that another site's page opened.

    Browsers send our cookie along with those too. ALLOWED_HOSTS is no help where it is "*":
    the origin must be the host that was asked, or this installation's public address.
    """
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if scope["path"] == LIVE_PATH and _is_ours(origin, headers.get(b"host", b"").decode("latin-1")):
        await serve(scope, receive, send)
        return
    log.warning("websocket_refused", path=scope["path"][:200], origin=origin[:200])
    await send({"type": "websocket.close"})


def _is_ours(origin: str, host: str) -> bool:
    try:
        asked = urlsplit(origin)
    except ValueError:
        return False
    ours = {host.lower(), urlsplit(settings.PUBLIC_URL).netloc.lower()} - {""}
    return asked.scheme in {"http", "https"} and asked.netloc.lower() in ours
