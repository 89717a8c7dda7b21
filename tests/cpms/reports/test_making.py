"""Reports are made once, whole, and never change; a dead maker's work is gone on with."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from cpms.reports import making, orders, storage
from cpms.reports.kinds import KINDS, parts
from cpms.reports.kinds.kind import Kind
from cpms.reports.models import Report, ReportFile
from cpms.reports.order import CannotMake
from cpms.reports.orders import BadOrder
from tests.cpms.reports.filled import NOVEMBER, NOW, OCTOBER, ask, day_of, made, network, port

State = Report.State


@pytest.fixture
def fleet(db: None) -> Any:
    """One site with one port that was up in October."""
    owner, place, manager = network()
    evse = port(place)
    for number in range(31):
        day_of(evse, OCTOBER + timedelta(days=number))
    return owner, place, manager


def with_parts(monkeypatch: pytest.MonkeyPatch, *written: Callable[..., None]) -> None:
    """Have a site's report consist of such files."""
    made = [parts.Part(f"{n}.csv", "csv", f"part {n}", write) for n, write in enumerate(written)]
    monkeypatch.setattr(Kind, "parts", lambda *_: made)


def plain(path: Path, _tick: object) -> None:
    path.write_text("whole\n")


def test_a_report_is_made_with_its_files_hashes_and_manifest(fleet: Any) -> None:
    report = made(fleet[0])
    files = {file.format: file for file in report.files.all()}
    assert set(files) == {"pdf", "xlsx", "csv", "json"}
    assert report.made_at == report.cutoff_at == NOW
    for file in report.files.all():
        content = b"".join(storage.content(file))
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    listed = json.loads(b"".join(storage.content(files["json"])))
    assert listed["files"][0] == {
        "name": files["pdf"].name, "format": "pdf", "size": files["pdf"].size,
        "sha256": files["pdf"].sha256,
    }  # fmt: skip
    assert listed["settled_day"] == "2026-11-01"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports_report SET title = 'x'",
        "UPDATE reports_report SET state = 'failed'",
        "DELETE FROM reports_report",
        "UPDATE reports_reportfile SET sha256 = repeat('0', 64)",
        "DELETE FROM reports_reportfile",
        """INSERT INTO reports_reportfile (report_id, format, name, size, sha256, made_at)
           SELECT id, 'csv', 'x', 1, '', now() FROM reports_report""",
        "UPDATE reports_chunk SET content = 'x'",
        "DELETE FROM reports_chunk",
        """INSERT INTO reports_chunk (file_id, number, content)
           SELECT id, 99, 'x' FROM reports_reportfile""",
    ],
)
def test_a_report_that_is_done_can_t_be_changed_even_by_sql(fleet: Any, statement: str) -> None:
    made(fleet[0], formats=["csv"])
    with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
        connection.cursor().execute(statement)


def test_who_asked_may_leave_without_changing_it(fleet: Any) -> None:
    report = made(fleet[0], formats=["csv"], by=fleet[2])
    fleet[2].delete()
    report.refresh_from_db()
    assert (report.requested_by, report.requested_name) == (None, "manager-nordstrom")


def test_a_maker_that_was_killed_leaves_whole_files_and_the_next_makes_the_rest(
    fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def counted(path: Path, _tick: object) -> None:
        written.append(path.name)
        path.write_text("x")

    def dies(_path: Path, _tick: object) -> None:
        raise KeyboardInterrupt

    report = ask(fleet[0])
    with_parts(monkeypatch, counted, dies)
    with pytest.raises(KeyboardInterrupt):
        making.make(report.pk, lambda: NOW)
    assert [file.name for file in report.files.all()] == ["0.csv"]
    with_parts(monkeypatch, counted, counted)
    assert not making.make(report.pk, lambda: NOW)  # The lease hasn't run out.
    later = NOW + making.LEASE
    assert making.make(report.pk, lambda: later)
    assert written == ["0.csv", "1.csv"]
    report.refresh_from_db()
    assert (report.cutoff_at, report.made_at, report.tries) == (NOW, later, 2)


def test_after_three_dead_makers_it_is_given_up_with_a_sentence(
    fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_path: Path, _tick: object) -> None:
        raise KeyboardInterrupt

    report = ask(fleet[0])
    with_parts(monkeypatch, plain, dies)
    for moment in (NOW, NOW + making.LEASE, NOW + 2 * making.LEASE):
        with pytest.raises(KeyboardInterrupt):
            making.make(report.pk, partial(datetime.fromtimestamp, moment.timestamp(), UTC))
    assert not making.make(report.pk, lambda: NOW + 3 * making.LEASE)
    report.refresh_from_db()
    assert report.state == State.FAILED
    assert report.problem.startswith("It was begun three times")
    assert not report.files.exists()


@pytest.mark.parametrize(
    ("problem", "said"),
    [(CannotMake("There is too much of it."), "There is too much of it."),
     (ZeroDivisionError(), "An error of ours stopped it (ZeroDivisionError)")],
)  # fmt: skip
def test_what_can_t_be_made_fails_with_a_sentence_and_without_half_a_file(
    fleet: Any, monkeypatch: pytest.MonkeyPatch, problem: Exception, said: str
) -> None:
    def breaks(path: Path, _tick: object) -> None:
        path.write_text("half")
        raise problem

    report = ask(fleet[0])
    with_parts(monkeypatch, plain, breaks)
    assert not making.make(report.pk, lambda: NOW)
    report.refresh_from_db()
    assert report.state == State.FAILED
    assert report.problem.startswith(said)
    assert not ReportFile.objects.exists()


def test_what_takes_too_long_is_stopped(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [NOW]

    def slow(_path: Path, tick: Callable[[float], None]) -> None:
        times.append(NOW + making.LIMIT + timedelta(seconds=1))
        tick(0.1)

    report = ask(fleet[0])
    with_parts(monkeypatch, slow)
    assert not making.make(report.pk, lambda: times[-1])
    report.refresh_from_db()
    assert report.problem.startswith("It takes longer than 15 minutes")


def test_progress_is_shown_while_it_is_made(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, str]] = []
    times = iter(NOW + timedelta(seconds=n * 2) for n in range(100))

    def shows(path: Path, tick: Callable[[float], None]) -> None:
        for share in (0.25, 0.5):
            tick(share)
            now = Report.objects.get()
            seen.append((now.progress, now.doing))
        path.write_text("x")

    report = ask(fleet[0])
    with_parts(monkeypatch, shows)
    assert making.make(report.pk, lambda: next(times))
    assert seen == [(12, "part 0"), (25, "part 0")]


def test_one_whose_lease_ran_out_leaves_the_report_to_the_other(
    fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask(fleet[0])

    def overtaken(path: Path, _tick: object) -> None:
        with_parts(monkeypatch, plain)
        assert making.make(report.pk, lambda: NOW + making.LEASE)
        path.write_text("late")

    with_parts(monkeypatch, overtaken)
    assert not making.make(report.pk, lambda: NOW)
    file = report.files.get(format="csv")
    assert b"".join(storage.content(file)) == b"whole\n"


@pytest.mark.django_db(transaction=True)
def test_of_two_makers_at_once_one_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, place, _manager = network()
    port(place)
    report, start, told = ask(owner), Barrier(2), []
    with_parts(monkeypatch, plain)

    def work() -> None:
        start.wait(30)
        told.append(making.make(report.pk, lambda: NOW))
        connections.close_all()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == [False, True]
    report.refresh_from_db()
    assert (report.state, report.tries) == (State.DONE, 1)


def test_a_new_version_names_the_old_one_and_there_is_only_one(fleet: Any) -> None:
    owner, _place, manager = fleet
    old = made(owner, formats=["csv"])
    new = orders.again(old, by=manager, now=NOW)
    making.make(new.pk, lambda: NOW)
    new.refresh_from_db()
    assert (new.previous, new.version, new.state) == (old, 2, State.DONE)
    with pytest.raises(BadOrder, match="newer version"):
        orders.again(old, by=manager, now=NOW)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"kind": "weather"}, "no such kind"),
        ({"first": NOVEMBER, "end": OCTOBER}, "before the first"),
        ({"first": date(1999, 1, 1)}, "366 days"),
        ({"first": date(2027, 1, 1), "end": date(2027, 2, 1)}, "begun"),
        ({"lens": "lunar"}, "one of these rules"),
        ({"formats": ["doc"]}, "no doc"),
        ({"sites": []}, "at least one site"),
        ({"parameters": {"target": 98}}, "share"),
        ({"kind": "site"}, "one site"),
        ({"kind": "contractor"}, "contractor"),
    ],
)
def test_what_nobody_can_make_is_refused_with_a_sentence(fleet: Any, wish: Any, said: str) -> None:
    with pytest.raises(BadOrder, match=said):
        ask(fleet[0], **wish)


def test_only_two_are_made_at_a_time(fleet: Any) -> None:
    for _ in range(3):
        ask(fleet[0])
    reports = list(making.due(NOW))
    assert making.room(NOW) == 2
    for report in reports[:2]:
        making.claim(report.pk, NOW)
    assert making.room(NOW) == 0
    assert list(making.due(NOW)) == reports[2:]


def test_every_kind_can_be_made_of_a_network_without_any_data(fleet: Any) -> None:
    owner, place, _manager = fleet
    firm = owner.contractors.create(name="Volt & Sons")
    for name in KINDS:
        report = made(
            owner, name, sites=[place.pk] if name == "site" else None,
            parameters={"contractor": firm.pk, "site": place.pk},
            first=date(2024, 1, 1), end=date(2024, 4, 1),
        )  # fmt: skip
        assert report.files.filter(format="csv").exists()
