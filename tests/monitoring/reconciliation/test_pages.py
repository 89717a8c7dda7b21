"""What people and programs see of meters that disagree."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Evse, Organisation, Role
from monitoring.facts import Status
from monitoring.models import Session, SessionReconciliation
from monitoring.reconciliation.metrics import read
from tests import network
from tests.network import NOON


@pytest.fixture
def port(db: None) -> Evse:
    """A port whose charger has an ugly name."""
    place = network.site(network.tenant(), "<b>Depot</b>")
    return network.charger(place, "CP-1", Status.AVAILABLE).evses.get()


@pytest.fixture
def vera(port: Evse) -> Client:
    """A viewer."""
    return network.signed_in(network.person("vera", Role.VIEWER, Organisation.objects.get()))


def judged(port: Evse, key: int, verdict: str, **said: object) -> SessionReconciliation:
    session = Session.objects.create(
        id=key, charger=port.charger, evse=port, transaction_id=f"TX-{key}", started=NOON,
        ended=NOON, received=NOON, updated=NOON,
    )  # fmt: skip
    said = {"basis": "registers", "billable": 7_000.0, "ended": timezone.now()} | said
    return SessionReconciliation.objects.create(
        session=session, charger=port.charger, verdict=verdict, samples=9, checked_at=NOON, **said
    )


def places(page: str, *words: str) -> list[int]:
    return [page.index(word) for word in words]


def test_the_worst_stands_first_and_what_agrees_not_at_all(port, vera):
    judged(port, 11, "doubtful", difference=-900_000.0)
    judged(port, 12, "contradictory", difference=-2_000.0)
    judged(port, 13, "contradictory", difference=50_000.0, cause="meter_reset")
    judged(port, 14, "agrees", difference=0.0)

    page = vera.get("/meters/").content.decode()

    order = places(page, "/sessions/13/", "/sessions/12/", "/sessions/11/")
    assert order == sorted(order)
    assert "/sessions/14/" not in page
    assert "&lt;b&gt;Depot" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("verdict=agrees", {14}), ("cause=meter_reset", {13}), ("charger=cp-1", {12, 13}),
     ("charger=CP-2", set()), ("window=7d", {12, 13}), ("verdict=no%00nsense&page=x", {12, 13})],
)  # fmt: skip
def test_the_list_is_narrowed_as_its_address_says(port, vera, query, shown):
    judged(port, 12, "contradictory")
    judged(port, 13, "doubtful", cause="meter_reset")
    judged(port, 14, "agrees")
    judged(port, 15, "contradictory", ended=timezone.now() - timedelta(days=300))

    page = vera.get(f"/meters/?{query}").content.decode()

    assert {key for key in (12, 13, 14, 15) if f"/sessions/{key}/" in page} == shown


def test_the_download_holds_what_the_list_holds(port, vera):
    judged(port, 12, "contradictory", by_registers=-3_000.0, share=0.5, difference=1.0)

    lines = b"".join(vera.get("/meters/export/").streaming_content).decode().splitlines()

    assert len(lines) == 2
    assert ",-3.0,,,,0.001,0.5,,contradictory,registers,7.0" in lines[1]


def test_a_page_of_many_needs_few_queries(port, vera, django_assert_max_num_queries):
    for key in range(100, 160):
        judged(port, key, "contradictory")

    with django_assert_max_num_queries(12):
        assert vera.get("/meters/").status_code == 200


def test_nothing_to_look_at_is_said(port, vera):
    assert "All meters agree" in vera.get("/meters/").content.decode()


def test_a_session_shows_its_three_figures_and_what_to_bill(port, vera):
    judged(port, 12, "contradictory", by_registers=-3_000.0, by_samples=7_000.0,
           difference=-10_000.0, share=1.0, cause="meter_backwards", basis="samples")  # fmt: skip

    page = vera.get("/chargers/CP-1/sessions/12/").content.decode()

    for words in ("-3.00 kWh", "7.00 kWh", "meter ran backwards", "the registers of the samples"):
        assert words in page, words


def test_a_session_that_runs_has_no_verdict(port, vera):
    Session.objects.create(
        id=12, charger=port.charger, evse=port, transaction_id="12", started=NOON, received=NOON,
        updated=NOON,
    )  # fmt: skip

    assert "session-meters" not in vera.get("/chargers/CP-1/sessions/12/").content.decode()


def test_programs_read_the_verdicts(port, vera):
    judged(port, 12, "contradictory", by_samples=7_000.0)
    judged(port, 13, "agrees")

    found = vera.get("/api/v1/reconciliations/?verdict=contradictory").json()["results"]

    assert [(row["session"], row["billable"], row["by_samples"]) for row in found] == [
        (12, 7_000.0, 7_000.0)
    ]


def test_prometheus_counts_the_disagreements_of_the_last_day(port):
    judged(port, 12, "contradictory")
    judged(port, 13, "agrees")
    judged(port, 14, "contradictory", ended=timezone.now() - timedelta(days=2))

    (family,) = read()

    told = {sample.labels["verdict"]: sample.value for sample in family.samples}
    assert told == {"doubtful": 0, "contradictory": 1}
