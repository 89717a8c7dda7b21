"""The pages of tokens."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpms.control import local_lists
from cpms.control.list_contents import Entry
from cpms.control.models import Command, Token
from inventory.models import Role
from tests import network
from tests.monitoring.charger_page.past import session
from tests.network import NOON, person, signed_in

pytestmark = pytest.mark.django_db
UGLY = "<b>\u202e&amp;" + "x" * 100


@pytest.fixture
def place():
    return network.site(network.tenant())


@pytest.fixture
def client(place):
    return signed_in(person("olga", Role.OPERATOR, place.organisation))


def token(place, name="04A1B2C3D4", **fields):
    return Token.objects.create(organisation=place.organisation, id_token=name, **fields)


def text(answer):
    return answer.content.decode()


def test_the_list_says_who_may_charge_and_finds_by_anything(client, place):
    token(place, "CARD-1", group="FLEET", holder="Erika Mustermann")
    token(place, "CARD-2", status="blocked", limited=True)
    token(place, "CARD-3", expires_at=timezone.now() - timedelta(days=1))

    def found(query):
        page = text(client.get(f"/tokens/?{query}"))
        return [number for number in "123" if f"CARD-{number}<" in page]

    assert found("") == ["1", "2", "3"]
    assert found("q=erika") == found("group=FLEET") == found("state=accepted") == ["1"]
    assert found("state=blocked") == found("place=limited") == ["2"]
    assert found("state=expired") == ["3"]
    assert found("q=nothing") == []
    assert found("q=%00&state=x&type=y&place=z&page=-1") == ["1", "2", "3"]


def test_who_only_looks_sees_tokens_masked(place):
    card = token(place, holder="Erika Mustermann", note="secret note")
    viewer = signed_in(person("vera", Role.VIEWER, place.organisation))
    for page in ("/tokens/", f"/tokens/{card.pk}/"):
        shown = text(viewer.get(page))
        assert "04…C3D4" in shown
        assert not any(word in shown for word in ("04A1B2C3D4", "Mustermann", "secret note"))
    assert "04…C3D4" not in text(viewer.get("/tokens/?q=Mustermann"))
    for path in ("edit/", "status/", "lists/", "delete/"):
        assert viewer.post(f"/tokens/{card.pk}/{path}").status_code == 403
    for path in ("new/", "import/", "export/"):
        assert viewer.get(f"/tokens/{path}").status_code == 403
    limited = person("lena", Role.OPERATOR, place.organisation, sites=(place,))
    assert "C3D4" not in text(signed_in(limited).get("/tokens/"))


def test_a_token_is_blocked_at_once_and_chargers_that_hold_it_are_told(client, place):
    card = token(place)
    charger = network.charger(place, "CP-1", ocpp_version="2.0.1")
    local_lists.accepted(
        charger, NOON, 1, [Entry(card.id_token, "ISO14443", "Accepted")], [], full=True
    )
    blocked = client.post(f"/tokens/{card.pk}/status/", {"status": "blocked"}, follow=True)
    assert "1 charger has it on its local list" in text(blocked)
    card.refresh_from_db()
    assert card.status == "blocked"
    assert "olga" in text(blocked)
    client.post(f"/tokens/{card.pk}/lists/")
    command = Command.objects.get()
    assert (command.operation, command.request["add"]) == ("send_local_list", [card.id_token])
    local_lists.accepted(
        charger, NOON, 2, [Entry(card.id_token, "ISO14443", "Blocked")], [], full=False
    )
    assert "Tell the" not in text(client.get(f"/tokens/{card.pk}/"))
    client.post(f"/tokens/{card.pk}/status/", {"status": "accepted"})
    card.refresh_from_db()
    assert local_lists.behind(card).count() == 1
    assert client.post(f"/tokens/{card.pk}/status/", {"status": "maybe"}).status_code == 400


def test_a_token_of_digits_alone_is_found_on_lists_too(place):
    card, charger = token(place, "0412345678"), network.charger(place, "CP-1")
    put = [Entry(card.id_token, "ISO14443", "Accepted")]
    local_lists.accepted(charger, NOON, 1, put, [], full=True)
    assert local_lists.holders(card).count() == 1
    assert not local_lists.behind(card).exists()


def test_a_token_s_page_shows_its_sessions(client, place):
    card = token(place)
    charger = network.charger(place, "CP-1")
    session(charger, NOON, None, id_token="04a1b2c3d4", energy=12_300.0)
    shown = text(client.get(f"/tokens/{card.pk}/"))
    assert "CP-1" in shown
    assert "12.3" in shown


def test_a_token_is_added_changed_and_deleted(client, place):
    charger = network.charger(place, "CP-1")
    asked = {
        "organisation": place.organisation.pk, "id_token": "NEW", "type": "eMAID",
        "status": "accepted", "chargers": "cp-1", "on_local_lists": "on", "holder": UGLY,
        "expires_at": "2027-05-01T12:00",
    }  # fmt: skip
    assert client.get("/tokens/new/?group=FLEET").status_code == 200
    made = client.post("/tokens/new/", asked, follow=True)
    card = Token.objects.get()
    assert (card.limited, list(card.chargers.all())) == (True, [charger])
    assert "<b>" not in text(made)
    assert client.get(f"/tokens/{card.pk}/edit/").status_code == 200
    client.post(f"/tokens/{card.pk}/edit/", asked | {"chargers": "", "limited": "", "group": "G"})
    card.refresh_from_db()
    assert (card.group, card.limited, card.chargers.count()) == ("G", False, 0)
    assert LogEntry.objects.get_for_object(card).count() >= 2
    client.post(f"/tokens/{card.pk}/delete/")
    assert not Token.objects.exists()


WRONG = [
    {"id_token": ""}, {"id_token": "\x00"}, {"id_token": "known"}, {"chargers": "NOBODY"},
    {"sites": "77777"}, {"expires_at": "soon"}, {"master_pass": "on"}, {"language": UGLY},
    {"organisation": "0"}, {"holder": "x" * 121},
]  # fmt: skip


def test_what_makes_no_token_is_told_at_its_field(client, place):
    token(place, "KNOWN")
    asked = {
        "organisation": place.organisation.pk, "id_token": "NEW", "type": "eMAID",
        "status": "accepted",
    }  # fmt: skip
    for wrong in WRONG:
        answer = client.post("/tokens/new/", asked | wrong)
        assert answer.status_code == 400, wrong
        assert "kw-form-error" in text(answer), wrong
    assert Token.objects.count() == 1


def test_many_are_brought_in_after_one_saw_what_that_does(client, place):
    organisation = place.organisation.pk
    file = SimpleUploadedFile("cards.csv", b"id_token,holder\nA,Erika\nB,\n")
    seen = client.post("/tokens/import/", {"organisation": organisation, "file": file})
    assert "Carry it out" in text(seen)
    assert not Token.objects.exists()
    body = {"organisation": organisation, "text": "id_token,holder\nA,Erika\nB,\n"}
    client.post("/tokens/import/", body | {"carry_out": "yes"})
    assert Token.objects.count() == 2
    again = b"".join(client.get("/tokens/export/").streaming_content).decode()
    same = client.post("/tokens/import/", {"organisation": organisation, "text": again})
    assert "<dd>2</dd>" in text(same)
    wrong = {"organisation": organisation, "text": f"id_token,status\n{UGLY},x\n"}
    shown = client.post("/tokens/import/", wrong | {"carry_out": "yes"})
    assert "Line 2" in text(shown)
    assert "<b>" not in text(shown)
    short = {"organisation": organisation, "text": "type,id_token\nCentral\n,\neMAID,C\n"}
    told = text(client.post("/tokens/import/", short | {"carry_out": "yes"}))
    assert told.count("It has no id_token.") == 2
    deep = {"organisation": organisation, "text": f"id_token,sites\nC,{'[' * 90_000}\n"}
    assert "Line 2" in text(client.post("/tokens/import/", deep))
    nul = SimpleUploadedFile("x", b"id_token\nA\0B\n")
    odd = SimpleUploadedFile("x", b"\xff\xfe")
    for bad in ({"text": ""}, {"text": "nonsense"}, {"file": odd}, {"file": nul}):
        answer = client.post("/tokens/import/", {"organisation": organisation} | bad)
        assert answer.status_code == 400
    assert Token.objects.count() == 2


def test_pages_ask_the_database_as_often_however_many_tokens_there_are(client, place):
    card = token(place)
    Token.objects.bulk_create(
        Token(organisation=place.organisation, id_token=f"CARD-{number:04}")
        for number in range(200)
    )
    charger = network.charger(place, "CP-1")
    for number in range(20):
        session(charger, NOON + timedelta(hours=number), None, id_token=card.id_token)
    for page in ("/tokens/", f"/tokens/{card.pk}/"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(page).status_code == 200
        assert len(asked) <= 20, [query["sql"][:120] for query in asked]


def test_the_palette_finds_a_token_by_its_beginning_for_who_may_read_it(client, place):
    card = token(place)
    found = client.get("/search/?q=04a1").json()["groups"]
    assert [item["url"] for group in found for item in group["items"]] == [f"/tokens/{card.pk}/"]
    viewer = signed_in(person("vera", Role.VIEWER, place.organisation))
    assert viewer.get("/search/?q=04a1").json()["groups"] == []


def test_what_is_personal_is_masked_in_the_audit_trail(client, place):
    card = token(place, holder="Erika Mustermann")
    card.holder = "Max Beispiel"
    card.save()
    trail = str([entry.changes for entry in LogEntry.objects.get_for_object(card)])
    assert "Erika" not in trail
    assert "Max B" not in trail
