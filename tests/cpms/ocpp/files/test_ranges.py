"""Which part of a file is asked for."""

import pytest

from cpms.ocpp.files.ranges import Unsatisfiable, part


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=20-10", None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("", None),
    ],
)
def test_a_part_of_a_hundred_bytes(asked: str, found: tuple[int, int] | None) -> None:
    assert part(asked, 100) == found


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(asked: str) -> None:
    with pytest.raises(Unsatisfiable):
        part(asked, 100)
