"""Commands that take long, or wait behind many others."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from cpms.control import bulks, commands
from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations.configuration import ReadSettings
from cpms.control.operations.remote import Reset, Trigger
from cpms.ocpp import variables
from cpms.ocpp.commands import dispatch, effects
from inventory.models import Charger, Organisation
from monitoring.models.variables import Source
from monitoring.variables import learn
from tests.cpms.ocpp.conftest import RunningGateway
from tests.cpms.ocpp.test_commands import answer, ask, ended

State = Command.State


async def test_a_command_of_many_messages_is_not_given_up_while_it_goes_on(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "STILL_OUT_EVERY", 0.0)
    told = variables.key("GetConfigurationMaxKeys", "1")
    await sync_to_async(learn)(charger.pk, [told], timezone.now(), Source.READ)
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        settings = [{"name": "A"}, {"name": "B"}]
        command = await ask(charger, ReadSettings.read({"settings": settings}))
        first = await socket.read()
        long_ago = timezone.now() - commands.LONGEST_OUT * 2
        await Command.objects.filter(pk=command.pk).aupdate(sent_at=long_ago)
        await answer(socket, first, {"unknownKey": ["A"]})
        second = await socket.read()
        assert await sync_to_async(commands.lose)(timezone.now()) == 0
        await answer(socket, second, {"unknownKey": ["B"]})
        found = await ended(command)
    assert (found.state, found.attempts) == (State.ACCEPTED, 1)


async def test_who_asks_one_charger_does_not_wait_for_all_of_a_bulk(
    charger: Charger, gateway: RunningGateway
) -> None:
    organisation = await Organisation.objects.aget(slug="acme")
    crowd = gateway.hub.dispatcher._crowd
    for _ in range(dispatch.AT_ONCE):  # As many are served as may be, and none answers.
        await crowd.acquire()
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        start = sync_to_async(bulks.start)
        await start(organisation, Charger.objects.all(), Trigger(message="heartbeat"), SYSTEM)
        while charger.pk not in gateway.hub.dispatcher._errands:
            await asyncio.sleep(0.02)
        own = await ask(charger, Trigger(message="boot"))
        for _ in range(2):
            await answer(socket, await socket.read(), {"status": "Accepted"})
        assert (await ended(own)).state == State.ACCEPTED


async def test_what_cannot_be_prepared_ends_at_once_and_holds_up_nothing(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_about: object) -> None:
        raise KeyError("of ours")

    monkeypatch.setitem(effects.PREPARATIONS, "Reset", [fail])
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        found = await ended(await ask(charger, Reset()))
        assert (found.state, found.error["code"]) == (State.FAILED, "NotSent")  # type: ignore[index]
        await ask(charger, Trigger(message="boot"))
        assert (await socket.read())[2] == "TriggerMessage"
