"""What a port's and a charger's effective state is, in Python and in the database alike."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import product

import pytest
from django.db import connection, transaction

from inventory.models import Charger, Evse
from monitoring import effective
from monitoring.effective import RANK, State, charger_state, port_state
from monitoring.facts import Status
from monitoring.models import ChargerState, EffectiveState, PortState
from tests.alerts.world import minutes
from tests.network import NOON, charger, port, site, tenant

TWO_STATUSES = list(product(Status, Status))


@pytest.mark.parametrize("status", list(Status))
def test_an_offline_charger_s_port_is_offline_whatever_it_last_said(status: Status) -> None:
    assert port_state(online=False, seen=True, status=status) is State.OFFLINE


@pytest.mark.parametrize("status", list(Status))
def test_a_charger_that_was_never_seen_is_unknown_rather_than_offline(status: Status) -> None:
    assert port_state(online=False, seen=False, status=status) is State.UNKNOWN


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.AVAILABLE, State.AVAILABLE),
        (Status.PREPARING, State.OCCUPIED),
        (Status.OCCUPIED, State.OCCUPIED),
        (Status.CHARGING, State.CHARGING),
        (Status.SUSPENDED_EV, State.OCCUPIED),
        (Status.SUSPENDED_EVSE, State.OCCUPIED),
        (Status.FINISHING, State.OCCUPIED),
        (Status.RESERVED, State.RESERVED),
        (Status.UNAVAILABLE, State.UNAVAILABLE),
        (Status.FAULTED, State.FAULTED),
        (Status.UNKNOWN, State.UNKNOWN),
    ],
)
def test_an_online_port_is_what_it_reports(status: Status, state: State) -> None:
    assert port_state(online=True, seen=True, status=status) is state


def test_a_status_nobody_has_heard_of_is_unknown() -> None:
    assert port_state(online=True, seen=True, status="Sleeping") is State.UNKNOWN


def test_a_charger_is_as_bad_as_its_worst_port() -> None:
    ports = [Status.CHARGING, Status.FAULTED]
    assert charger_state(online=True, seen=True, own_status="", ports=ports) is State.FAULTED


def test_a_fault_of_the_charger_itself_counts_though_its_ports_are_fine() -> None:
    state = charger_state(online=True, seen=True, own_status="Faulted", ports=[Status.AVAILABLE])
    assert state is State.FAULTED


def test_connector_0_being_available_says_nothing_about_the_ports() -> None:
    state = charger_state(online=True, seen=True, own_status="Available", ports=[Status.CHARGING])
    assert state is State.CHARGING


@pytest.mark.parametrize("own", ["", "Available", "Unavailable", "Faulted"])
@pytest.mark.parametrize(("online", "seen"), [(True, True), (False, True), (False, False)])
def test_the_database_finds_the_same_states(db: None, own: str, online: bool, seen: bool) -> None:
    place = site(tenant())
    since = NOON if seen else None
    fleet = [
        charger(place, "", *statuses, online=online, since=since, status=own)
        for statuses in [*TWO_STATUSES[::4], ()]
    ]
    of_charger = dict(
        effective.annotate_chargers(Charger.objects.all()).values_list("pk", "effective")
    )
    for made in fleet:
        statuses = [evse.state.status for evse in made.evses.select_related("state")]
        expected = charger_state(online=online, seen=seen, own_status=own, ports=statuses)
        assert of_charger[made.pk] == expected
        kept = EffectiveState.objects.get(charger=made)
        assert kept.rank == RANK[expected]
        ports = Counter(port_state(online=online, seen=seen, status=s) for s in statuses)
        assert {state: getattr(kept, state) for state in State} == {s: ports[s] for s in State}
    for evse in effective.annotate_ports(Evse.objects.select_related("state")):
        assert evse.effective == port_state(online=online, seen=seen, status=evse.state.status)


def test_a_port_that_never_reported_leaves_the_charger_as_the_others_are(db: None) -> None:
    made = charger(site(tenant()), "", Status.CHARGING)
    port(made, 2, None)
    assert effective.annotate_chargers(Charger.objects.all()).get().effective == "charging"
    ports = effective.annotate_ports(Evse.objects.order_by("number"))
    assert [evse.effective for evse in ports] == ["charging", "unknown"]
    kept = EffectiveState.objects.get()
    assert (kept.rank, kept.charging, kept.unknown) == (RANK[State.CHARGING], 1, 1)


def kept(of: Charger) -> tuple[State, datetime | None]:
    row = EffectiveState.objects.get(charger=of)
    return effective.WORST_FIRST[row.rank], row.since


def test_the_kept_state_follows_its_charger_from_the_first_entry_to_the_last(db: None) -> None:
    made = Charger.objects.create(site=site(tenant()), identity="CP")
    assert kept(made) == (State.UNKNOWN, None)
    ChargerState.objects.create(charger=made, online=True, since=NOON)
    assert kept(made) == (State.UNKNOWN, NOON)
    evse = port(made, 1, Status.AVAILABLE, NOON + minutes(1))
    assert kept(made) == (State.AVAILABLE, NOON + minutes(1))
    PortState.objects.filter(evse=evse).update(status=Status.FAULTED, since=NOON + minutes(2))
    assert kept(made) == (State.FAULTED, NOON + minutes(2))
    ChargerState.objects.update(online=False, since=NOON + minutes(3))
    assert kept(made) == (State.OFFLINE, NOON + minutes(3))
    ChargerState.objects.update(online=True, since=NOON + minutes(4))
    assert kept(made) == (State.FAULTED, NOON + minutes(2))
    evse.status_spans.all().delete()
    evse.delete()
    assert kept(made) == (State.UNKNOWN, NOON + minutes(4))
    made.delete()
    assert not EffectiveState.objects.exists()


def test_the_charger_s_own_fault_has_its_own_since(db: None) -> None:
    made = charger(site(tenant()), "CP", Status.AVAILABLE)
    ChargerState.objects.update(status="Faulted", status_since=NOON + minutes(5))
    assert kept(made) == (State.FAULTED, NOON + minutes(5))


def test_the_latest_change_to_the_worst_state_counts_and_no_other(db: None) -> None:
    made = charger(site(tenant()), "CP", Status.FAULTED, since=NOON)
    port(made, 2, Status.FAULTED, NOON + minutes(1))
    port(made, 3, Status.AVAILABLE, NOON + minutes(2))
    assert kept(made) == (State.FAULTED, NOON + minutes(1))


def test_a_meter_reading_and_a_proof_of_life_leave_the_kept_state_alone(db: None) -> None:
    made = charger(site(tenant()), "CP", Status.CHARGING)
    EffectiveState.objects.update(since=None)
    PortState.objects.update(status=Status.CHARGING, power=7_000.0)
    ChargerState.objects.update(last_seen=NOON + minutes(9))
    assert kept(made) == (State.CHARGING, None)


def test_two_writers_at_once_lose_neither_change(transactional_db: None) -> None:
    made = charger(site(tenant()), "CP", Status.AVAILABLE, Status.AVAILABLE)
    first, second = PortState.objects.order_by("evse__number")
    began = threading.Event()

    def write_too() -> None:
        began.set()
        PortState.objects.filter(pk=second.pk).update(status=Status.FAULTED)
        connection.close()

    other = threading.Thread(target=write_too)
    with transaction.atomic():
        PortState.objects.filter(pk=first.pk).update(status=Status.CHARGING)
        other.start()
        began.wait(10)
        wait_until(the_other_waits_for_us)
    other.join(10)
    row = EffectiveState.objects.get(charger=made)
    assert (row.charging, row.faulted, row.available) == (1, 1, 0)


def the_other_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def wait_until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
