"""Which known identity a mistyped one was probably meant to be."""

import pytest

from monitoring.nearest import Nearest

KNOWN = ["DE-BER-0001", "DE-BER-0002", "DE-HAM-0001", "CP_17", "EVB-P1640325"]


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("DE-BER-O001", "DE-BER-0001"),
        ("de-ber-0002", "DE-BER-0002"),
        ("DEHAM0001", "DE-HAM-0001"),
        ("CP-17", "CP_17"),
        ("EVB-P164O325", "EVB-P1640325"),
    ],
)
def test_a_mistyped_identity_finds_the_one_that_was_meant_first(mistyped: str, meant: str) -> None:
    assert Nearest(KNOWN).of(mistyped)[0] == meant


def test_an_identity_like_none_finds_none() -> None:
    assert Nearest(KNOWN).of("wallbox-garage") == []


def test_no_more_are_given_than_asked_for() -> None:
    assert len(Nearest(f"CP-{number:04}" for number in range(50)).of("CP-00O1", most=3)) == 3


def test_a_long_made_up_name_costs_no_more_than_its_beginning() -> None:
    near = Nearest(["DE-BER-" * 14 + "DE", "DE-BER-1"])
    assert near.of("DE-BER-" * 5_000) == ["DE-BER-" * 14 + "DE"]
