"""What machines ask of a listener: /healthz, /readyz, /metrics."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
import time_machine
from django.db import OperationalError
from django.test import Client, RequestFactory, override_settings
from prometheus_client.parser import text_string_to_metric_families

from inventory.models import Role
from inventory.tasks import forget_idempotency_keys
from monitoring import health, metrics, task_counts, valkey
from monitoring.models import ChargerState, DailyKpi, DirtyDay, RollupState
from tests.api import NOON, Api, Tenant, add_charger

OUTSIDE = "203.0.113.9"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    health._latest = None
    for kept in (metrics.STATES, metrics.KPIS, metrics.ORGANISATIONS, metrics.FRESHNESS):
        kept.until = 0.0


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


@pytest.fixture
def counts() -> Iterator[None]:
    """Nothing in the queue, nothing counted."""
    yield
    names = (task_counts.HASH, *task_counts.QUEUES, task_counts.UNACKED)
    valkey.client().delete(*(valkey.key(name) for name in names))


def read(text: str) -> dict[tuple[str, ...], float]:
    """Return the samples by name and the values of their labels, in order of the labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape() -> dict[tuple[str, ...], float]:
    return read(metrics.text(installation=True).decode())


def test_healthz_asks_nobody(client: Client) -> None:
    """No `db` fixture: a query would fail this test."""
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_come_by_address_and_are_answered_all_the_same(db: None, path: str) -> None:
    with override_settings(ALLOWED_HOSTS=["kilowatch.example"]):
        assert Client(headers={"host": "10.1.2.3:8000"}).get(path).status_code == 200
        assert Client(headers={"host": "10.1.2.3:8000"}).get("/").status_code == 400


def test_readyz_is_ready_with_database_redis_and_migrations(db: None, client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok", "migrations": "ok"}


def test_readyz_says_what_is_away_and_nothing_more(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = redis.Redis.from_url("unix:///nowhere/valkey.sock")
    monkeypatch.setattr(valkey, "client", lambda: gone)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "unreachable", "migrations": "ok"}


def test_a_database_that_is_away_is_unreachable(db: None) -> None:
    def refuse() -> None:
        raise OperationalError("password of postgres at 10.0.0.7")

    assert health.ask({"database": refuse}) == {"database": "unreachable"}


def test_missing_migrations_are_not_ready(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *a, **k: ["one"]
    )
    assert health.ask({"migrations": health.migrations}) == {"migrations": "migrations are missing"}


def test_a_check_that_hangs_is_not_waited_for_and_takes_one_thread(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    release = threading.Event()

    def hang() -> None:
        release.wait(20)

    before = threading.active_count()
    began = time.monotonic()
    for _time in range(3):
        found = health.ask({"database": hang})
        assert found == {"database": "unreachable"}
    assert time.monotonic() - began < 5
    assert threading.active_count() <= before + 1
    release.set()
    monkeypatch.setattr(health, "PATIENCE", 5.0)
    assert health.ask({"database": lambda: None}) == {"database": "ok"}


def test_answers_stand_for_a_second(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(health, "CHECKS", {"database": lambda: asked.append(1)})
    for _time in range(5):
        health.readiness()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        (OUTSIDE, {}, 401),
        ("", {}, 401),
        ("10.9.0.1", {}, 200),
        ("10.10.0.1", {}, 401),
        ("2001:db8::7", {}, 200),
        # A proxy's own address says nothing of who asks, and what it says can be made up.
        ("127.0.0.1", {"x-forwarded-for": OUTSIDE}, 401),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 401),
        ("127.0.0.1", {"x-real-ip": "127.0.0.1"}, 401),
        ("10.9.0.1", {"x-forwarded-for": "10.9.0.2"}, 401),
        (OUTSIDE, {"x-forwarded-for": "127.0.0.1"}, 401),
    ],
)
def test_metrics_are_for_loopback_and_allowed_networks(
    db: None, peer: str, headers: dict[str, str], status: int
) -> None:
    with override_settings(METRICS_NETWORKS=["10.9.0.0/16", "2001:db8::/64"]):
        response = Client(REMOTE_ADDR=peer).get("/metrics", headers=headers)
    assert response.status_code == status
    assert (b"kilowatch" in response.content) == (status == 200)


@pytest.mark.parametrize(
    ("scopes", "status"), [(["metrics"], 200), (["read", "write"], 401), (["read", "metrics"], 200)]
)
def test_metrics_are_for_tokens_with_that_scope(
    nord: Tenant, scopes: list[str], status: int
) -> None:
    api = Api.of(nord.person(Role.VIEWER), scopes=scopes)
    response = Client(REMOTE_ADDR=OUTSIDE).get("/metrics", headers=api.headers)
    assert response.status_code == status


def test_a_wrong_token_gets_no_metrics_and_a_challenge(db: None) -> None:
    response = Client(REMOTE_ADDR=OUTSIDE).get(
        "/metrics", headers={"authorization": "Bearer kw_wrong"}
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_gateway_shows_its_own_numbers_and_not_the_installations(
    db: None, client: Client
) -> None:
    with override_settings(ROLE="gateway"):
        text = client.get("/metrics").content.decode()
    assert "python_info" in text
    assert "kilowatch_chargers{" not in text
    assert "kilowatch_chargers{" in client.get("/metrics").content.decode()


def test_the_gateway_says_what_it_is_for() -> None:
    from cpms.ocpp.urls import nothing

    response = nothing(RequestFactory().get("/"))
    assert response.status_code == 404
    assert b"/ocpp/" in response.content


def test_chargers_and_ports_are_counted_by_state(nord: Tenant) -> None:
    offline, _ports = add_charger(nord.site, "Off", ports=3)
    ChargerState.objects.filter(charger=offline).update(online=False)
    found = scrape()
    assert found["kilowatch_chargers", "available"] == 1
    assert found["kilowatch_chargers", "offline"] == 1
    assert found["kilowatch_ports", "available"] == 2
    assert found["kilowatch_ports", "offline"] == 3
    assert found["kilowatch_ports", "faulted"] == 0


def test_the_fleets_kpis_are_shown_and_none_where_there_is_no_data(nord: Tenant) -> None:
    DailyKpi.objects.create(
        evse=nord.evses[0], charger=nord.charger, day=NOON.date(), up=75, offline=25, faulted=0,
        unavailable=0, no_data=0, attempts=0, successes=0, refused=0, until=NOON,
    )  # fmt: skip
    with time_machine.travel(NOON, tick=False):
        found = scrape()
    assert found["kilowatch_uptime_ratio", "today"] == 0.75
    assert found["kilowatch_uptime_ratio", "30d"] == 0.75
    assert found["kilowatch_organisation_uptime_ratio", "nord"] == 0.75
    assert found["kilowatch_lost_port_hours", "30d"] == pytest.approx(25 / 3600)
    assert ("kilowatch_session_success_ratio", "today") not in found
    assert ("kilowatch_lens_uptime_ratio", "nevi") not in found


def test_what_waits_of_the_kpis_is_shown(nord: Tenant) -> None:
    assert scrape()["kilowatch_dirty_days",] == 0
    metrics.FRESHNESS.until = 0.0
    marked = NOON - timedelta(minutes=3)
    DirtyDay.objects.create(charger=nord.charger, day=NOON.date(), marked_at=marked)
    RollupState.objects.create(
        charger=nord.charger, refreshed_at=NOON - timedelta(seconds=20), settled_before=NOON.date()
    )
    with time_machine.travel(NOON, tick=False):
        found = scrape()
    assert found["kilowatch_dirty_days_age_seconds",] == 180
    assert found["kilowatch_kpi_refresh_age_seconds",] == 20
    assert found["kilowatch_chargers_without_sums",] == 1
    assert found["kilowatch_reports", "failed"] == 0


def test_the_fleets_numbers_are_read_at_most_every_half_minute(nord: Tenant) -> None:
    scrape()
    add_charger(nord.site, "New")
    assert scrape()["kilowatch_chargers", "available"] == 1
    metrics.STATES.until = 0.0
    assert scrape()["kilowatch_chargers", "available"] == 2


def test_a_task_is_counted_by_outcome_with_its_time(db: None, counts: None) -> None:
    forget_idempotency_keys.apply()
    name = "inventory.tasks.forget_idempotency_keys"
    found = scrape()
    assert found["kilowatch_task_runs_total", "success", name] == 1
    assert found["kilowatch_task_seconds_total", name] > 0


def test_waiting_tasks_are_counted(db: None, counts: None) -> None:
    for _time in range(3):
        forget_idempotency_keys.delay()
    assert scrape()["kilowatch_task_queue_length", "waiting"] == 3


def test_without_redis_the_other_numbers_are_shown_and_tasks_run(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = redis.Redis.from_url("unix:///nowhere/valkey.sock")
    monkeypatch.setattr(valkey, "client", lambda: gone)
    assert forget_idempotency_keys.apply().successful()
    found = scrape()
    assert found["kilowatch_chargers", "available"] == 1
    assert found["kilowatch_up", "redis"] == 0
    assert found["kilowatch_up", "database"] == 1


def test_several_processes_behind_one_socket_show_their_numbers_together(
    db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    text = metrics.text(installation=True).decode()
    assert "kilowatch_up{" in text
    assert "python_info" not in text


def test_a_gateway_is_ready_without_redis(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"database": "ok", "redis": "away", "migrations": "ok"}
    monkeypatch.setattr("monitoring.health.readiness", lambda: states)
    assert client.get("/readyz").status_code == 503
    with override_settings(ROLE="gateway"):
        assert client.get("/readyz").status_code == 200
