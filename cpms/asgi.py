"""The two listeners: `web` for staff, `gateway` for chargers, on different ports.

Which URLs a process answers is set by KILOWATCH_ROLE (see `ROOT_URLCONF`).
"""

import os

from channels.routing import ProtocolTypeRouter

from cpms.environment import settle
from cpms.handler import application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpms.settings")
settle()

http = application()

from cpms.ocpp.consumer import ChargerConsumer  # noqa: E402 (needs the apps to be loaded)
from cpms.ocpp.files.service import Files  # noqa: E402
from cpms.ocpp.gateway import lifespan  # noqa: E402
from cpms.ocpp.pki_service import Pki  # noqa: E402
from cpms.web.routing import websocket  # noqa: E402

web = ProtocolTypeRouter({"http": http, "websocket": websocket})
gateway = ProtocolTypeRouter(
    {"http": Files(Pki(http)), "websocket": ChargerConsumer.as_asgi(), "lifespan": lifespan}
)
