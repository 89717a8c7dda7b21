"""The fleet, a charger, the KPIs and the sightings, as people meet them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from inventory.models import ChargerModel, Connector, Lifecycle, Organisation, Role, Sim, Site
from monitoring.facts import CloseReason, Status
from monitoring.models import PortState, Session, Sighting
from tests.network import NOON, charger, connection, person, port, signed_in, site, tenant

HOUR = timedelta(hours=1)


def shown(client: Client, query: str = "") -> list[str]:
    """Return the identities on the fleet page, from top to bottom."""
    page = client.get(f"/{query}").context["page"]
    return [row.charger.identity for row in page]


def counts(client: Client, query: str = "") -> dict[str, tuple[int, int]]:
    """Return (chargers, ports) of the tiles that aren't empty."""
    tiles = client.get(f"/{query}").context["tiles"]
    return {str(t.state): (t.chargers, t.ports) for t in tiles if t.chargers or t.ports}


@pytest.mark.parametrize("page", ["/", "/chargers/CP-1/", "/kpis/", "/sightings/"])
def test_every_page_wants_a_sign_in(db: None, page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_a_fragment_asked_for_after_the_session_ended_is_refused_and_the_page_stays(
    db: None,
) -> None:
    answer = Client().get("/?state=faulted", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.content == b""


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/incidents/3/?tab=2", "/incidents/3/%3Ftab%3D2"),
        ("http://evil.example/there/", "/"),
        ("", "/"),
    ],
)
def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(
    db: None, referer: str, back: str
) -> None:
    answer = Client().post("/incidents/3/note/", headers={"Referer": referer})
    assert answer["Location"] == f"/accounts/login/?next={back}"


def test_the_fleet_counts_chargers_and_ports_by_state(client: Client, place: Site) -> None:
    charger(place, "A", Status.CHARGING, Status.AVAILABLE)
    charger(place, "B", Status.FAULTED, Status.CHARGING)
    charger(place, "C", Status.AVAILABLE, Status.AVAILABLE, online=False)
    assert counts(client) == {
        "offline": (1, 2),
        "faulted": (1, 1),
        "charging": (1, 2),
        "available": (0, 1),
    }


def test_the_worst_is_on_top_and_says_since_when_and_what(client: Client, place: Site) -> None:
    charger(place, "FINE", Status.AVAILABLE)
    faulty = charger(place, "FAULTY")
    port(faulty, 1, Status.FAULTED, error_code="GroundFailure", vendor_error_code="E42")
    lost = charger(place, "LOST", Status.AVAILABLE, online=False)
    connection(lost, NOON - HOUR, NOON, CloseReason.PING_TIMEOUT)
    page = client.get("/")
    rows = list(page.context["page"])
    assert [(row.charger.identity, row.what) for row in rows] == [
        ("LOST", "it stopped answering"),
        ("FAULTY", "ground fault · E42"),
        ("FINE", ""),
    ]
    assert "2 Mar 2026, 13:00:00 CET (Europe/Berlin)" in page.content.decode()


def test_a_tile_narrows_the_list_to_its_state_and_keeps_the_counts(
    client: Client, place: Site
) -> None:
    charger(place, "A", Status.AVAILABLE)
    charger(place, "B", Status.FAULTED)
    assert shown(client, "?state=faulted") == ["B"]
    assert counts(client, "?state=faulted") == {"faulted": (1, 1), "available": (1, 1)}


@pytest.mark.parametrize(
    "text", ["cp-77", "SN-9", "8949020000000000001", "DE*KWH*E77*1", "ostbahn", "berlin", "koppen"]
)
def test_the_search_finds_by_identity_serial_iccid_evse_id_and_site(
    client: Client, place: Site, text: str
) -> None:
    sim = Sim.objects.create(organisation=place.organisation, iccid="8949020000000000001")
    found = charger(place, "CP-77", serial_number="SN-9", sim=sim)
    port(found, 1, Status.AVAILABLE)
    found.evses.update(evse_id="DE*KWH*E77*1")
    charger(site(place.organisation, "Elsewhere", city="Ulm"), "OTHER")
    assert shown(client, f"?q={text}") == ["CP-77"]


def test_filters_work_together_and_stand_in_the_url(client: Client, place: Site) -> None:
    model = ChargerModel.objects.create(vendor="Nordlader", name="Twin 22")
    charger(place, "A", model=model, ocpp_version="1.6")
    charger(place, "B", model=model, ocpp_version="2.0.1")
    charger(site(place.organisation), "C", model=model, ocpp_version="1.6")
    assert shown(client, f"?site={place.pk}&model={model.pk}&version=1.6") == ["A"]


def test_decommissioned_chargers_only_show_when_asked_for(client: Client, place: Site) -> None:
    charger(place, "OLD", lifecycle=Lifecycle.DECOMMISSIONED)
    charger(place, "NEW")
    assert shown(client) == ["NEW"]
    assert shown(client, "?lifecycle=decommissioned") == ["OLD"]


@pytest.mark.parametrize(
    "query",
    [
        "?site=x", "?site=99999999999999999999", "?state=sleeping", "?sort=password_digest",
        "?page=0", "?page=-1", "?page=²", "?page=99", "?q=%00",
        "?q=%25_", "?version=%00", "?lifecycle=x",
    ],
)  # fmt: skip
def test_nonsense_in_the_url_filters_nothing_and_breaks_nothing(
    client: Client, place: Site, query: str
) -> None:
    charger(place, "A%_")
    assert shown(client, query) == ["A%_"]


def test_a_long_fleet_comes_in_pages(client: Client, place: Site) -> None:
    for number in range(55):
        charger(place, f"CP-{number:02}")
    assert len(shown(client, "?sort=identity")) == 50
    assert shown(client, "?sort=identity&page=2") == [f"CP-{n}" for n in range(50, 55)]


def test_htmx_gets_the_live_part_alone(client: Client, place: Site) -> None:
    charger(place, "A", Status.AVAILABLE)
    part = client.get("/", headers={"HX-Request": "true", "HX-Target": "fleet"}).content.decode()
    assert part.lstrip().startswith('<div id="fleet"')
    assert "<html" not in part


def test_an_empty_fleet_says_what_to_do(client: Client) -> None:
    assert "No chargers yet" in client.get("/").content.decode()


@pytest.mark.parametrize("address", ["/", "/sites/", "/map/"])
def test_where_nothing_is_yet_who_may_is_led_to_the_guide_and_nobody_else(
    organisation: Organisation, address: str
) -> None:
    lead = signed_in(person("lea", Role.LEAD, organisation))
    assert "Connect the first charger" in lead.get(address).content.decode()
    viewer = signed_in(person("vera", Role.VIEWER, organisation))
    assert "Connect the first charger" not in viewer.get(address).content.decode()


def test_an_empty_site_leads_to_its_first_charger(place: Site) -> None:
    lead = signed_in(person("lea", Role.LEAD, place.organisation))
    assert f'href="/connect/{place.pk}/"' in lead.get(f"/sites/{place.pk}/").content.decode()
    viewer = signed_in(person("vera", Role.VIEWER, place.organisation))
    assert "Ask an administrator" in viewer.get(f"/sites/{place.pk}/").content.decode()


def test_a_charger_s_page_shows_ports_session_and_facts(client: Client, place: Site) -> None:
    busy = charger(place, "CP-1", serial_number="SN-1", firmware_version="3.4.1")
    evse = port(busy, 1, Status.CHARGING, session_id=7, power=11_000.0, soc=62.0)
    Connector.objects.create(evse=evse, type=Connector.Type.TYPE2, max_power=22_000)
    Session.objects.create(
        id=7, charger=busy, evse=evse, transaction_id="7", id_token="04A1B2C3D4", started=NOON,
        received=NOON, updated=NOON, energy=12_340.0, peak_power=11_000.0,
    )  # fmt: skip
    connection(busy, NOON)
    text = "".join(
        client.get(f"/chargers/CP-1/{tab}").content.decode()
        for tab in ("", "sessions/", "facts/", "history/")
    )
    for said in ["11.0 kW", "12.34 kWh", "62 %", "Type 2 · 22 kW", "SN-1", "3.4.1", "04…C3D4"]:
        assert said in text
    assert "04A1B2C3D4" not in text


def test_the_identity_is_found_whatever_its_case(client: Client, place: Site) -> None:
    charger(place, "CP-1")
    assert client.get("/chargers/cp-1/").status_code == 200


@pytest.mark.parametrize("identity", ["NONE", "%00", "a%20b", "x" * 500])
def test_an_identity_that_is_none_is_not_found(client: Client, identity: str) -> None:
    assert client.get(f"/chargers/{identity}/").status_code == 404


@pytest.mark.parametrize("part", ["head", "now", "history", "facts"])
def test_each_live_part_comes_alone(client: Client, place: Site, part: str) -> None:
    charger(place, "CP-1", Status.AVAILABLE)
    answer = client.get(f"/chargers/CP-1/part/{part}/")
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_there_are_no_other_parts(client: Client, place: Site) -> None:
    charger(place, "CP-1")
    assert client.get("/chargers/CP-1/part/charger/").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "/chargers/THEIRS/",
        "/chargers/THEIRS/power/",
        "/chargers/THEIRS/part/history/",
        "/kpis/?charger=THEIRS",
    ],
)
def test_another_tenant_s_charger_does_not_exist(client: Client, page: str) -> None:
    charger(site(tenant("Other")), "THEIRS")
    assert client.get(page).status_code == 404
    assert shown(client) == []


def test_a_member_of_one_site_sees_that_site_only(organisation: Organisation, place: Site) -> None:
    charger(place, "HERE")
    charger(site(organisation), "THERE")
    client = signed_in(person("tom", Role.CONTRACTOR, organisation, sites=(place,)))
    assert shown(client) == ["HERE"]
    assert client.get("/chargers/THERE/").status_code == 404


EVIL = "<script>alert(1)</script>"


def test_what_chargers_say_of_themselves_is_inert(client: Client, place: Site) -> None:
    model = ChargerModel.objects.create(vendor=EVIL, name="<img src=x onerror=alert(2)>")
    bad = charger(place, "CP-1", model=model, serial_number=EVIL, firmware_version=EVIL, notes=EVIL)
    port(bad, 1, Status.FAULTED, error_code="OtherError", vendor_error_code=EVIL, info=EVIL)
    Sighting.objects.create(
        identity="CP-1", charger=bad, reason="mismatch", peer="192.0.2.1", first_seen=NOON,
        last_seen=NOON, said={EVIL: EVIL},
    )  # fmt: skip
    for page in ["/", "/chargers/CP-1/", "/chargers/CP-1/facts/", "/sightings/"]:
        text = client.get(page).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_power_is_given_per_port_and_two_minutes(client: Client, place: Site) -> None:
    charger(place, "CP-1", Status.AVAILABLE, Status.AVAILABLE)
    power = client.get("/chargers/CP-1/power/").json()
    assert [port["number"] for port in power["ports"]] == [1, 2]
    assert len(power["times"]) == len(power["ports"][0]["power"]) == 721
    assert power["times"][1] - power["times"][0] == 120


def test_a_sighting_names_the_charger_that_was_probably_meant(client: Client, place: Site) -> None:
    charger(place, "DE-BER-0001")
    Sighting.objects.create(
        identity="DE-BER-O001", reason="unknown", peer="192.0.2.1", first_seen=NOON,
        last_seen=NOON, count=12, said={"subprotocols": "ocpp1.6"},
    )  # fmt: skip
    knock = client.get("/sightings/").context["knocks"][0]
    assert knock.nearest == ["DE-BER-0001"]


def test_an_unknown_identity_only_shows_to_people_who_see_every_organisation(
    client: Client, organisation: Organisation
) -> None:
    Sighting.objects.create(
        identity="NOBODY", reason="unknown", peer="192.0.2.1", first_seen=NOON, last_seen=NOON
    )
    assert "NOBODY" in client.get("/sightings/").content.decode()
    other = tenant("Other")
    assert "NOBODY" not in client.get("/sightings/").content.decode()
    both = signed_in(person("lena", Role.LEAD, organisation, other))
    assert "NOBODY" in both.get("/sightings/").content.decode()


def fill(place: Site, number: int) -> None:
    """Add chargers of every state with connections and sessions."""
    for index in range(number):
        made = charger(place, "", Status.CHARGING, Status.FAULTED, online=index % 3 != 0)
        connection(made, NOON - HOUR, NOON, CloseReason.LOST)
        PortState.objects.filter(evse__charger=made).update(session_id=None)


@pytest.mark.parametrize(
    ("page", "queries"),
    [
        ("/", 14),
        ("/chargers/CP-1/", 15),
        ("/chargers/CP-1/history/", 15),
        ("/chargers/CP-1/sessions/", 15),
        ("/chargers/CP-1/frames/", 15),
        ("/chargers/CP-1/facts/", 15),
        ("/kpis/", 15),
        ("/kpis/?by=charger", 15),
        ("/kpis/?by=port&view=sessions&window=7d", 15),
        ("/kpis/?view=hours", 15),
        ("/sightings/", 12),
    ],
)
def test_a_page_asks_as_much_of_the_database_however_large_the_fleet(
    client: Client,
    place: Site,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    page: str,
    queries: int,
) -> None:
    charger(place, "CP-1", Status.CHARGING, Status.AVAILABLE)
    fill(place, 30)
    for index in range(20):
        Sighting.objects.create(
            identity=str(uuid4()), reason="unknown", peer="192.0.2.1", first_seen=NOON,
            last_seen=NOON + index * HOUR,
        )  # fmt: skip
    with django_assert_max_num_queries(queries):
        assert client.get(page).status_code == 200


def test_every_answer_forbids_scripts_and_styles_that_are_not_files_of_ours(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_nobody_signs_up(db: None) -> None:
    assert b"<form" not in Client().get("/accounts/signup/").content


@pytest.mark.parametrize("path", ["/nowhere/", "/chargers/NONE/"])
def test_what_is_not_there_says_so_in_our_own_words(
    client: Client, settings: Settings, path: str
) -> None:
    settings.DEBUG = False
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_form_from_a_stale_page_says_what_to_do(client: Client, operator: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(operator)
    answer = careful.post("/accounts/logout/")
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


def test_a_page_that_breaks_stands_without_the_rest(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = False
    monkeypatch.setattr("monitoring.fleet.tiles", lambda chargers: 1 / 0)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
