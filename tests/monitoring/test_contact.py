"""Whom to call, as people write it."""

import pytest

from monitoring.contact import Part, parts


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Berlin: +49 30 5550 016", ["tel:+49305550016"]),
        ("Tor: 030/5550-17, nachts 0171 2345678", ["tel:030555017", "tel:01712345678"]),
        ("+49 (0)30 555016", ["tel:+4930555016"]),
        ("noc@example.org oder +43-1-555 0199", ["mailto:noc@example.org", "tel:+4315550199"]),
        ("Gate code 4711#, room 12", []),
        ("10243 Berlin", []),
        ("ID 12345678901", []),
        ("<b>x@y</b>", []),
        ("", []),
    ],
)
def test_numbers_and_addresses_become_links(text: str, links: list[str]) -> None:
    found = list(parts(text))
    assert "".join(part.text for part in found) == text
    assert [part.link for part in found if part.link] == links


def test_what_is_no_link_stays_text() -> None:
    assert list(parts("Ask Jo")) == [Part("Ask Jo")]


def test_a_long_row_of_digits_and_dots_is_read_in_no_time() -> None:
    assert "".join(part.text for part in parts("+" + "1 ." * 5_000)) == "+" + "1 ." * 5_000
