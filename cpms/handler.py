"""Django's handler of requests, which gives back what a request held that broke off."""

from typing import Any

import django
from django.core import signals
from django.core.handlers.asgi import ASGIHandler


class Handler(ASGIHandler):
    """Ends every request, also one whose answer fails while it is sent.

    Django says that a request has finished when its answer is closed; where an exception gets
    past that, the database connection of the request never goes back to its pool.
    """

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request; raises what the view's stream or the error page raise."""
        try:
            await super().handle(scope, receive, send)
        except Exception:
            await signals.request_finished.asend(sender=type(self))
            raise


def application() -> Handler:
    """Return the handler, with the apps loaded."""
    django.setup(set_prefix=False)
    return Handler()
