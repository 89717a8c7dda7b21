"""No case of the files is missing: each is played."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from tests.conformance import case, records
from tests.conformance.case import Case
from tests.conformance.records import CASES, STATES

HERE = Path(__file__).parent


def played() -> set[str]:
    for path in HERE.rglob("test_*.py"):
        import_module(
            ".".join(["tests.conformance", *path.relative_to(HERE).with_suffix("").parts])
        )
    return set(case.PLAYED)


def test_the_files_are_whole():
    assert [len(json.loads((HERE / name).read_text())) for name in records.FILES] == [82, 268]
    assert [sum(c.ocpp == version for c in CASES.values()) for version in ("1.6", "2.0.1")] == [
        *(77, 252)
    ]
    assert len(STATES) == 5 + 16


def test_every_case_is_played():
    assert set(CASES) - played() == set()


def test_every_case_has_something_to_prove():
    assert [record.id for record in CASES.values() if not record.entries] == []


def test_an_entry_that_nothing_checks_fails_its_case():
    record = CASES["TC_013_CSMS"]
    made = Case(record, None)
    with made.proves(0):
        pass
    assert made.unproved() == [f"TC_013_CSMS 1: {record.entries[1]}"]


def test_an_entry_that_fails_is_not_proved():
    made = Case(CASES["TC_013_CSMS"], None)
    with pytest.raises(AssertionError) as wrong, made.proves(0, 1):
        assert not CASES
    assert "Reset.req.type=Hard" in wrong.value.__notes__[0]
    assert len(made.unproved()) == 2


def test_a_state_that_a_case_runs_through_is_proved_as_well():
    made = Case(CASES["TC_013_CSMS"], None)
    with made.proves(0, 1):
        pass
    with made.proves(0, of="STATE_Charging"):
        pass
    assert [left[:16] for left in made.unproved()] == ["STATE_Charging 1"]
