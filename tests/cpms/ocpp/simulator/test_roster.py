"""The demo network's roster file."""

import json
from pathlib import Path
from typing import Any

import pytest

from cpms.ocpp.simulator import roster
from cpms.ocpp.simulator.spec import ChargerSpec


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / roster.FILE_NAME
    chargers = [
        ChargerSpec("DE-BER-001", password="ab" * 20, site="Berlin Ost", seed=7),
        ChargerSpec("DE-BER-002", version="2.0.1", scenario="wrong-clock:1970"),
    ]
    roster.write(path, chargers)
    assert roster.read(path) == chargers


def test_the_keys_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / roster.FILE_NAME
    roster.write(path, [ChargerSpec("CP-1", password="ab" * 20)])
    assert path.stat().st_mode & 0o077 == 0


def test_only_the_identity_is_required(tmp_path: Path) -> None:
    path = tmp_path / roster.FILE_NAME
    path.write_text('[{"identity": "CP-1"}]')
    assert roster.read(path) == [ChargerSpec("CP-1")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"CP-1": "x"}, "must hold a JSON list of chargers, not an object."),
        ([{"version": "1.6"}], "entry 1 must be an object with an identity."),
        (["CP-1"], "entry 1 must be an object with an identity."),
        ([{"identity": "CP-1", "colour": "red"}], "entry 1 has unknown fields: colour."),
        ([{"identity": "CP-1", "seed": "7"}], "entry 1: seed must not be text."),
        ([{"identity": "CP-1", "seed": True}], "entry 1: seed must not be true or false."),
        ([{"identity": "CP-1", "site": None}], "entry 1: site must not be null."),
        ([{"identity": "CP-1"}, {"identity": "CP-1"}], "lists the charger 'CP-1' twice."),
        (
            [{"identity": "CP-1", "version": "1.5"}],
            "'CP-1' speaks '1.5'; it must be one of 1.6, 2.0.1, 2.1.",
        ),
    ],
)
def test_a_bad_roster_is_refused_with_a_sentence(
    tmp_path: Path, content: Any, sentence: str
) -> None:
    path = tmp_path / roster.FILE_NAME
    path.write_text(json.dumps(content))
    with pytest.raises(roster.RosterError) as problem:
        roster.read(path)
    assert sentence in str(problem.value)


def test_a_missing_or_broken_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(roster.RosterError, match="can't be read: No such file or directory"):
        roster.read(tmp_path / "nothing.json")
    (tmp_path / "broken.json").write_text("[")
    with pytest.raises(roster.RosterError, match="isn't valid JSON"):
        roster.read(tmp_path / "broken.json")


def test_credentials_are_identities_with_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"CP-1": "abcd"}')
    assert roster.read_credentials(path) == {"CP-1": "abcd"}
    path.write_text('{"CP-1": 7}')
    with pytest.raises(roster.RosterError, match="the key of 'CP-1' must be text"):
        roster.read_credentials(path)
