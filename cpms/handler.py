"""Django's handler of requests, which gives back what a request held that broke off."""

import asyncio
import re
from typing import Any

import django
from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIHandler

#: Bytes of a body: Django keeps all of it on the disk before it looks at who sends it.
LARGEST_BODY = 20_000_000
#: Seconds within which the next piece of a body must come.
LONGEST_PAUSE = 60.0
#: Where staff upload firmware, a form's own words included.
UPLOADS = re.compile(r"/(firmware/|api/v1/firmware/)")


def largest_body(path: str) -> int:
    """Return how long the body of a request for `path` may be."""
    if settings.ROLE != "gateway" and UPLOADS.match(path):
        return settings.FIRMWARE_MAX_MB * 1_000_000 + 1_000_000
    return LARGEST_BODY


def _length(scope: Any) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() else 0


def _bounded(receive: Any, most: int) -> Any:
    """Return a `receive` that hangs up on a body that goes on and on, or doesn't go on."""
    size, ended = 0, False

    async def bounded() -> Any:
        nonlocal size, ended
        if ended:  # What is waited for now is that the reader leaves.
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), LONGEST_PAUSE)
        except TimeoutError:
            return {"type": "http.disconnect"}
        size += len(message.get("body", b""))
        ended = not message.get("more_body", False)
        return message if size <= most else {"type": "http.disconnect"}

    return bounded


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"The body is too large.\n"})


class Handler(ASGIHandler):
    """Ends every request, also one whose answer fails while it is sent.

    Django says that a request has finished when its answer is closed; where an exception gets
    past that, the database connection of the request never goes back to its pool.
    """

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request; raises what the view's stream or the error page raise."""
        most = largest_body(scope["path"])
        if _length(scope) > most:
            await _refuse(send)
            return
        try:
            await super().handle(scope, _bounded(receive, most), send)
        except Exception:
            await signals.request_finished.asend(sender=type(self))
            raise


def application() -> Handler:
    """Return the handler, with the apps loaded."""
    django.setup(set_prefix=False)
    return Handler()
