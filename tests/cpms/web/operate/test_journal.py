"""What was asked, listed: of one charger, in its history, and of all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cpms.control import commands
from cpms.control.commands import SYSTEM, Asker
from cpms.control.models import Command
from cpms.control.operations.remote import ClearCache, Reset, Trigger
from inventory.models import Charger, Organisation, Role
from tests.network import person, signed_in


@pytest.fixture
def asked(station: Charger, operator: User) -> list[Command]:
    """Three commands, the last of them by the operator."""
    who = Asker.person(operator, Command.Source.PAGE)
    return [
        commands.request(station, Trigger(message="boot"), SYSTEM),
        commands.request(station, ClearCache(), SYSTEM, reason="Old tokens"),
        commands.request(station, Reset(), who, reason="It hangs"),
    ]


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_charger_s_history_has_them_with_everything_else(
    client: Client, asked: list[Command]
) -> None:
    Command.objects.filter(pk=asked[2].pk).update(state="accepted", verified=True)
    shown = text(client, "/chargers/CP-1/history/")
    for command in asked:
        assert f"/chargers/CP-1/operate/commands/{command.pk}/" in shown
    assert "Restart</a> · <bdi>olga" in shown
    narrowed = text(client, "/chargers/CP-1/history/?show=commands")
    assert "Restart</a>" in narrowed
    assert "Session started" not in narrowed


def test_the_list_of_all_can_be_narrowed(client: Client, asked: list[Command]) -> None:
    Command.objects.filter(pk=asked[0].pk).update(state="rejected")
    keys = [f"/{command.pk}/" for command in asked]

    def found(query: str) -> list[bool]:
        shown = text(client, f"/commands/{query}")
        return [key in shown for key in keys]

    assert found("") == [True, True, True]
    assert found("?state=trouble") == [True, False, False]
    assert found("?state=open") == [False, True, True]
    assert found("?operation=clear_cache") == [False, True, False]
    assert found("?who=me") == [False, False, True]
    assert found("?q=CP-1") == [True, True, True]
    assert found("?q=CP-2") == [False, False, False]
    assert found("?state=%00&operation=<b>&window=x&before=x,y") == [True, True, True]


def test_a_page_goes_on_where_the_last_one_ended(client: Client, station: Charger) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    Command.objects.bulk_create(
        Command(charger=station, operation="reset", expires_at=soon, requested_by_name="olga")
        for _ in range(70)
    )
    Command.objects.update(requested_at=timezone.now())  # all at one instant
    first = client.get("/commands/").context
    second = client.get(f"/commands/?{first['following_query']}").context
    shown = [command.pk for page in (first, second) for command in page["commands"]]
    assert len(shown) == len(set(shown)) == 70
    assert second["following"] == ""


def test_who_may_only_look_sees_them_and_no_forms(
    organisation: Organisation, asked: list[Command]
) -> None:
    vera = signed_in(person("vera", Role.VIEWER, organisation))
    tab = text(vera, "/chargers/CP-1/operate/")
    assert "It hangs" in tab
    assert "/operate/do/" not in tab
    one = f"/chargers/CP-1/operate/commands/{asked[2].pk}/"
    assert "Take it back" not in text(vera, one)
    assert vera.get("/chargers/CP-1/operate/do/reset/").status_code == 403
    assert vera.post("/chargers/CP-1/operate/do/reset/", {"confirmed": "x"}).status_code == 403
    assert vera.post(f"{one}cancel/").status_code == 403
    assert Command.objects.filter(state="pending").count() == 3


def test_one_that_waits_can_be_taken_back_once(client: Client, asked: list[Command]) -> None:
    one = f"/chargers/CP-1/operate/commands/{asked[2].pk}/"
    assert (
        "Taken back: it was not sent." in client.post(f"{one}cancel/", follow=True).content.decode()
    )
    shown = text(client, one)
    assert "nothing has happened at the charger" in shown
    assert "Taken back by olga." in shown
    assert "Too late" in client.post(f"{one}cancel/", follow=True).content.decode()
