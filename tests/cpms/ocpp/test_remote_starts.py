"""A remote start is the beginning of a driver's attempt, whatever the charger answers."""

import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from cpms.control import commands
from cpms.control.commands import SYSTEM
from cpms.control.operations.charging import Start
from inventory.models import Charger, Evse
from monitoring.kpis.histories import histories
from monitoring.models import Event
from tests.cpms.ocpp.conftest import RunningGateway


@pytest.mark.parametrize("answer", ["Accepted", "Rejected"])
async def test_what_the_charger_answered_to_a_remote_start_is_in_its_history(
    charger: Charger, gateway: RunningGateway, answer: str
) -> None:
    port, _new = await Evse.objects.aget_or_create(charger=charger, number=2)
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        asked = Start(id_token="CAFE", evse=2)
        await sync_to_async(commands.request)(charger, asked, SYSTEM)
        call = await cp.read()
        await cp.socket.send(json.dumps([3, call[1], {"status": answer}]))
        async with asyncio.timeout(10):
            while not await Event.objects.filter(kind="remote_start").aexists():
                await asyncio.sleep(0.02)
    event = await Event.objects.aget(kind="remote_start")
    assert (event.evse_id, event.code, event.text) == (port.pk, answer, "CAFE")
    hour = timedelta(hours=1)
    around = event.at - hour, event.at + hour, event.at + hour
    history = (await sync_to_async(histories)([charger.pk], *around))[charger.pk]
    (told,) = history.authorizations
    assert told[1:] == ("CAFE", "Accepted", port.pk, answer)
