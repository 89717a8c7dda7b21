"""A charger's page, tab by tab, as people meet it: fine, faulted, lost, never seen, ugly, large."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inventory.models import Charger, ChargerModel, Evse, Lifecycle, Organisation, Role, Sim, Site
from monitoring import housekeeping
from monitoring.charger_page.link import link
from monitoring.facts import CloseReason, Status
from monitoring.kpis.attempts import Outcome
from monitoring.models import Attempt, ChargerState, Event, MeterSample, PortState, Session
from tests.monitoring.charger_page.past import HOUR, MINUTE, boot, flapped, reported, session
from tests.network import NOON, charger, connection, person, port, signed_in, tenant

NOW = datetime.now(UTC).replace(microsecond=0)
TABS = ["", "history/", "sessions/", "facts/"]


@pytest.fixture
def station(place: Site) -> Charger:
    """An online charger with a session that runs at port 1 for half an hour."""
    made = charger(place, "CP-1", since=NOW - 5 * HOUR)
    connection(made, NOW - 8 * HOUR, NOW - 6 * HOUR, CloseReason.PING_TIMEOUT)
    connection(made, NOW - 5 * HOUR)
    evse = port(made, 1, Status.CHARGING, NOW - 30 * MINUTE, power=11_000.0, soc=62.0)
    running = session(made, NOW - 30 * MINUTE, None, evse, meter_start=100_000.0, soc=62.0)
    PortState.objects.filter(evse=evse).update(session_id=running.pk)
    port(made, 2, Status.AVAILABLE, NOW - 5 * HOUR)
    for at in (NOW - HOUR, NOW):
        housekeeping.make_partitions(at)
    for minute in range(30):
        measured(running, NOW - (30 - minute) * MINUTE, 100_000 + minute * 183, 40 + minute * 0.75)
    return made


def measured(of: Session, at: datetime, register: float, soc: float) -> None:
    MeterSample.objects.create(
        charger_id=of.charger_id, evse_id=of.evse_id, session_id=of.pk, at=at, received=at,
        offset_ms=0, context=0, energy=register, power=11_000.0, soc=soc,
    )  # fmt: skip


def text(client: Client, path: str) -> str:
    answer = client.get(f"/chargers/{path}")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_says_how_it_is_and_leads_to_the_others(
    client: Client, station: Charger, tab: str
) -> None:
    page = text(client, f"CP-1/{tab}")
    assert 'id="head"' in page
    assert "Charging" in page
    for other in [*TABS, "frames/"]:
        assert f'href="/chargers/CP-1/{other}"' in page
    assert f'href="/chargers/CP-1/{tab}" aria-current="page"' in page


def test_now_shows_the_session_and_the_connection_in_words(
    client: Client, station: Charger
) -> None:
    ChargerState.objects.filter(charger=station).update(clock_offset=34_000, rtt=120.0)
    page = text(client, "CP-1/")
    for said in ["11.0 kW", "10.00 kWh", "62 %", "120 ms", "it stopped answering", "192.0.2.7"]:
        assert said in page
    assert "34 s fast: times are corrected" in page


def test_a_fault_comes_with_what_it_means_and_what_to_check(client: Client, place: Site) -> None:
    bad = charger(place, "CP-2", since=NOW - HOUR)
    port(bad, 1, Status.FAULTED, NOW - HOUR, error_code="GroundFailure", vendor_error_code="E42")
    page = text(client, "CP-2/")
    for said in ["Danger", "Current leaks to earth", "E42", "Insulation resistance", "Next:"]:
        assert said in page


def test_a_fault_without_a_code_is_explained_by_the_event_that_came_with_it(
    client: Client, place: Site
) -> None:
    bad = charger(place, "CP-2", since=NOW - HOUR)
    evse = port(bad, 1, Status.FAULTED, NOW - HOUR)
    Event.objects.create(
        charger=bad, evse=evse, kind="device_event", at=NOW - HOUR, received=NOW, severity=2,
        code="EmergencyStopSensor.Active", text="true",
    )  # fmt: skip
    assert "Somebody pressed the emergency stop" in text(client, "CP-2/")


@pytest.mark.parametrize(
    ("lifecycle", "since", "online", "said"),
    [
        (Lifecycle.PLANNED, None, False, "Connect it"),
        (Lifecycle.ACTIVE, NOW - HOUR, False, "site&#x27;s other chargers"),
        (Lifecycle.SUSPENDED, NOW - HOUR, True, "out of service on purpose (suspended)"),
        (Lifecycle.PENDING, NOW - HOUR, True, "accept it"),
    ],
)
def test_the_header_says_what_to_do_next(
    client: Client, place: Site, lifecycle: str, since: datetime | None, online: bool, said: str
) -> None:
    charger(place, "CP-2", Status.AVAILABLE, since=since, online=online, lifecycle=lifecycle)
    assert said in text(client, "CP-2/")


def test_what_we_closed_for_a_protocol_error_is_looked_at_in_its_frames(
    client: Client, place: Site
) -> None:
    odd = charger(place, "CP-2", Status.AVAILABLE, since=NOW - HOUR, online=False)
    connection(odd, NOW - HOUR, NOW, CloseReason.PROTOCOL_ERROR)
    assert "Look at the last frames in its flight recorder" in text(client, "CP-2/")


def test_nothing_is_to_be_done_where_all_is_well(client: Client, place: Site) -> None:
    charger(place, "CP-2", Status.AVAILABLE, since=NOW - HOUR)
    assert "Next:" not in text(client, "CP-2/")


def test_a_state_that_is_over_says_how_long_it_lasted(client: Client, station: Charger) -> None:
    reported(station.evses.get(number=1), Status.PREPARING, NOW - 3 * HOUR, NOW - HOUR)
    assert "plugged in, not started · " in text(client, "CP-1/history/")
    assert "lasted 2 h" in text(client, "CP-1/history/")


@pytest.mark.parametrize("tab", TABS)
def test_a_charger_that_was_never_seen_has_every_tab(client: Client, place: Site, tab: str) -> None:
    charger(place, "CP-2", since=None)
    assert "never connected" in text(client, f"CP-2/{tab}").lower()


def test_forty_ports_stay_readable(
    client: Client, place: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many = charger(place, "CP-40", since=NOW - HOUR)
    for number in range(1, 41):
        evse = port(many, number, Status.CHARGING if number == 7 else Status.AVAILABLE, NOW - HOUR)
        if number == 7:
            running = session(many, NOW - HOUR, None, evse)
            PortState.objects.filter(evse=evse).update(session_id=running.pk)
    with django_assert_max_num_queries(15):
        page = text(client, "CP-40/")
    assert page.count('class="card kw-port') == 1
    assert "39 free ports" in page


@pytest.mark.parametrize("tab", [*TABS, "history/?window=1y", "history/?window=30d"])
def test_a_tab_asks_as_much_of_the_database_however_long_the_past(
    client: Client,
    station: Charger,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    tab: str,
) -> None:
    evse = station.evses.get(number=2)
    evse.status_spans.all().delete()
    flapped(evse, NOW - 300 * HOUR, 5 * MINUTE, 3_600)
    for number in range(30):
        boot(station, NOW - number * HOUR, firmware_version=f"1.{number // 10}")
    for number in range(300):
        session(station, NOW - (number + 2) * HOUR, NOW - (number + 1) * HOUR, evse, soc=80.0)
    with django_assert_max_num_queries(15):
        page = text(client, f"CP-1/{tab}")
    assert len(page) < 400_000


NONSENSE = [
    *("?window=%00", "?from=x&to=y", "?from=9999-01-01T00:00", "?port=-1&show=x", "?page=0"),
    *("?port=99999999", "?after=x,y,z", "?after=2026-03-02T12:00:00Z,1,5", "?outcome=%00"),
    *("?show=faults&port=1", "?page=99999999999", "?zone=%00&from=2026-03-02T12:00"),
    *("?outcome=odd", "?outcome=failed", "?outcome=good&window=7d", "?outcome=running&port=1"),
]


@pytest.mark.parametrize("tab", ["history/", "sessions/", "sessions/export/", "part/history/"])
def test_nonsense_in_the_address_breaks_nothing(client: Client, station: Charger, tab: str) -> None:
    for query in NONSENSE:
        assert client.get(f"/chargers/CP-1/{tab}{query}").status_code == 200


def test_history_shows_what_happened_and_says_when_it_looked_elsewhere(
    client: Client, station: Charger
) -> None:
    page = text(client, "CP-1/history/")
    for said in ["Connection lost", "it stopped answering", "Session started", "04…C3D4"]:
        assert said in page
    assert "nearest there is" in text(client, "CP-1/history/?from=x&to=y")


def test_a_session_tells_its_story(client: Client, station: Charger) -> None:
    evse = station.evses.get(number=1)
    over = session(
        station, NOW - 3 * HOUR, NOW - 2 * HOUR, evse, stop_reason="EVDisconnected",
        flags=["meter_backwards"], authorization="Accepted",
    )  # fmt: skip
    Attempt.objects.create(
        evse=evse, started=NOW - 3 * HOUR, ended=NOW - 2 * HOUR, outcome=Outcome.FAULT, session=over
    )
    reported(evse, Status.PREPARING, NOW - 3 * HOUR - MINUTE, NOW - 3 * HOUR)
    Event.objects.create(
        charger=station, kind="authorization", at=NOW - 3 * HOUR, received=NOW, code="Accepted",
        text="04A1B2C3D4",
    )  # fmt: skip
    page = text(client, f"CP-1/sessions/{over.pk}/")
    for said in [
        "10.00 kWh", "unplugged", "interrupted by a fault", "meter ran backwards",
        "plugged in, not started", "Token accepted",
    ]:  # fmt: skip
        assert said in page
    assert "04A1B2C3D4" not in page


def test_a_session_s_curve_has_power_energy_and_state_of_charge(
    client: Client, station: Charger
) -> None:
    [curve] = client.get("/chargers/CP-1/running/").json()["sessions"]
    assert curve["port"] == 1
    assert curve["power"] == [11.0] * 30
    assert curve["energy"][-1] == pytest.approx(29 * 0.183)
    assert curve["soc"][0] == 40
    alone = client.get(f"/chargers/CP-1/sessions/{curve['id']}/curve/").json()
    assert alone["sessions"] == [curve]


def test_the_state_of_charge_goes_from_the_first_to_the_last(
    client: Client, station: Charger
) -> None:
    assert "40 → 62 %" in text(client, "CP-1/sessions/")


def test_a_session_of_another_charger_is_not_found_here(
    client: Client, station: Charger, place: Site
) -> None:
    other = session(charger(place, "CP-2"), NOON)
    assert client.get(f"/chargers/CP-1/sessions/{other.pk}/").status_code == 404
    assert client.get("/chargers/CP-1/sessions/999999999999999999999/").status_code == 404


def test_sessions_are_narrowed_by_port_outcome_and_time(client: Client, station: Charger) -> None:
    first, second = station.evses.order_by("number")
    session(station, NOW - 40 * 24 * HOUR, NOW - 40 * 24 * HOUR + HOUR, second, energy=50.0)
    assert count(client, "") == 2
    assert count(client, "?port=2") == 1
    assert count(client, "?outcome=running") == 1
    assert count(client, "?outcome=empty") == 1
    assert count(client, "?window=7d") == 1
    assert count(client, f"?port={first.number}&outcome=empty") == 0


def count(client: Client, query: str) -> int:
    found = client.get(f"/chargers/CP-1/sessions/{query}").context["page"]
    return int(found.paginator.count)


def test_the_download_has_what_is_asked_for_and_nothing_a_spreadsheet_would_run(
    client: Client, station: Charger
) -> None:
    evse = station.evses.get(number=2)
    session(
        station, NOW - 2 * HOUR, NOW - HOUR, evse, transaction_id="=cmd|' /C calc'!A0",
        stop_reason="@SUM(A1)",
    )  # fmt: skip
    answer = client.get("/chargers/CP-1/sessions/export/?port=2")
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert row["transaction"] == "'=cmd|' /C calc'!A0"
    assert row["stop_reason"] == "'@SUM(A1)"
    assert (row["token"], row["energy_kwh"], row["mean_power_kw"]) == ("04…C3D4", "10.0", "10.0")
    assert answer["Content-Type"].startswith("text/csv")


def test_the_download_of_empty_sessions(client: Client, station: Charger) -> None:
    evse = station.evses.get(number=2)
    session(station, NOW - 2 * HOUR, NOW - HOUR, evse, energy=0.0, stop_reason="EmergencyStop")
    answer = client.get("/chargers/CP-1/sessions/export/?port=&outcome=empty&window=")
    assert answer.getvalue().count(b"\n") == 2


def test_facts_mark_what_the_charger_says_otherwise(client: Client, place: Site) -> None:
    sim = Sim.objects.create(organisation=place.organisation, iccid="8949020000000000001")
    model = ChargerModel.objects.create(
        vendor="Nordlader", name="Twin", quirks={"energy_in_kwh": True}
    )
    made = charger(place, "CP-2", model=model, sim=sim, serial_number="SN-1")
    boot(made, NOON - HOUR, vendor="NORDLADER", model="Twin", serial_number="SN-1",
         iccid="8949020000000000001")  # fmt: skip
    boot(made, NOON, vendor="Nordlader", model="Twin", serial_number="SN-2",
         firmware_version="2.0", meterSerialNumber="M-7")  # fmt: skip
    connection(made, NOON)
    page = client.get("/chargers/CP-2/facts/")
    facts = page.context["facts"]
    assert [(told.value, told.entered) for told in facts.differences] == [("SN-2", "SN-1")]
    assert {told.value: told.at for told in facts.told}["8949020000000000001"] == NOON - HOUR
    assert (facts.first_boot.at, facts.last_boot.at) == (NOON - HOUR, NOON)
    body = page.content.decode()
    for said in ["M-7", "It does not add up", "Says Wh where it means kWh", "unencrypted"]:
        assert said in body


def test_facts_say_what_is_wrong_with_a_quirk_that_is_stored(client: Client, place: Site) -> None:
    model = ChargerModel.objects.create(vendor="Nordlader", name="Twin", quirks={"<b>": 1})
    charger(place, "CP-2", model=model)
    page = client.get("/chargers/CP-2/facts/")
    assert page.status_code == 200
    assert "There is no quirk &#x27;&lt;b&gt;&#x27;" in page.content.decode()


EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize("tab", TABS)
def test_what_chargers_and_people_write_is_inert_everywhere(
    client: Client, place: Site, tab: str
) -> None:
    made = charger(place, "CP-2", since=NOW - HOUR, tags=[EVIL[:40]], notes=EVIL)
    connection(made, NOW - HOUR)
    evse = port(made, 1, Status.FAULTED, NOW - HOUR, error_code=EVIL, info=EVIL * 5)
    reported(evse, Status.FAULTED, NOW - 2 * HOUR, NOW - HOUR, EVIL)
    boot(made, NOW - HOUR, EVIL[:20], model=EVIL, serial_number="\u202e" + EVIL * 10)
    Event.objects.create(
        charger=made, kind="security_event", at=NOW, received=NOW, code=EVIL, text=EVIL * 30
    )
    session(made, NOW - HOUR, NOW, evse, transaction_id=EVIL, stop_reason=EVIL, flags=[EVIL])
    page = text(client, f"CP-2/{tab}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_viewer_sees_all_of_it_and_another_tenant_nothing(
    station: Charger, organisation: Organisation
) -> None:
    viewer = signed_in(person("vera", Role.VIEWER, organisation))
    stranger = signed_in(person("sam", Role.ADMINISTRATOR, tenant("Other")))
    for tab in [*TABS, "running/", "sessions/export/", "part/head/"]:
        assert viewer.get(f"/chargers/CP-1/{tab}").status_code == 200
        assert stranger.get(f"/chargers/CP-1/{tab}").status_code == 404


def test_reconnects_are_counted_from_midnight_at_the_site(station: Charger) -> None:
    someone = User(is_superuser=True, is_active=True)
    made = charger(station.site, "CP-2", since=NOON)
    # 00:30 in Berlin; the first connection of the day before it is none of today.
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    for minute in (50, 25, 20, 10):
        opened = now - minute * MINUTE
        connection(made, opened, opened + MINUTE, CloseReason.LOST)
    found = link(someone, made, now)
    assert found
    assert found.reconnects == 3
    assert found.ended
    assert found.ended.closed == now - 9 * MINUTE


def test_an_evse_that_nobody_entered_says_so(client: Client, station: Charger) -> None:
    Evse.objects.filter(charger=station, number=2).update(discovered=True, evse_id="DE*KWH*E1*2")
    page = text(client, "CP-1/facts/")
    assert "own report" in page
    assert "DE*KWH*E1*2" in page
