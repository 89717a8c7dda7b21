"""A wall's link opens its wall and nothing else, and shows no more than who hung it may see."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from alerts import access as alerts_access
from alerts import escalation, policies
from alerts.models import DetectorName, Incident
from cpms.logs import escaped
from cpms.web.kiosk import life, links, views
from cpms.web.kiosk.boards import BOARDS, MOST_CRITICAL
from cpms.web.models import KioskLink
from cpms.web.routing import websocket
from inventory import access
from inventory.access import ABILITIES, Onlooker
from inventory.models import Charger, Organisation, Role, Site
from monitoring import access as monitoring_access
from monitoring import signs, valkey
from monitoring.facts import Status
from monitoring.models import ConnectionSpan, Gateway
from tests.alerts.world import World
from tests.network import NOON, charger, person, signed_in, site, tenant

EVERY_BOARD = [board.value for board in KioskLink.Board]


@pytest.fixture(autouse=True)
def clean() -> None:
    """Forget what other tests left outside the database."""
    cache.clear()
    for key in valkey.client().scan_iter(valkey.key("kiosk-guesses:*")):
        valkey.client().delete(key)


@pytest.fixture
def nordstrom(db: None) -> Organisation:
    return tenant()


@pytest.fixture
def mitte(nordstrom: Organisation) -> Site:
    return site(nordstrom, "Mitte")


def hang(
    organisation: Organisation, *sites: Site, token: str = "", **fields: Any
) -> tuple[KioskLink, str]:
    """Hang a wall as the page does; return it with its token."""
    token = token or links.new_token()
    fields = {"boards": EVERY_BOARD, "timezone": "Europe/Berlin"} | fields
    link = KioskLink.objects.create(
        name="NOC", organisation=organisation, digest=links.digest(token),
        limited=bool(sites), **fields,
    )  # fmt: skip
    link.sites.set(sites)
    return link, token


def opened(token: str) -> Client:
    """Open the wall of a link, as a television does."""
    client = Client()
    assert client.get(f"/kiosk/{token}/").status_code == 302
    return client


def board(client: Client, link: KioskLink, name: str) -> str:
    answer = client.get(f"/kiosk/wall/{link.pk}/board/{name}/")
    assert answer.status_code == 200
    return answer.content.decode()


def pulse(client: Client, link: KioskLink, since: str = "") -> dict[str, Any]:
    asked = {"since": since} if since else {}
    answer: dict[str, Any] = client.get(f"/kiosk/wall/{link.pk}/pulse/", asked).json()
    return answer


# --- The link ----------------------------------------------------------------------------------


def test_a_token_has_256_bits_and_only_its_digest_is_kept(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom)
    assert len(token) >= len(links.PREFIX) + 43
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM web_kiosklink k")
        assert token.removeprefix(links.PREFIX) not in cursor.fetchone()[0]
    assert links.find(token) == link


def test_the_link_becomes_a_cookie_for_its_wall_alone_and_leaves_the_address(
    nordstrom: Organisation,
) -> None:
    link, token = hang(nordstrom)
    answer = Client().get(f"/kiosk/{token}/")
    assert answer["Location"] == f"/kiosk/wall/{link.pk}/"
    cookie = answer.cookies[views.COOKIE]
    assert cookie["path"] == f"/kiosk/wall/{link.pk}/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_a_wall_s_answers_name_the_token_nowhere(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom)
    client = opened(token)
    for path in ("", "pulse/", *(f"board/{name}/" for name in EVERY_BOARD)):
        answer = client.get(f"/kiosk/wall/{link.pk}/{path}")
        assert answer.status_code == 200, path
        assert token not in answer.content.decode()
        assert answer["Referrer-Policy"] == "no-referrer"
        assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_no_log_line_has_a_token(nordstrom: Organisation) -> None:
    _link, token = hang(nordstrom)
    assert token not in escaped(f"Not Found: /kiosk/{token}/")
    assert escaped(f"Not Found: /kiosk/{token}/") == "Not Found: /kiosk/kwk_…/"


def test_a_revoked_link_opens_nothing_and_closes_what_it_opened(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom)
    client = opened(token)
    links.revoke(link, timezone.now())
    for path in ("", "pulse/", "board/fleet/"):
        assert client.get(f"/kiosk/wall/{link.pk}/{path}").status_code == 410
    assert Client().get(f"/kiosk/{token}/").status_code == 404


def test_one_link_s_cookie_doesn_t_open_another_s_wall(nordstrom: Organisation) -> None:
    _mine, token = hang(nordstrom)
    other, _token = hang(tenant("Other"))
    assert opened(token).get(f"/kiosk/wall/{other.pk}/").status_code == 410


@pytest.mark.parametrize(
    "wrong", ["x", "kwk_", "kwk_" + "a" * 300, "%00", "kwk_%ED%A0%80", "\u202e"]
)
def test_what_is_no_token_is_answered_clearly(db: None, wrong: str) -> None:
    answer = Client().get(f"/kiosk/{wrong}/")
    assert answer.status_code == 404
    assert "This wall is closed" in answer.content.decode()


def test_guesses_are_refused_after_a_while_and_open_walls_stay_open(
    nordstrom: Organisation,
) -> None:
    link, token = hang(nordstrom)
    client = opened(token)
    told = [Client().get(f"/kiosk/kwk_{n}/").status_code for n in range(links.MOST_GUESSES + 1)]
    assert told == [404] * links.MOST_GUESSES + [429]
    assert Client().get(f"/kiosk/{token}/").status_code == 429
    assert client.get(f"/kiosk/wall/{link.pk}/pulse/").status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.44")
    assert elsewhere.get(f"/kiosk/{token}/").status_code == 302


def test_the_use_of_a_link_is_noted(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom)
    pulse(opened(token), link)
    link.refresh_from_db()
    assert link.last_used_at is not None
    assert timezone.now() - link.last_used_at < timedelta(minutes=1)


# --- Nothing else ------------------------------------------------------------------------------


def addresses() -> list[str]:
    """Return an address of every route of the listener but the walls' own."""
    found = [_filled(route) for route in _routes(get_resolver().url_patterns, "")]
    return [f"/{address}" for address in found if not address.startswith("kiosk/")]


def _routes(patterns: list[Any], before: str) -> list[str]:
    routes = []
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            routes += _routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            routes.append(route)
    return routes


def _filled(route: str) -> str:
    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    plain = re.sub(r"<(?:\w+:)?\w+>", "1", plain)
    return re.sub(r"[\^$\\]|\(\?:.*\)|\.\*", "", plain)


def test_with_a_wall_s_cookie_every_other_route_is_as_for_a_stranger(
    nordstrom: Organisation,
) -> None:
    _link, token = hang(nordstrom)
    wall, stranger = Client(), Client()
    wall.cookies[views.COOKIE] = token
    paths = addresses()
    assert len(paths) > 50
    for path in paths:
        for method in ("get", "post"):
            told, known = (getattr(c, method)(path).status_code for c in (wall, stranger))
            assert told == known, f"{method} {path}: {told}, not {known}"
            open_to_all = path.startswith(("/accounts/", "/api/docs", "/api/schema", "/admin/"))
            assert open_to_all or told not in {200, 201, 204}, f"{method} {path}: {told}"


def test_the_api_takes_no_wall_s_token(nordstrom: Organisation) -> None:
    _link, token = hang(nordstrom)
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/chargers/")
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
async def test_the_live_socket_takes_no_wall_s_token() -> None:
    _link, token = await sync_to_async(lambda: hang(tenant()))()
    for name in (views.COOKIE, settings.SESSION_COOKIE_NAME):
        cookie = f"{name}={token}".encode()
        headers = [(b"host", b"x"), (b"origin", b"http://x"), (b"cookie", cookie)]
        wire = ApplicationCommunicator(
            websocket, {"type": "websocket", "path": "/ws/live/", "headers": headers}
        )
        await wire.send_input({"type": "websocket.connect"})
        assert (await wire.receive_output(20))["type"] == "websocket.close"
    await sync_to_async(connections.close_all)()


def test_an_onlooker_has_no_ability_and_sees_nothing_but_its_sites(
    nordstrom: Organisation, mitte: Site
) -> None:
    ost, other = site(nordstrom, "Ost"), site(tenant("Other"))
    onlooker = Onlooker(nordstrom.pk, frozenset({mitte.pk, other.pk}))
    for place in (mitte, ost, other):
        charger(place, f"CP-{place.pk}", Status.AVAILABLE)
    assert [c.site for c in access.chargers(onlooker)] == [mitte]
    assert [e.charger.site for e in access.evses(onlooker)] == [mitte]
    assert not any(access.may(onlooker, ability, nordstrom.pk) for ability in ABILITIES)
    assert not any(access.organisations_where(onlooker, ability) for ability in ABILITIES)
    for nothing in (access.organisations, access.models, access.memberships, access.api_tokens):
        assert not nothing(onlooker).exists()
    assert not monitoring_access.sightings(onlooker).exists()
    assert not monitoring_access.quarantined(onlooker).exists()


# --- What it shows -----------------------------------------------------------------------------


def incident(world: World, one: Charger, severity: int = 1, **fields: Any) -> Incident:
    version = world_policy()
    fields = {"since": NOON, "opened_at": NOON, "subject": one.identity} | fields
    return Incident.objects.create(
        detector=DetectorName.OFFLINE, dedup_key=f"offline:{uuid4()}", charger=one, site=one.site,
        organisation=one.site.organisation, severity=severity, policy_version=version, **fields,
    )  # fmt: skip


def world_policy() -> Any:
    return policies.in_force(None) or policies.publish(
        policies.policy_of(None), escalation.STANDARD, by=None, now=NOON
    )


def test_boards_show_the_link_s_sites_and_no_others(nordstrom: Organisation, mitte: Site) -> None:
    ost, other = site(nordstrom, "HIDDEN-Ost"), site(tenant("HIDDEN"), "HIDDEN-Other")
    link, token = hang(nordstrom, mitte, site=ost)
    world = World.make("HIDDEN-World")
    for place, name in ((mitte, "SEEN-1"), (ost, "HIDDEN-1"), (other, "HIDDEN-2")):
        one = charger(place, name, Status.FAULTED)
        incident(world, one, opened_at=timezone.now())
    client = opened(token)
    shown = "".join(board(client, link, name) for name in EVERY_BOARD)
    assert "SEEN-1" in shown
    assert "HIDDEN" not in shown
    state = pulse(client, link, timezone.now().isoformat())
    assert state["incidents"] == {"critical": 1, "major": 0, "minor": 0, "warning": 0}
    assert [one["text"] for one in state["critical"]] == ["SEEN-1 is offline"]


def test_a_link_whose_sites_are_gone_shows_none_not_all(
    nordstrom: Organisation, mitte: Site
) -> None:
    charger(site(nordstrom, "Ost"), "HIDDEN-1", Status.FAULTED)
    link, token = hang(nordstrom, mitte)
    mitte.delete()
    client = opened(token)
    assert "HIDDEN" not in "".join(board(client, link, name) for name in EVERY_BOARD)
    assert "critical" not in pulse(client, link)


def test_a_board_that_wasn_t_chosen_isn_t_there(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom, boards=["fleet"])
    client = opened(token)
    assert client.get(f"/kiosk/wall/{link.pk}/board/incidents/").status_code == 404
    assert client.get(f"/kiosk/wall/{link.pk}/board/nonsense/").status_code == 404


def test_html_in_names_stays_text(nordstrom: Organisation) -> None:
    evil = "<script>alert(1)</script>"
    place = site(nordstrom, evil)
    incident(World.make("W"), charger(place, "<b>CP</b>", Status.FAULTED))
    link, token = hang(nordstrom, site=place)
    client = opened(token)
    for name in EVERY_BOARD:
        assert evil not in board(client, link, name)
        assert "<b>CP</b>" not in board(client, link, name)


def test_quiet_says_since_when(nordstrom: Organisation, mitte: Site) -> None:
    one = charger(mitte, "CP-1", Status.AVAILABLE)
    link, token = hang(nordstrom)
    client = opened(token)
    assert "No incident was ever recorded here" in board(client, link, "incidents")
    ended = timezone.now() - timedelta(hours=3, minutes=5, seconds=1)
    incident(
        World.make("W"), one, state=Incident.State.RESOLVED, resolved_at=ended,
        resolution=Incident.Resolution.RECOVERED,
    )  # fmt: skip
    for name in ("fleet", "incidents"):
        assert "All quiet" in board(client, link, name)
        assert "3 h 05 min" in board(client, link, name)


def test_it_isn_t_quiet_while_a_charger_serves_nobody(nordstrom: Organisation, mitte: Site) -> None:
    charger(mitte, "CP-1", Status.FAULTED)
    link, token = hang(nordstrom)
    assert "All quiet" not in board(opened(token), link, "incidents")


def test_an_incident_says_who_has_it(nordstrom: Organisation, mitte: Site) -> None:
    one, olga = charger(mitte, "CP-1", Status.FAULTED), person("olga", Role.OPERATOR, nordstrom)
    taken = incident(World.make("W"), one)
    link, token = hang(nordstrom)
    client = opened(token)
    assert "Nobody yet" in board(client, link, "incidents")
    before = pulse(client, link)["stamp"]
    taken.state, taken.acknowledged_at, taken.acknowledged_by = "acknowledged", NOON, olga
    taken.save()
    assert "olga" in board(client, link, "incidents")
    assert pulse(client, link)["stamp"] != before


def acknowledge(one: Incident) -> None:
    one.state, one.acknowledged_at = Incident.State.ACKNOWLEDGED, NOON
    one.save()


def clear(one: Incident) -> None:
    one.cleared_at = NOON
    one.save()


def resolve(one: Incident) -> None:
    one.state, one.resolved_at, one.resolution = "resolved", NOON, "recovered"
    one.save()


def come_back(one: Incident) -> None:
    one.episode += 1
    one.save()


def another(one: Incident) -> None:
    assert one.charger
    incident(World.make("W2"), one.charger)
    resolve(one)


@pytest.mark.parametrize("change", [acknowledge, clear, resolve, come_back, another])
def test_the_stamp_changes_with_every_change_of_the_incidents(
    nordstrom: Organisation, mitte: Site, change: Callable[[Incident], None]
) -> None:
    one = incident(World.make("W"), charger(mitte, "CP-1", Status.FAULTED))
    link, token = hang(nordstrom)
    client = opened(token)
    before = pulse(client, link)["stamp"]
    assert pulse(client, link)["stamp"] == before
    change(one)
    assert pulse(client, link)["stamp"] != before


def test_a_wall_is_told_what_opened_since_it_last_asked_and_at_first_nothing(
    nordstrom: Organisation, mitte: Site
) -> None:
    one, world = charger(mitte, "CP-1", Status.FAULTED), World.make("W")
    now = timezone.now()
    incident(world, one, opened_at=now - timedelta(hours=1))
    link, token = hang(nordstrom)
    client = opened(token)
    first = pulse(client, link)
    assert first["critical"] == []
    assert first["incidents"]["critical"] == 1
    assert pulse(client, link, first["now"])["critical"] == []
    late = incident(world, one, opened_at=now - timedelta(seconds=90))
    incident(world, one, severity=2, opened_at=now)
    new = incident(world, one, opened_at=now)
    told = pulse(client, link, first["now"])["critical"]
    assert [row["key"] for row in told] == [f"{new.pk}:1", f"{late.pk}:1"]
    come_back(new)
    assert pulse(client, link, first["now"])["critical"][0]["key"] == f"{new.pk}:2"


def test_what_opened_just_before_a_wall_is_known_to_it_when_it_is_told_again(
    nordstrom: Organisation, mitte: Site
) -> None:
    one, now = charger(mitte, "CP-1", Status.FAULTED), timezone.now()
    incident(World.make("W"), one, opened_at=now - timedelta(seconds=60))
    link, token = hang(nordstrom)
    client = opened(token)
    first = pulse(client, link)
    again = pulse(client, link, first["now"])
    assert [row["key"] for row in first["critical"]] == [row["key"] for row in again["critical"]]
    assert len(again["critical"]) == 1


@pytest.mark.parametrize(
    "since",
    ["x", "2026-02-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\0", "1" * 300],
)
def test_what_no_wall_says_is_heard_as_nothing(nordstrom: Organisation, since: str) -> None:
    link, token = hang(nordstrom)
    assert pulse(opened(token), link, since)["critical"] == []


@pytest.mark.parametrize("since", ["0001-01-02T00:00:00+00:00", "9999-01-01T00:00:00+00:00"])
def test_a_wall_may_have_been_away_for_long_or_have_a_wrong_clock(
    nordstrom: Organisation, mitte: Site, since: str
) -> None:
    link, token = hang(nordstrom)
    one = charger(mitte, "CP-1", Status.FAULTED)
    incident(World.make("W"), one, opened_at=timezone.now() - timedelta(days=31))
    new = incident(World.make("W2"), one, opened_at=timezone.now())
    told = pulse(opened(token), link, since)["critical"]
    assert [row["key"] for row in told] == [f"{new.pk}:1"]


def test_a_pulse_reads_few_rows_however_many_incidents_are_open(
    nordstrom: Organisation, mitte: Site
) -> None:
    one, world = charger(mitte, "CP-1", Status.FAULTED), World.make("W")
    for _ in range(MOST_CRITICAL + 10):
        incident(world, one, opened_at=timezone.now())
    link, token = hang(nordstrom)
    client = opened(token)
    with CaptureQueriesContext(connection) as asked:
        told = pulse(client, link, timezone.now().isoformat())
    assert told["incidents"]["critical"] == MOST_CRITICAL + 10
    assert len(told["critical"]) == MOST_CRITICAL
    of_incidents = [q["sql"] for q in asked if 'FROM "alerts_incident"' in q["sql"]]
    assert len(of_incidents) == 2
    assert all("GROUP BY" in sql or "LIMIT" in sql for sql in of_incidents)


def test_the_wall_speaks_its_own_language(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom, language="de")
    wall = opened(token).get(f"/kiosk/wall/{link.pk}/", headers={"Accept-Language": "en"})
    assert '<html lang="de"' in wall.content.decode()


def test_every_board_asks_few_questions_of_a_large_fleet(
    nordstrom: Organisation, mitte: Site
) -> None:
    places = [mitte, *(site(nordstrom) for _ in range(40))]
    world = World.make("W")
    for number in range(120):
        one = charger(places[number % 41], "", Status.FAULTED, Status.CHARGING)
        incident(world, one, severity=number % 4 + 1)
    link, token = hang(nordstrom, *places, site=mitte)
    client = opened(token)
    for name in BOARDS:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            board(client, link, name)
        assert len(asked) <= 15, f"{name}: {len(asked)}"
    with CaptureQueriesContext(connection) as asked:
        pulse(client, link)
    assert len(asked) <= 10


# --- Signs of life -----------------------------------------------------------------------------


def beats(now: Any = None) -> dict[str, life.Beat]:
    return {beat.name: beat for beat in life.beats(now or timezone.now())}


def test_a_gateway_lives_while_it_renews_its_lease(db: None) -> None:
    now = timezone.now()
    assert beats()["gateway"] == life.Beat("gateway", life.PARTS["gateway"][0], None, False)
    gateway = Gateway.objects.create(
        id=uuid4(), host="a", pid=1, started_at=now, lease_until=now + timedelta(seconds=15)
    )
    assert beats()["gateway"].alive
    assert not beats(now + timedelta(minutes=1))["gateway"].alive
    gateway.ended_at = gateway.lease_until = now - timedelta(minutes=5)
    gateway.save()
    assert not beats()["gateway"].alive


def test_workers_and_the_scheduler_live_while_they_say_so(db: None) -> None:
    now = timezone.now().timestamp()
    told = {"worker@old-host": now - 900, "worker@host": now, "batch@host": now, "beat": now - 60}
    valkey.client().delete(valkey.key(signs.HASH))
    valkey.client().hset(valkey.key(signs.HASH), mapping={k: str(v) for k, v in told.items()})
    assert beats()["worker"].alive
    assert not beats()["beat"].alive
    valkey.client().hset(valkey.key(signs.HASH), "batch@host", str(now - 60))
    assert not beats()["worker"].alive


def test_the_wall_says_so_when_the_database_is_away(
    nordstrom: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, token = hang(nordstrom)

    def away(_token: str) -> KioskLink | None:
        raise OperationalError("no")

    monkeypatch.setattr(links, "find", away)
    request = RequestFactory().get("/")
    request.COOKIES[views.COOKIE] = token
    answer = views.pulse(request, link_id=link.pk)
    assert answer.status_code == 503
    assert b'"beats"' in answer.content


# --- Hanging walls -----------------------------------------------------------------------------


def form(owner: Organisation, **fields: Any) -> dict[str, Any]:
    return {
        "name": "NOC", "organisation": owner.pk, "boards": ["fleet", "incidents"],
        "rotation": 20, "language": "en", "theme": "dark", "timezone": "Europe/Berlin",
    } | fields  # fmt: skip


@pytest.mark.parametrize("role", [Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR])
def test_a_wall_is_hung_and_its_link_shown_once(nordstrom: Organisation, role: Role) -> None:
    client = signed_in(person("p", role, nordstrom))
    answer = client.post("/kiosks/new/", form(nordstrom))
    found = re.search(r"http://testserver/kiosk/(kwk_[\w-]+)/", answer.content.decode())
    assert found
    link = KioskLink.objects.get()
    assert links.find(found[1]) == link
    assert found[1] not in client.get("/kiosks/").content.decode()
    assert found[1] not in client.get(f"/kiosks/{link.pk}/").content.decode()
    assert client.post(f"/kiosks/{link.pk}/revoke/").status_code == 302
    assert links.find(found[1]) is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.CONTRACTOR])
def test_other_roles_hang_none(nordstrom: Organisation, role: Role) -> None:
    link, _token = hang(nordstrom)
    client = signed_in(person("p", role, nordstrom))
    assert client.post("/kiosks/new/", form(nordstrom)).status_code == 403
    assert client.post(f"/kiosks/{link.pk}/revoke/").status_code == 404
    assert client.get(f"/kiosks/{link.pk}/").status_code == 404
    assert KioskLink.objects.filter(revoked_at=None).count() == 1


def test_a_wall_outlives_who_hung_it(nordstrom: Organisation) -> None:
    link, token = hang(nordstrom, created_by=person("gone", Role.LEAD, nordstrom))
    assert link.created_by
    link.created_by.delete()
    assert opened(token).get(f"/kiosk/wall/{link.pk}/").status_code == 200
    assert "NOC" in signed_in(person("lea", Role.LEAD, nordstrom)).get("/kiosks/").content.decode()


def test_who_sees_some_sites_shows_no_others(nordstrom: Organisation, mitte: Site) -> None:
    ost = site(nordstrom, "Ost")
    client = signed_in(person("lea", Role.LEAD, nordstrom, sites=(mitte,)))
    for bad in ({}, {"sites": [ost.pk]}, {"sites": [mitte.pk, ost.pk]}):
        assert client.post("/kiosks/new/", form(nordstrom, **bad)).status_code == 200
    assert not KioskLink.objects.exists()
    client.post("/kiosks/new/", form(nordstrom, sites=[mitte.pk]))
    mine = KioskLink.objects.get()
    whole, _token = hang(nordstrom)
    theirs, _token = hang(nordstrom, mitte, ost)
    assert client.get(f"/kiosks/{mine.pk}/").status_code == 200
    assert client.get(f"/kiosks/{whole.pk}/").status_code == 404
    assert client.get(f"/kiosks/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""}, {"name": "x" * 81}, {"boards": []}, {"boards": ["evil"]}, {"rotation": 2},
        {"rotation": "x"}, {"rotation": 99999}, {"timezone": "Mars/Base"}, {"language": "xx"},
        {"boards": ["site"]}, {"organisation": 999_999}, {"sites": ["x"]}, {"name": "\0"},
    ],
)  # fmt: skip
def test_what_makes_no_wall_is_said(nordstrom: Organisation, bad: dict[str, Any]) -> None:
    client = signed_in(person("lea", Role.LEAD, nordstrom))
    answer = client.post("/kiosks/new/", form(nordstrom, **bad))
    assert answer.status_code == 200
    assert "kw-form-error" in answer.content.decode()
    assert not KioskLink.objects.exists()


def test_incidents_of_an_onlooker_are_those_of_its_sites(
    nordstrom: Organisation, mitte: Site
) -> None:
    world = World.make("W")
    mine = incident(world, charger(mitte, "A", Status.FAULTED))
    incident(world, charger(site(nordstrom, "Ost"), "B", Status.FAULTED))
    ours = Incident.objects.create(
        detector=DetectorName.NO_GATEWAY, dedup_key="x", subject="x", severity=1, since=NOON,
        opened_at=NOON, policy_version=world_policy(),
    )  # fmt: skip
    seen = alerts_access.incidents(Onlooker(nordstrom.pk, frozenset({mitte.pk})))
    assert list(seen) == [mine]
    assert ours not in seen
    assert not ConnectionSpan.objects.exists()
