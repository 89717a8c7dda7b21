"""A form's file, read as it comes, however it is cut."""

from itertools import chain

import pytest

from cpms.ocpp.files.multipart import Form, Malformed, boundary

FORM = (
    b"--xYz\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nCP-1\r\n"
    b"--xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.zip\"\r\n"
    b"Content-Type: application/zip\r\n\r\nPK\r\n--xY\r\n\x00\xff\r\n--xYz--\r\nepilogue"
)  # fmt: skip
CONTENT = b"PK\r\n--xY\r\n\x00\xff"


def read(*pieces: bytes) -> tuple[bytes, Form]:
    form = Form(b"xYz")
    return b"".join(part for piece in pieces for part in form.feed(piece)), form


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_file_is_the_same_however_the_form_is_cut(step: int) -> None:
    said, form = read(*(FORM[at : at + step] for at in range(0, len(FORM), step)))
    assert (said, form.name, form.complete) == (CONTENT, "a b.zip", True)


def test_every_cut_in_two_gives_the_same_file() -> None:
    for at in range(len(FORM)):
        said, form = read(FORM[:at], FORM[at:])
        assert (said, form.complete) == (CONTENT, True), at


def test_a_form_that_breaks_off_is_not_complete() -> None:
    _said, form = read(FORM[:-20])
    assert not form.complete


def test_an_empty_file_is_a_file() -> None:
    said, form = read(b'--xYz\r\nContent-Disposition: x; filename=""\r\n\r\n\r\n--xYz--')
    assert (said, form.name, form.complete) == (b"", "", True)


@pytest.mark.parametrize(
    "bad",
    [
        b"--xYz?\r\n",
        b"--xYz\r\n" + b"A: b\r\n" * 4000,
        FORM.replace(b"; name=\"id\"", b'; filename="x"'),
        b"--xYz\r\nA: b\r\n\r\n\r\n" * 40,
    ],
)  # fmt: skip
def test_what_is_no_form_with_one_file_is_refused(bad: bytes) -> None:
    with pytest.raises(Malformed):
        read(bad)


def test_a_flood_before_the_first_boundary_is_forgotten() -> None:
    form = Form(b"xYz")
    for _ in range(100):
        assert not list(form.feed(b"a" * 10_000))
        assert len(form._buffer) < 10_010


def test_the_boundary_is_read_from_the_header() -> None:
    assert boundary("text/plain") is None
    assert boundary('Multipart/Form-Data; charset=utf-8; boundary="a b"') == b"a b"
    assert boundary("multipart/form-data; boundary=xYz; x=y") == b"xYz"
    with pytest.raises(Malformed):
        boundary("multipart/form-data")


def test_a_boundary_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    form = Form(b"xYz")
    list(form.feed(b"--xYz"))
    blanks = chain.from_iterable(form.feed(b" " * 65_536) for _ in range(4))
    with pytest.raises(Malformed):
        list(blanks)
