"""Exclusions: one proposes, another approves, all of it is kept, and bad ones are told why not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from inventory.models import Evse, Membership, Role
from monitoring.kpis import histories
from monitoring.models import DirtyDay, Exclusion, Outage
from monitoring.outages import exclusions
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.exclusions import ExclusionError
from tests import network
from tests.monitoring.outages.ledger import NOW, Ledger, at, ledger, outage, png, wish

SECOND = timedelta(seconds=1)


@pytest.fixture
def book(db: None) -> Ledger:
    return ledger()


def proposed(book: Ledger, **fields: object) -> Exclusion:
    wanted = wish(book.port, at(3, 10), at(3, 12), **fields)
    return exclusions.propose(wanted, by=book.contractor, now=NOW)


def kinds(exclusion: Exclusion) -> list[str]:
    return list(exclusion.entries.values_list("kind", flat=True))


def marked() -> set[tuple[str, int]]:
    return {(mark.charger.identity, mark.day.day) for mark in DirtyDay.objects.all()}


def test_a_proposal_counts_only_once_another_person_approves_it(book: Ledger) -> None:
    exclusion = proposed(book)
    assert not marked()
    assert not excluded(book)
    approved = exclusions.approve(exclusion, by=book.lead, now=NOW, note="Seen the bill.")
    assert (approved.state, approved.decided_by, approved.decided_at) == (
        "approved",
        book.lead,
        NOW,
    )
    assert kinds(exclusion) == ["proposed", "approved"]
    assert exclusion.entries.latest("at", "id").note == "Seen the bill."
    assert marked() == {("CP-1", 3)}
    assert excluded(book) == {"CP-1/1": ["utility_outage"]}


def excluded(book: Ledger) -> dict[str, list[str]]:
    """Return the reasons that the roll-up reads, by port."""
    found = histories.histories([book.charger.pk, book.other.pk], at(2), at(5), NOW)
    ports = {key: port for one in found.values() for key, port in one.ports.items()}
    return {
        str(Evse.objects.get(pk=key)): [one.reason for one in port.exclusions]
        for key, port in sorted(ports.items())
        if port.exclusions
    }


def test_one_for_a_site_is_for_all_its_ports_and_one_for_a_charger_for_its_own(
    book: Ledger,
) -> None:
    for place, reason in ((book.site, "utility_outage"), (book.charger, "vandalism")):
        wanted = wish(place, at(3, 10), at(3, 12), reason=reason)
        exclusion = exclusions.propose(wanted, by=book.operator, now=NOW)
        exclusions.approve(exclusion, by=book.lead, now=NOW)
    assert marked() == {("CP-1", 3), ("CP-2", 3)}
    assert excluded(book) == {
        "CP-1/1": ["utility_outage", "vandalism"],
        "CP-1/2": ["utility_outage", "vandalism"],
        "CP-2/1": ["utility_outage"],
    }


def test_nobody_approves_what_they_proposed(book: Ledger) -> None:
    own = exclusions.propose(wish(book.port, at(3, 10), at(3, 12)), by=book.lead, now=NOW)
    with pytest.raises(NotAllowedError, match="another person"):
        exclusions.approve(own, by=book.lead, now=NOW)
    assert kinds(own) == ["proposed"]


def test_the_database_refuses_it_too(book: Ledger) -> None:
    exclusion = proposed(book)
    exclusion.state, exclusion.decided_at = "approved", NOW
    for nobody in (book.contractor, None):
        exclusion.decided_by = nobody
        with pytest.raises(IntegrityError), transaction.atomic():
            exclusion.save()


def test_roles_that_may_not_are_told_so(book: Ledger) -> None:
    viewer = network.person("vera", Role.VIEWER, book.tenant)
    stranger = network.person("sam", Role.ADMINISTRATOR, network.tenant("Sudwind"))
    exclusion = proposed(book)
    for who in (viewer, stranger):
        with pytest.raises(NotAllowedError):
            exclusions.propose(wish(book.site, at(3, 10), at(3, 12)), by=who, now=NOW)
    for who in (viewer, stranger, book.operator, book.contractor):
        with pytest.raises(NotAllowedError):
            exclusions.approve(exclusion, by=who, now=NOW)
        with pytest.raises(NotAllowedError):
            exclusions.reject(exclusion, by=who, now=NOW, note="No.")
    for who in (viewer, stranger, book.operator):
        with pytest.raises(NotAllowedError):
            exclusions.withdraw(exclusion, by=who, now=NOW, note="No.")


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        (at(3, 12), at(3, 10), "ends before it starts"),
        (at(3, 10), at(3, 10), "ends before it starts"),
        (at(3, 10), NOW + SECOND, "in the future"),
        (
            NOW - timedelta(days=400) - SECOND,
            at(3),
            "record reaches: not before 2025-02",
        ),
        (at(3) - timedelta(days=90), at(6), "longer than 92 days"),
    ],
)
def test_bad_times_are_refused_with_what_to_do(
    book: Ledger, start: datetime, end: datetime, sentence: str
) -> None:
    with pytest.raises(ExclusionError, match=sentence):
        exclusions.propose(wish(book.port, start, end), by=book.operator, now=NOW)
    assert not Exclusion.objects.exists()


def test_what_can_not_be_computed_again_is_not_decided_as_if_it_counted(
    book: Ledger, settings: Settings
) -> None:
    """Days that begin less than `record.MARGIN` after the record does are as good as forgotten."""
    settings.HISTORY_RETENTION_DAYS = 90
    forgotten = at(3, 10) + timedelta(days=89)
    with pytest.raises(ExclusionError, match="before the record reaches"):
        exclusions.propose(wish(book.port, at(3, 10), at(3, 12)), by=book.contractor, now=forgotten)
    exclusion = proposed(book)
    with pytest.raises(ExclusionError, match="before the record reaches"):
        exclusions.approve(exclusion, by=book.lead, now=forgotten)
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    with pytest.raises(ExclusionError, match="before the record reaches"):
        exclusions.withdraw(exclusion, by=book.lead, now=forgotten, note="It was us.")
    assert kinds(exclusion) == ["proposed", "approved"]


def test_one_that_meets_no_outage_names_the_nearest(book: Ledger) -> None:
    outage(book.port, at(4, 9), at(4, 10))
    for start, end, near in (
        (at(3, 12), at(3, 13), "2026-03-03 11:00 – 13:00"),
        (at(4, 8), at(4, 9), "2026-03-04 10:00 – 11:00"),
    ):
        with pytest.raises(ExclusionError, match=near):
            exclusions.propose(wish(book.port, start, end), by=book.operator, now=NOW)
    with pytest.raises(ExclusionError, match="CP-2 has had no outage"):
        exclusions.propose(wish(book.other, at(3, 10), at(3, 12)), by=book.operator, now=NOW)


def test_an_outage_that_goes_on_can_be_taken_out_up_to_now(book: Ledger) -> None:
    outage(book.beside, at(20, 10), None)
    exclusions.propose(wish(book.beside, at(20, 11), NOW), by=book.operator, now=NOW)
    with pytest.raises(ExclusionError, match="nearest was since 2026-03-20 11:00"):
        exclusions.propose(wish(book.beside, at(20, 8), at(20, 9)), by=book.operator, now=NOW)


def test_one_that_overlaps_another_of_the_same_scope_names_it(book: Ledger) -> None:
    first = proposed(book)
    wanted = wish(book.port, at(3, 11), at(3, 13))
    with pytest.raises(ExclusionError, match=rf"overlaps number {first.pk} \(Proposed: Utility"):
        exclusions.propose(wanted, by=book.operator, now=NOW)
    exclusions.propose(wish(book.charger, at(3, 11), at(3, 13)), by=book.operator, now=NOW)
    exclusions.reject(first, by=book.lead, now=NOW, note="The bill says otherwise.")
    exclusions.propose(wanted, by=book.operator, now=NOW)


def test_it_changes_only_by_its_proposer_and_while_it_is_open(book: Ledger) -> None:
    exclusion = proposed(book)
    wanted = wish(book.port, at(3, 10, 30), at(3, 12), reason="vandalism")
    with pytest.raises(NotAllowedError, match="Only carl"):
        exclusions.change(exclusion, wanted, by=book.lead, now=NOW)
    exclusions.change(exclusion, wanted, by=book.contractor, now=NOW)
    assert exclusion.entries.latest("at", "id").changes == {
        "from": ["2026-03-03T10:00:00Z", "2026-03-03T10:30:00Z"],
        "reason": ["utility_outage", "vandalism"],
    }
    exclusions.change(exclusion, wanted, by=book.contractor, now=NOW)
    assert kinds(exclusion) == ["proposed", "changed"]
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    with pytest.raises(ExclusionError, match="already: approved by lea on 2026-03-20 13:00"):
        exclusions.change(exclusion, wanted, by=book.contractor, now=NOW)


def test_it_is_not_moved_to_where_its_proposer_may_only_look(book: Ledger) -> None:
    elsewhere = network.tenant("Sudwind")
    Membership.objects.create(user=book.contractor, organisation=elsewhere, role=Role.VIEWER)
    foreign = network.charger(network.site(elsewhere, "Hafen"), "CP-9")
    outage(Evse.objects.create(charger=foreign, number=1), at(3, 10), at(3, 12))
    exclusion = proposed(book)
    with pytest.raises(NotAllowedError):
        exclusions.change(
            exclusion, wish(foreign, at(3, 10), at(3, 12)), by=book.contractor, now=NOW
        )
    assert Exclusion.objects.get().site == book.site


def test_who_looked_before_it_changed_has_to_look_again(book: Ledger) -> None:
    exclusion = proposed(book)
    seen = exclusions.version(exclusion)
    exclusions.note(exclusion, "The grid's mail is in the folder.", by=book.operator, now=NOW)
    assert exclusions.version(exclusion) == seen
    wanted = wish(book.port, at(3, 9), at(3, 12))
    exclusions.change(exclusion, wanted, by=book.contractor, now=NOW, seen=seen)
    with pytest.raises(ExclusionError, match="changed since you looked"):
        exclusions.approve(exclusion, by=book.lead, now=NOW, seen=seen)
    exclusions.approve(exclusion, by=book.lead, now=NOW, seen=exclusions.version(exclusion))


def test_an_approved_one_is_withdrawn_by_an_approver_who_says_why(book: Ledger) -> None:
    exclusion = proposed(book)
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    DirtyDay.objects.all().delete()
    with pytest.raises(NotAllowedError):
        exclusions.withdraw(exclusion, by=book.contractor, now=NOW, note="It was us.")
    with pytest.raises(ExclusionError, match="Say why"):
        exclusions.withdraw(exclusion, by=book.lead, now=NOW, note=" \0")
    exclusions.withdraw(exclusion, by=book.lead, now=NOW, note="It was us.")
    assert kinds(exclusion) == ["proposed", "approved", "withdrawn"]
    assert marked() == {("CP-1", 3)}
    assert not excluded(book)


def test_who_proposed_it_may_take_it_back(book: Ledger) -> None:
    exclusion = proposed(book)
    exclusions.withdraw(exclusion, by=book.contractor, now=NOW, note="The wrong port.")
    assert kinds(exclusion) == ["proposed", "withdrawn"]
    assert not marked()
    with pytest.raises(ExclusionError, match="decided already: withdrawn by carl"):
        exclusions.approve(exclusion, by=book.lead, now=NOW)


def test_late_data_that_takes_its_outage_away_leaves_an_approved_one(book: Ledger) -> None:
    exclusion = proposed(book)
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    Outage.objects.all().delete()
    assert excluded(book) == {"CP-1/1": ["utility_outage"]}


def test_more_work_that_was_excluded_recounts_the_later_work_of_the_year(book: Ledger) -> None:
    for day in (3, 9):
        outage(book.beside, at(day, 10), at(day, 12))
        wanted = wish(book.beside, at(day, 10), at(day, 12), reason="scheduled_maintenance")
        exclusion = exclusions.propose(wanted, by=book.contractor, now=NOW)
        exclusions.approve(exclusion, by=book.lead, now=NOW)
    DirtyDay.objects.all().delete()
    outage(book.beside, at(5, 10), at(5, 12))
    wanted = wish(book.beside, at(5, 10), at(5, 12), reason="scheduled_maintenance")
    exclusion = exclusions.propose(wanted, by=book.contractor, now=NOW)
    exclusions.approve(exclusion, by=book.lead, now=NOW)
    assert marked() == {("CP-1", 5), ("CP-1", 9)}


@pytest.mark.parametrize(
    ("photo", "sentence"),
    [
        (b"<svg onload='alert(1)'>", "neither a JPEG nor a PNG"),
        (png()[:-6], "damaged or cut off"),
        (png(width=200_000_000)[:60] + png()[33:], "damaged|too many pixels"),
        (b"\xff\xd8\xff" + bytes(10_000_000), "larger than 10 MB"),
    ],
)
def test_what_is_no_photo_is_refused(book: Ledger, photo: bytes, sentence: str) -> None:
    with pytest.raises(ExclusionError, match=sentence):
        proposed(book, photo=photo)


def test_a_photo_is_kept_as_it_came_and_its_change_is_noted(book: Ledger) -> None:
    exclusion = proposed(book, photo=png((b"tEXt", b"Author\0carl")))
    assert bytes(Exclusion.objects.get().photo or b"") == png((b"tEXt", b"Author\0carl"))
    assert exclusion.photo_type == "image/png"
    first = exclusion.photo_sha256
    wanted = wish(book.port, at(3, 10), at(3, 12), photo=b"")
    exclusions.change(exclusion, wanted, by=book.contractor, now=NOW)
    assert exclusion.entries.latest("at", "id").changes == {"photo": [first, ""]}
    assert Exclusion.objects.get().photo is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_the_second_is_told_who_was_first() -> None:
    book = ledger()
    manager = network.person("mia", Role.MANAGER, book.tenant)
    exclusion = proposed(book)
    together = threading.Barrier(2)

    def decide(who: User) -> str:
        together.wait(30)
        try:
            exclusions.approve(exclusion, by=who, now=NOW)
        except LedgerError as problem:
            return str(problem)
        finally:
            connection.close()
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(decide, (book.lead, manager)))
    assert kinds(exclusion) == ["proposed", "approved"]
    assert said[0].startswith("It is decided already: approved by ")
    assert said[1] == "approved"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_the_same_at_once_one_is_refused() -> None:
    book = ledger()
    together = threading.Barrier(2)

    def ask(who: User) -> str:
        together.wait(30)
        try:
            exclusions.propose(wish(book.port, at(3, 10), at(3, 12)), by=who, now=NOW)
        except LedgerError:
            return "refused"
        finally:
            connection.close()
        return "proposed"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(ask, (book.operator, book.contractor)))
    assert said == ["proposed", "refused"]
