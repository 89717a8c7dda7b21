"""Who knocks without being known is adopted, linked, renamed or blocked: once, by who may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory import credentials
from inventory.models import (
    Charger,
    ChargerModel,
    Lifecycle,
    Membership,
    Organisation,
    Role,
    Site,
)
from monitoring import sightings as deeds
from monitoring.models import BlockedAddress, ChargerState, Sighting
from monitoring.nearest import Nearest
from tests import network
from tests.network import NOON, person, signed_in, site, tenant

KEY = "00112233445566778899aabbccddeeff00112233"
DIGEST = credentials.presented(bytes.fromhex(KEY))


@pytest.fixture
def nord(db: None) -> Organisation:
    return tenant("Nord")


@pytest.fixture
def place(nord: Organisation) -> Site:
    return site(nord, "Depot")


@pytest.fixture
def lead(nord: Organisation) -> User:
    return person("lena", Role.LEAD, nord)


def sight(identity: str = "CP-9", reason: str = "unknown", **more: Any) -> Sighting:
    given = {"peer": "192.0.2.7", "first_seen": NOON, "last_seen": NOON, "key_digest": DIGEST}
    return Sighting.objects.create(identity=identity, reason=reason, **{**given, **more})


def do(client: Client, sighting: Sighting, deed: str, **form: str) -> Any:
    given = {"identity": sighting.identity, "fingerprint": deeds.fingerprint(sighting), **form}
    return client.post(f"/sightings/{sighting.pk}/{deed}/", given, follow=True)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def waiting(user: User) -> list[str]:
    return sorted(deeds.waiting(user).values_list("identity", flat=True))


def test_it_is_adopted_with_the_key_it_uses_and_gets_in(lead: User, place: Site) -> None:
    form = {"site": str(place.pk), "lifecycle": "commissioning", "key": "its"}
    answer = do(signed_in(lead), sight(), "adopt", **form)
    adopted = Charger.objects.get()
    assert (adopted.identity, adopted.site, adopted.lifecycle) == ("CP-9", place, "commissioning")
    assert credentials.matches(bytes(adopted.password_digest or b""), bytes.fromhex(KEY))
    assert credentials.matches(bytes(adopted.password_digest or b""), KEY.encode())
    assert answer.redirect_chain[-1][0] == "/chargers/CP-9/"
    assert waiting(lead) == []
    assert LogEntry.objects.get_for_object(adopted).get().actor == lead


def test_a_new_key_is_shown_once_and_not_kept(lead: User, place: Site) -> None:
    form = {"site": place.name, "lifecycle": "active", "key": "new"}
    answer = do(signed_in(lead), sight(), "adopt", **form)
    key = answer.context["key"]
    adopted = Charger.objects.get()
    assert credentials.matches(bytes(adopted.password_digest or b""), bytes.fromhex(key))
    assert key in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert key not in str(list(LogEntry.objects.values_list("changes", flat=True)))


def test_one_that_has_no_key_may_be_let_in_without(lead: User, place: Site) -> None:
    form = {"site": str(place.pk), "lifecycle": "active", "key": "none"}
    do(signed_in(lead), sight(key_digest=None), "adopt", **form)
    adopted = Charger.objects.get()
    assert (adopted.password_digest, adopted.security_profile) == (None, 0)


def test_who_knocked_with_another_key_meanwhile_is_not_let_in_with_it(
    lead: User, place: Site
) -> None:
    seen = sight()
    form = {"site": str(place.pk), "lifecycle": "active", "key": "its"}
    Sighting.objects.update(key_digest=credentials.presented(b"somebody else"))
    answer = do(signed_in(lead), seen, "adopt", **form)
    assert "another key since you looked" in said(answer)
    assert not Charger.objects.exists()


def test_the_second_of_two_who_adopt_is_told(lead: User, nord: Organisation, place: Site) -> None:
    seen = sight()
    form = {"site": str(place.pk), "lifecycle": "active", "key": "its"}
    other = person("otto", Role.ADMINISTRATOR, nord)
    do(signed_in(lead), seen, "adopt", **form)
    answer = do(signed_in(other), seen, "adopt", **form)
    assert "CP-9 is on file already" in said(answer)
    assert Charger.objects.count() == 1


def test_an_identity_that_was_taken_meanwhile_is_said(lead: User, place: Site) -> None:
    seen = sight()
    network.charger(place, "cp-9")
    with pytest.raises(deeds.SightingError, match="somebody was faster"):
        deeds.adopt(seen, by=lead, now=NOON, site=place, lifecycle=Lifecycle.ACTIVE, key="new")
    assert waiting(lead) == []  # It is on file now, whoever put it there.


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"site": "", "lifecycle": "active"}, "Choose the site"),
        ({"site": "999999", "lifecycle": "active"}, "Choose the site"),
        ({"site": "\0", "lifecycle": "active"}, "Choose the site"),
        ({"site": "Depot", "lifecycle": "<b>"}, "how far along"),
    ],
)
def test_an_adoption_that_says_too_little_is_answered(
    lead: User, place: Site, form: dict[str, str], sentence: str
) -> None:
    assert sentence in said(do(signed_in(lead), sight(), "adopt", **form))
    assert not Charger.objects.exists()


def test_an_identity_no_charger_can_have_is_to_be_set_right_there(lead: User, place: Site) -> None:
    seen = sight("<b>CP 9</b>")
    answer = do(signed_in(lead), seen, "adopt", site="Depot", lifecycle="active")
    assert "Have it set right there" in said(answer)
    assert "<b>CP 9" not in answer.content.decode()


def test_a_link_says_what_is_to_be_set_right_and_ends_with_it(lead: User, place: Site) -> None:
    network.charger(place, "CP-1")
    seen, client = sight("CP-l"), signed_in(lead)
    answer = do(client, seen, "link", charger="cp-1")
    assert "set to CP-1" in said(answer)
    assert waiting(lead) == []
    assert "CP-l" in client.get("/sightings/?state=linked").content.decode()
    do(client, seen, "reconsider")
    assert waiting(lead) == ["CP-l"]


def test_two_cannot_link_it_to_different_chargers(lead: User, place: Site) -> None:
    one, two = network.charger(place, "CP-1"), network.charger(place, "CP-2")
    seen = sight()
    deeds.link(seen, one, by=lead, now=NOON)
    deeds.link(seen, one, by=lead, now=NOON)
    with pytest.raises(deeds.SightingError, match="lena has linked it to CP-1"):
        deeds.link(seen, two, by=lead, now=NOON)


def test_who_may_only_look_cannot_link_a_charger_on_file_to_one_of_another_tenant(
    lead: User, place: Site
) -> None:
    elsewhere = tenant("Other")
    theirs = network.charger(site(elsewhere, "Yard"), "CP-7")
    seen = sight("CP-7", "mismatch", charger=theirs)
    network.charger(place, "CP-1")
    Membership.objects.create(user=lead, organisation=elsewhere, role=Role.VIEWER)
    assert do(signed_in(lead), seen, "link", charger="CP-1").status_code == 403
    assert waiting(person("vera", Role.VIEWER, elsewhere)) == ["CP-7"]


def test_ours_can_be_called_what_it_says(lead: User, place: Site) -> None:
    ours = network.charger(place, "CP-1", online=False)
    do(signed_in(lead), sight("CP-01"), "rename", charger="CP-1")
    ours.refresh_from_db()
    assert ours.identity == "CP-01"
    assert waiting(lead) == []


def test_one_that_is_connected_is_another_device(lead: User, place: Site) -> None:
    network.charger(place, "CP-1", online=True)
    answer = do(signed_in(lead), sight("CP-01"), "rename", charger="CP-1")
    assert "connected now" in said(answer)
    assert Charger.objects.get().identity == "CP-1"


def test_one_that_connects_while_somebody_renames_it_is_another_device(
    lead: User, place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, seen = network.charger(place, "CP-1", online=False), sight("CP-01")
    begin = deeds._as_one_step

    def connect_first(identity: str) -> Any:
        ChargerState.objects.filter(charger=ours).update(online=True)
        return begin(identity)

    monkeypatch.setattr(deeds, "_as_one_step", connect_first)
    with pytest.raises(deeds.SightingError, match="connected now"):
        deeds.rename(seen, ours, by=lead)
    ours.refresh_from_db()
    assert ours.identity == "CP-1"


@pytest.mark.parametrize("deed", ["adopt", "rename"])
def test_what_was_blocked_meanwhile_is_not_put_on_file(
    lead: User, nord: Organisation, place: Site, deed: str
) -> None:
    seen = sight()
    network.charger(place, "CP-1", online=False)
    deeds.block(seen, by=person("otto", Role.ADMINISTRATOR, nord), now=NOON, why="scanner")
    form = {"site": str(place.pk), "lifecycle": "active", "key": "its", "charger": "CP-1"}
    assert "otto has blocked it. Unblock it first." in said(do(signed_in(lead), seen, deed, **form))
    assert Charger.objects.get().identity == "CP-1"


@pytest.mark.parametrize("deed", ["adopt", "rename"])
def test_what_was_linked_meanwhile_is_not_put_on_file(
    lead: User, nord: Organisation, place: Site, deed: str
) -> None:
    seen, one = sight(), network.charger(place, "CP-1", online=False)
    network.charger(place, "CP-2", online=False)
    deeds.link(seen, one, by=person("otto", Role.ADMINISTRATOR, nord), now=NOON)
    form = {"site": str(place.pk), "lifecycle": "active", "key": "its", "charger": "CP-2"}
    answer = do(signed_in(lead), seen, deed, **form)
    assert "otto has linked it to CP-1. Take the link back first." in said(answer)
    assert not Charger.objects.filter(identity="CP-9").exists()
    assert Sighting.objects.filter(pk=seen.pk).exists()


def test_an_exchanged_one_is_taken_over(lead: User, place: Site) -> None:
    old = ChargerModel.objects.create(vendor="Acme", name="One")
    one = network.charger(place, "CP-1", model=old, serial_number="A1")
    told = {"serial_number": "B2", "model": "Two"}
    do(signed_in(lead), sight("CP-1", "mismatch", charger=one, said=told), "take-over")
    one.refresh_from_db()
    assert (one.serial_number, str(one.model)) == ("B2", "Acme Two")
    assert not Sighting.objects.exists()


def test_taking_over_leaves_a_key_that_somebody_makes_meanwhile(lead: User, place: Site) -> None:
    one = network.charger(place, "CP-1")
    told = {"serial_number": "B2"}
    seen = sight("CP-1", "mismatch", charger=one, said=told)
    Charger.objects.filter(pk=one.pk).update(password_digest=DIGEST)
    deeds.take_over(seen, by=lead)
    one.refresh_from_db()
    assert (one.serial_number, bytes(one.password_digest or b"")) == ("B2", DIGEST)


def test_the_second_of_two_who_take_over_is_told(lead: User, place: Site) -> None:
    one = network.charger(place, "CP-1")
    seen = sight("CP-1", "mismatch", charger=one, said={"serial_number": "B2", "model": "Two"})
    again = Sighting.objects.select_related("charger__site").get(pk=seen.pk)
    deeds.take_over(seen, by=lead)
    Charger.objects.filter(pk=one.pk).update(serial_number="C3")
    with pytest.raises(deeds.SightingError, match="dealt with it meanwhile"):
        deeds.take_over(again, by=lead)
    one.refresh_from_db()
    assert one.serial_number == "C3"


def test_a_known_one_is_let_in_with_the_key_it_uses(lead: User, place: Site) -> None:
    one = network.charger(place, "CP-1")
    do(signed_in(lead), sight("CP-1", "credentials", charger=one), "accept-key")
    one.refresh_from_db()
    assert bytes(one.password_digest or b"") == DIGEST


def test_a_block_is_out_of_sight_by_whom_and_why_and_can_be_lifted(lead: User) -> None:
    seen, client = sight(), signed_in(lead)
    assert "Blocked: CP-9" in said(do(client, seen, "block", why="scanner"))
    do(client, seen, "block", why="again")
    assert waiting(lead) == []
    assert "scanner" in client.get("/sightings/?state=blocked").content.decode()
    entry = LogEntry.objects.get_for_object(seen).first()
    assert entry.actor == lead
    assert entry.changes["decision"][1] == "scanner"
    do(client, seen, "reconsider")
    assert waiting(lead) == ["CP-9"]


def test_an_address_is_blocked_for_strangers_only(lead: User, place: Site) -> None:
    one = network.charger(place, "CP-1")
    sight("CP-1", "credentials", charger=one)
    for number in range(5):
        sight(f"x{number}")
    sight("elsewhere", peer="192.0.2.8")
    client = signed_in(lead)
    client.post("/sightings/address/", {"address": "192.0.2.7", "why": "scan"})
    assert waiting(lead) == ["CP-1", "elsewhere"]
    blocked = BlockedAddress.objects.get()
    assert (blocked.reason, blocked.created_by) == ("scan", lead)
    client.post("/sightings/address/", {"address": "192.0.2.7", "unblock": "yes"})
    assert len(waiting(lead)) == 7


DEEDS = ["adopt", "link", "rename", "take-over", "accept-key", "block", "reconsider"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    "role", [Role.VIEWER, Role.MANAGER, Role.CONTRACTOR, Role.OPERATOR, Role.LEAD]
)
def test_roles_may_do_what_they_may(nord: Organisation, place: Site, role: Role, deed: str) -> None:
    one = network.charger(place, "CP-1", online=False)
    reason = {"take-over": "mismatch", "accept-key": "credentials"}.get(deed, "unknown")
    seen = sight("CP-9", reason, charger=one if reason != "unknown" else None)
    form = {"site": "Depot", "lifecycle": "active", "key": "new", "charger": "CP-1"}
    answer = do(signed_in(person("rob", role, nord)), seen, deed, **form)
    allowed = {Role.LEAD: set(DEEDS), Role.OPERATOR: {"link", "block", "reconsider"}}
    refused = deed not in allowed.get(role, set())
    # Who may edit no site has none to choose: told so, not refused.
    if deed == "adopt" and refused:
        assert "Choose the site" in said(answer)
    else:
        assert (answer.status_code == 403) is refused
    assert Charger.objects.filter(identity="CP-9").exists() is (
        not refused and deed in {"adopt", "rename"}
    )


def test_a_stranger_is_nobody_s_business_but_of_those_who_see_everything(
    nord: Organisation, place: Site, lead: User
) -> None:
    seen = sight()
    tenant("Other")
    client = signed_in(lead)
    assert client.get(f"/sightings/{seen.pk}/").status_code == 404
    for deed in DEEDS:
        assert do(client, seen, deed, site="Depot", lifecycle="active").status_code == 404
    assert client.post("/sightings/address/", {"address": "192.0.2.7"}).status_code == 403
    assert Sighting.objects.count() == 1


def test_ten_thousand_strangers_stay_usable(lead: User, place: Site) -> None:
    rows = [
        Sighting(
            identity=f"scan-{number}", reason="unknown", peer=f"198.51.100.{number % 200}",
            first_seen=NOON, last_seen=NOON + timedelta(seconds=number),
        )
        for number in range(10_000)
    ]  # fmt: skip
    Sighting.objects.bulk_create(rows)
    client = signed_in(lead)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/sightings/?page=3")
    assert len(queries) <= 15
    assert page.context["page"].paginator.count == 10_000
    assert len(page.content) < 200_000
    assert client.get("/sightings/?q=scan-777").context["page"].paginator.count == 11
    client.post("/sightings/address/", {"address": "198.51.100.7"})
    assert deeds.waiting(lead).count() == 9_950


@pytest.mark.parametrize(
    "query", ["state=odd", "q=%00", "reason=x", "page=-1", "page=zzz", "q=" + "x" * 5000, "q=%25_"]
)
def test_odd_searches_are_answered(lead: User, query: str) -> None:
    assert signed_in(lead).get(f"/sightings/?{query}").status_code == 200


UGLY = {"user_agent": "<script>alert(1)</script>" * 5, "path": "\u202e" + "x" * 190, "<b>": "<i>"}


@pytest.mark.parametrize("reason", Sighting.Reason.values)
def test_every_reason_has_a_page_in_words(lead: User, place: Site, reason: str) -> None:
    one = network.charger(place, "CP-1") if reason != "unknown" else None
    seen = sight("X" * 100, reason, said=UGLY, charger=one)
    text = signed_in(lead).get(f"/sightings/{seen.pk}/").content.decode()
    assert "<script>alert" not in text
    assert 'class="kw-sighting-why"></p>' not in text


def test_nearest_is_found_quickly_among_fifty_thousand_alike() -> None:
    near = Nearest(f"DE-BER-{number:05}" for number in range(50_000))
    began = datetime.now(UTC)
    assert "DE-BER-00123" in near.of("DE-BER-OO123", most=5) or near.of("DE-BER-OO123")
    assert near.of("DEBER-31415")[0] == "DE-BER-31415"
    assert datetime.now(UTC) - began < timedelta(seconds=2)
