"""The demo: people and a network, made again as often as one likes."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cpms.control.models import Token
from cpms.ocpp.simulator import roster
from cpms.ocpp.simulator.drivers import CARDS
from cpms.ocpp.simulator.scenarios import check
from cpms.web.demo import past
from inventory import access, credentials
from inventory.models import Charger, Evse, Lifecycle, Organisation
from monitoring.kpis.queries import Days
from monitoring.kpis.sums import sums
from monitoring.models import (
    ConnectionSpan,
    Exclusion,
    MaintenanceWindow,
    Outage,
    Session,
    StatusSpan,
)
from tests.network import charger, signed_in


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA = tmp_path
    settings.DEBUG = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Fast.
    return tmp_path


def demo(chargers: int) -> str:
    out = StringIO()
    call_command("demo", chargers=chargers, stdout=out)
    return out.getvalue()


def in_service() -> set[str]:
    living = Charger.objects.exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    return set(living.values_list("identity", flat=True))


def test_the_roster_plays_exactly_the_chargers_that_are_on_file(db: None, folder: Path) -> None:
    demo(20)
    specs = roster.read(folder / roster.FILE_NAME)
    assert {spec.identity for spec in specs} == in_service()
    for spec in specs:
        check(spec.scenario)
        made = Charger.objects.get(identity=spec.identity)
        assert credentials.matches(bytes(made.password_digest or b""), bytes.fromhex(spec.password))
        assert made.evses.count() == spec.connectors
        assert made.site.timezone == spec.time_zone
        assert made.commissioned_at is not None


def test_some_chargers_have_a_bad_day_and_most_do_not(db: None, folder: Path) -> None:
    demo(40)
    scenarios = [spec.scenario for spec in roster.read(folder / roster.FILE_NAME)]
    assert scenarios.count("normal") > len(scenarios) / 2
    assert len(set(scenarios)) >= 4


def test_made_again_it_changes_nothing(db: None, folder: Path) -> None:
    first = demo(8)
    before = (roster.read(folder / roster.FILE_NAME), Evse.objects.count(), Token.objects.count())
    assert demo(8) == first
    assert before == (
        roster.read(folder / roster.FILE_NAME),
        Evse.objects.count(),
        Token.objects.count(),
    )


def test_a_smaller_fleet_retires_the_demo_s_own_chargers_and_a_larger_one_brings_them_back(
    db: None, folder: Path
) -> None:
    demo(8)
    whole = in_service()
    real = charger(Charger.objects.first().site, "REAL-1")  # type: ignore[union-attr]
    demo(3)
    assert len(in_service()) == 4
    assert real.identity in in_service()
    demo(8)
    assert in_service() == whole | {"REAL-1"}


def test_a_lost_roster_gives_the_chargers_new_keys(db: None, folder: Path) -> None:
    demo(2)
    (folder / roster.FILE_NAME).unlink()
    demo(2)
    for spec in roster.read(folder / roster.FILE_NAME):
        kept = Charger.objects.get(identity=spec.identity).password_digest
        assert credentials.matches(bytes(kept or b""), bytes.fromhex(spec.password))


def test_the_passwords_are_kept_where_only_we_can_read_them(db: None, folder: Path) -> None:
    printed = demo(1)
    path = folder / "demo-users.json"
    assert path.stat().st_mode & 0o077 == 0
    for username, password in json.loads(path.read_text()).items():
        assert f"login {username} / {password}" in printed
        assert Client().login(username=username, password=password)


def test_people_see_what_their_role_is_for(db: None, folder: Path) -> None:
    demo(20)

    def seen(username: str) -> set[str]:
        user = User.objects.get(username=username)
        return set(access.organisations(user).values_list("slug", flat=True))

    assert seen("operator") == {"kilowatt-one"}
    assert seen("partner") == {"northern-charge"}
    assert seen("lead") == seen("admin") == {"kilowatt-one", "northern-charge"}
    contractor = User.objects.get(username="contractor")
    assert list(access.sites(contractor).values_list("name", flat=True)) == ["Berlin Ostbahnhof"]


def test_drivers_cards_are_known_at_both_tenants(db: None, folder: Path) -> None:
    demo(1)
    for organisation in Organisation.objects.all():
        assert organisation.tokens.count() == len(CARDS)


def test_every_page_says_that_the_fleet_is_simulated(db: None, folder: Path) -> None:

    demo(1)
    client = signed_in(User.objects.get(username="operator"))
    assert "this fleet is simulated" in client.get("/").content.decode()
    demo(0)
    assert "this fleet is simulated" not in client.get("/").content.decode()


def test_outside_debug_there_is_no_demo(db: None, folder: Path, settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        demo(1)
    assert not (folder / "demo-users.json").exists()


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_an_impossible_number_of_chargers_is_refused(db: None, folder: Path, number: int) -> None:
    with pytest.raises(CommandError, match="--chargers"):
        demo(number)


def test_the_demo_s_chargers_get_a_past_once(db: None, folder: Path) -> None:
    demo(18)
    began = {pk: at for pk, at in Charger.objects.values_list("pk", "commissioned_at") if at}

    call_command("demo", past=True)
    first = rows()
    call_command("demo", past=True)

    assert rows() == first
    for pk, before in began.items():
        made = Charger.objects.get(pk=pk)
        assert made.commissioned_at == before - timedelta(days=90)
        assert (made.connections.latest("opened").closed or before) <= before
    assert_seen()


def rows() -> list[int]:
    """Return how many rows there are of what a past is made of."""
    tables = (Session, StatusSpan, ConnectionSpan, Exclusion, MaintenanceWindow, Outage)
    return [table.objects.count() for table in tables]


def assert_seen() -> None:
    """Look for the past in the figures, the ledger and what people decided."""
    now = timezone.now()
    days = Days((now - timedelta(days=88)).date(), (now - timedelta(days=1)).date())
    (fleet,) = sums(Charger.objects.all(), days, now=now)
    assert set(fleet.ports.lenses) == {"nevi", "uk", "california", "contract"}
    assert 0.9 < fleet.ports.up / fleet.ports.measured < 0.995
    assert 0.85 < fleet.ports.successes / fleet.ports.attempts < 0.98
    assert fleet.ports.silent > 0
    assert fleet.ports.planned > 0
    assert set(Exclusion.objects.values_list("state", flat=True)) == {"approved", "proposed"}
    assert Outage.objects.filter(kind="faulted").count() > 10


def test_the_past_is_the_same_for_the_same_charger() -> None:
    one, other = (past.of("DE-BER-0004", 2, 150_000, is_dc=True) for _each in range(2))

    assert one == other
    for port in one.ports:
        times = [said.at for said in port.said]
        assert times == sorted(times)
        assert all(0 <= charge.start < charge.end <= past.LENGTH for charge in port.charges)
