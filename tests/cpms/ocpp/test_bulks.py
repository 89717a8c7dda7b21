"""One operation over many chargers: all of them asked, some at once, stopped, counted."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from cpms.control import bulks, commands
from cpms.control.commands import SYSTEM, Refused
from cpms.control.models import Bulk, Command
from cpms.control.operations.charging import AskTransaction
from cpms.control.operations.files import UpdateFirmware
from cpms.control.operations.remote import Reset, Trigger
from inventory.models import Charger, Membership, Organisation, Role
from tests.api import Api
from tests.cpms.ocpp.conftest import RawCharger, RunningGateway, make_charger

State = Command.State


def organisation() -> Organisation:
    return Organisation.objects.get(slug="acme")


async def accept(socket: RawCharger) -> str:
    """Accept the next CALL; return its action."""
    call = await socket.read()
    await socket.socket.send(json.dumps([3, call[1], {"status": "Accepted"}]))
    return str(call[2])


async def over(bulk: Bulk) -> bulks.Progress:
    async with asyncio.timeout(20):
        while not (progress := await sync_to_async(bulks.progress)(bulk)).is_over:
            await asyncio.sleep(0.05)
    return progress


async def test_every_chosen_charger_is_asked_and_counted(
    charger: Charger, gateway: RunningGateway
) -> None:
    for number in range(2, 7):
        await sync_to_async(make_charger)(f"CP-{number}")
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(gateway.charger(f"CP-{number}"))
            for number in range(1, 6)
        ]
        await asyncio.gather(*(socket.boot() for socket in sockets))
        bulk = await sync_to_async(
            lambda: bulks.start(
                organisation(), Charger.objects.all(), Trigger(message="heartbeat"), SYSTEM
            )
        )()
        assert await asyncio.gather(*map(accept, sockets)) == ["TriggerMessage"] * 5
        while (await sync_to_async(bulks.progress)(bulk)).over < 5:
            await asyncio.sleep(0.05)
        taken_back = await sync_to_async(bulks.stop)(bulk, SYSTEM)
        progress = await over(bulk)
    assert taken_back == 1  # CP-6 never came.
    assert (progress.size, progress.states) == (6, {State.ACCEPTED: 5, State.CANCELLED: 1})
    assert (await Bulk.objects.aget()).stopped_by_name == "Kilowatch"


def test_who_cannot_do_it_is_left_out(charger: Charger) -> None:
    make_charger("OLD", ocpp_version="1.6")
    make_charger("NEW", ocpp_version="2.0.1")
    make_charger("GONE", lifecycle="decommissioned")
    bulk = bulks.start(organisation(), Charger.objects.all(), AskTransaction(), SYSTEM)
    progress = bulks.progress(bulk)
    assert (progress.size, progress.skipped) == (3, 1)
    asked = Command.objects.values_list("charger__identity", flat=True)
    assert sorted(asked) == ["CP-1", "NEW"]


def test_another_organisation_s_chargers_are_never_chosen(charger: Charger) -> None:
    other = Organisation.objects.create(name="Other", slug="other")
    with pytest.raises(Refused):
        bulks.start(other, Charger.objects.all(), Reset(), SYSTEM)


@pytest.fixture
def olga(charger: Charger) -> User:
    """An operator of the charger's organisation."""
    user = User.objects.create_user("olga")
    Membership.objects.create(user=user, organisation=charger.site.organisation, role=Role.OPERATOR)
    return user


def test_a_bulk_is_asked_by_the_fleet_s_filters_shown_and_stopped(
    charger: Charger, olga: User
) -> None:
    api, key = Api.of(olga), charger.site.organisation_id
    body = {"organisation": key, "operation": "trigger", "request": {"message": "boot"}}
    made = api.post("bulks/", {**body, "filters": f"site={charger.site_id}", "reason": "drill"})
    assert (made.status, made.body["size"], made.body["states"]) == (201, 1, {"pending": 1})
    stopped = api.post(f"bulks/{made.body['id']}/stop/", {})
    assert (stopped.status, stopped.body["states"]) == (200, {"cancelled": 1})
    assert stopped.body["stopped_by_name"] == "olga"


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ({}, 400),
        ({"chargers": ["CP-1"], "filters": "site=1"}, 400),
        ({"filters": ""}, 422),
        ({"filters": "sight=1"}, 422),
        ({"filters": "site=one"}, 422),
        ({"filters": "state=brokn"}, 422),
        ({"chargers": ["CP-1", "NOBODY"]}, 422),
        ({"chargers": []}, 422),
        ({"chargers": ["CP-1"], "request": {"message": "fly"}}, 422),
    ],
)
def test_a_slip_in_the_choice_never_means_the_whole_fleet(
    charger: Charger, olga: User, choice: dict[str, object], status: int
) -> None:
    body = {"organisation": charger.site.organisation_id, "operation": "trigger"}
    asked = {**body, "request": {"message": "boot"}, **choice}
    assert Api.of(olga).post("bulks/", asked).status == status
    assert not Command.objects.exists()


def test_what_hurts_twice_is_not_asked_again_of_chargers_where_it_is_under_way(
    charger: Charger,
) -> None:
    first = bulks.start(organisation(), Charger.objects.all(), Reset(), SYSTEM)
    with pytest.raises(Refused, match="under way"):
        bulks.start(organisation(), Charger.objects.all(), Reset(), SYSTEM)
    make_charger("CP-2")
    second = bulks.start(organisation(), Charger.objects.all(), Reset(), SYSTEM)
    assert Command.objects.get(bulk=second).charger.identity == "CP-2"
    bulks.stop(first, SYSTEM)
    third = bulks.start(organisation(), Charger.objects.all(), Reset(), SYSTEM)
    assert Command.objects.get(bulk=third).charger.identity == "CP-1"
    for _ in range(2):  # Harmless: asked as often as somebody likes.
        bulks.start(organisation(), Charger.objects.all(), Trigger(message="boot"), SYSTEM)
    assert Command.objects.filter(operation="trigger").count() == 4


def test_what_was_asked_of_one_charger_alone_is_not_asked_of_it_by_a_bulk(charger: Charger) -> None:
    update = UpdateFirmware(location="https://example.com/fw.bin")
    for operation in (Reset(), update):
        commands.request(charger, operation, SYSTEM)
        with pytest.raises(Refused, match="under way"):
            bulks.start(organisation(), Charger.objects.all(), operation, SYSTEM)
    bulks.start(organisation(), Charger.objects.all(), Reset(at_once=True), SYSTEM)
    assert Command.objects.filter(bulk__isnull=False).count() == 1


def test_bulks_can_not_pile_up_without_end(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_charger("CP-2")
    monkeypatch.setattr(bulks, "MOST_WAITING", 3)
    first = bulks.start(organisation(), Charger.objects.all(), Trigger(message="boot"), SYSTEM)
    with pytest.raises(Refused, match="More than 3 commands would wait"):
        bulks.start(organisation(), Charger.objects.all(), Trigger(message="status"), SYSTEM)
    assert Bulk.objects.get() == first
    bulks.stop(first, SYSTEM)
    bulks.start(organisation(), Charger.objects.all(), Trigger(message="status"), SYSTEM)
