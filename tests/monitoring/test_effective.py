"""What a port's and a charger's effective state is, in Python and in the database alike."""

from datetime import timedelta
from itertools import product

import pytest

from inventory.models import Charger, Evse
from monitoring import effective
from monitoring.effective import State, charger_state, port_state
from monitoring.facts import Status
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
    by_urgency = dict(
        Charger.objects.order_by().values("pk").annotate(urgency=effective.urgency())
        .annotate(rank=effective.rank_of("urgency")).values_list("pk", "rank")
    )  # fmt: skip
    for made in fleet:
        statuses = [evse.state.status for evse in made.evses.select_related("state")]
        expected = charger_state(online=online, seen=seen, own_status=own, ports=statuses)
        assert of_charger[made.pk] == expected
        assert effective.WORST_FIRST[int(by_urgency[made.pk])] == expected
    for evse in effective.annotate_ports(Evse.objects.select_related("state")):
        assert evse.effective == port_state(online=online, seen=seen, status=evse.state.status)


def test_a_port_that_never_reported_leaves_the_charger_as_the_others_are(db: None) -> None:
    made = charger(site(tenant()), "", Status.CHARGING)
    port(made, 2, None)
    assert effective.annotate_chargers(Charger.objects.all()).get().effective == "charging"
    ports = effective.annotate_ports(Evse.objects.order_by("number"))
    assert [evse.effective for evse in ports] == ["charging", "unknown"]


def test_urgency_orders_by_state_and_then_the_latest_change_first(db: None) -> None:
    place = site(tenant())
    charger(place, "AVAILABLE", Status.AVAILABLE, since=NOON)
    charger(place, "FAULT-OLD", Status.FAULTED, since=NOON - timedelta(days=3))
    charger(place, "FAULT-NEW", Status.AVAILABLE, Status.FAULTED, since=NOON)
    charger(place, "LOST", Status.AVAILABLE, online=False, since=NOON - timedelta(days=9))
    charger(place, "NEVER", since=None)
    ordered = Charger.objects.order_by().values("identity").annotate(urgency=effective.urgency())
    assert [row["identity"] for row in ordered.order_by("urgency")] == [
        "LOST", "FAULT-NEW", "FAULT-OLD", "NEVER", "AVAILABLE",
    ]  # fmt: skip


def test_an_urgency_tells_since_when(db: None) -> None:
    charger(site(tenant()), "CP", Status.FAULTED, since=NOON)
    found = Charger.objects.order_by().values("pk").annotate(urgency=effective.urgency())
    since = found.annotate(since=effective.since_of("urgency")).get()["since"]
    assert since == pytest.approx(NOON.timestamp(), abs=1)
