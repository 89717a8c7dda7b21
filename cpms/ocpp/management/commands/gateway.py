"""`manage.py gateway`: the charger-facing process."""

import gc
import logging
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cpms.ocpp.http import Http
from cpms.ocpp.server import OcppConnection
from cpms.ocpp.tls import contexts
from cpms.ocpp.tls.server import Listening, Server


class Command(BaseCommand):
    """Serves chargers until it is told to stop."""

    requires_system_checks = ()  # They speak of pages; this process has none.
    help = "Serve chargers: WebSocket at /ocpp/<identity>, and health endpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take host and port."""
        parser.add_argument("--host", default=settings.OCPP_HOST)
        parser.add_argument("--port", type=int, default=settings.OCPP_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the server."""
        listening = _listening()
        config = uvicorn.Config(
            "cpms.asgi:gateway",
            host=options["host"],
            port=options["port"],
            loop="uvloop",
            http=Http,
            ws=OcppConnection,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whom to believe is the handshake's to decide
            ws_max_size=1_048_576,
            ws_ping_interval=None,
            timeout_graceful_shutdown=2,  # The supervisor waits 2.8 s.
            backlog=4096,
        )
        # It says at INFO what we say ourselves, two lines a connection.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        gc.collect()
        gc.set_threshold(50_000, 20, 50)
        gc.freeze()  # 25–45 % more handshakes a second
        Server(config, listening).run()


def _listening() -> Listening | None:
    """Return where to listen with TLS; files that can't be used stop the start with a sentence."""
    found = Listening.of_settings()
    if found is not None and found.files:
        try:
            contexts.context(found.from_files(), "", static_rsa=found.static_rsa)
        except contexts.Unusable as problem:
            raise CommandError(f"OCPP_TLS_CERTIFICATES: {problem}") from None
    return found
