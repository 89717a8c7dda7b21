"""Beat on two nodes: one sends, the other waits for it to end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Celery

from cpms import celery as house
from cpms.beat import WAIT, OneAtATime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(OneAtATime, "apply_async", lambda _, entry, **__: names.append(entry.name))
    return names


def beat(folder: Path, name: str, every: float = 0.0) -> Any:
    app = Celery("node", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {f"sweep-{name}": {"task": "sweep", "schedule": every}}
    return OneAtATime(app, schedule_filename=str(folder / name))


def test_the_second_beat_waits_until_the_first_has_ended(tmp_path: Path, sent: list[str]) -> None:
    first, second = beat(tmp_path, "first"), beat(tmp_path, "second")
    first.tick()
    assert second.tick() == WAIT
    assert set(sent) == {"sweep-first"}
    first.close()
    second.tick()
    assert "sweep-second" in sent
    second.close()


def test_a_beat_that_lost_its_session_stops_sending(tmp_path: Path, sent: list[str]) -> None:
    first, second = beat(tmp_path, "first"), beat(tmp_path, "second")
    assert first.holds_lock()
    with first._session.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    second._session = first._session.copy()
    second._ask(f"SELECT pg_terminate_backend({backend})")
    second._give_up()
    assert second.holds_lock()
    assert first.tick() == WAIT
    assert sent == []
    second.close()


def test_two_rooms_cannot_use_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "_declared", lambda _: {"sweep": {"task": "x", "schedule": 60}})
    with pytest.raises(ValueError, match="Two rooms name a periodic task 'sweep'"):
        house.timetable()


def test_every_periodic_task_exists() -> None:
    house.app.loader.import_default_modules()
    missing = {entry["task"] for entry in house.timetable().values()} - set(house.app.tasks)
    assert missing == set()


def test_no_run_waits_for_a_worker_for_ever() -> None:
    """Else a day without a worker fills Redis with what is to be caught up on."""
    entries = house.timetable()
    assert {n for n, entry in entries.items() if "expires" not in entry.get("options", {})} == set()


def test_a_clock_that_is_set_back_does_not_silence_beat(tmp_path: Path, sent: list[str]) -> None:
    with time_machine.travel("2026-03-02 12:00", tick=False) as clock:
        ours = beat(tmp_path, "first", every=10.0)
        ours.tick()
        clock.shift(timedelta(seconds=11))
        ours.tick()
        assert sent == ["sweep-first"]
        clock.shift(timedelta(days=-1))
        assert ours.tick() <= 10.0
        clock.shift(timedelta(seconds=11))
        ours.tick()
        assert sent == ["sweep-first"] * 2
        ours.close()
        clock.shift(timedelta(days=-1))
        again = beat(tmp_path, "first", every=10.0)
        again.tick()
        clock.shift(timedelta(seconds=11))
        again.tick()
        assert sent == ["sweep-first"] * 3
        again.close()
