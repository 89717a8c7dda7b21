"""Static files: small on the wire, kept for good, and the right version of them."""

import gzip
import re
from pathlib import Path

import pytest
import zstandard
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client

from cpms.web import static_files
from tests.network import signed_in

#: Bytes over the wire, compressed.
FIRST_LOAD = 400_000
CHROME = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def body(answer: object) -> bytes:
    streaming = getattr(answer, "streaming_content", None)
    return b"".join(streaming) if streaming else getattr(answer, "content", b"")


def test_an_address_names_the_content_and_is_kept_for_good() -> None:
    address = static("kilowatch/live.js")
    assert re.fullmatch(r"/static/v/[0-9a-f]{10}/kilowatch/live\.js", address)
    answer = Client().get(address)
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert body(answer) == Path(str(finders.find("kilowatch/live.js"))).read_bytes()


def test_an_address_without_version_is_asked_for_again_each_time() -> None:
    answer = Client().get("/static/kilowatch/live.js")
    assert "must-revalidate" in answer["Cache-Control"]
    again = Client().get("/static/kilowatch/live.js", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_the_browser_unpacks_is_sent_packed(encoding: str) -> None:
    answer = Client().get(static("vendor/htmx.min.js"), headers={"Accept-Encoding": encoding})
    assert answer["Content-Encoding"] == encoding
    packed = body(answer)
    unpack = gzip.decompress if encoding == "gzip" else zstandard.decompress
    whole = Path(str(finders.find("vendor/htmx.min.js"))).read_bytes()
    assert unpack(packed) == whole
    assert len(packed) < len(whole) / 2


def test_without_room_for_packed_forms_a_file_is_served_as_it_is(
    settings: object, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    settings.STATIC_ROOT = tmp_path / "a file" / "static"  # type: ignore[attr-defined]
    static_files.static_file.cache_clear()
    answer = Client().get(static("kilowatch/live.js"), headers=CHROME)
    static_files.static_file.cache_clear()
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "nothere.js",
        "v/0123456789/nothere.js",
        "v/",
        "",
        "..",
        "v/x/../../settings.py",
        "%00",
        "kilowatch/",
    ],
)
def test_what_is_not_there_is_not_found(path: str, db: None) -> None:
    assert Client(raise_request_exception=False).get(f"/static/{path}").status_code in {400, 404}


def test_the_smallest_page_a_browser_loads_first_is_below_the_limit(operator: User) -> None:
    client = signed_in(operator)
    total, page = 0, client.get("/", headers=CHROME)
    assert page["Content-Encoding"] == "gzip"
    html = gzip.decompress(page.content).decode()
    total += len(page.content)
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html)):
        total += len(body(client.get(address, headers=CHROME)))
    assert total < FIRST_LOAD, f"{total:,} bytes"
    assert settings.STATIC_URL in html


def test_scripts_do_not_hold_the_page_up(operator: User) -> None:
    html = signed_in(operator).get("/").content.decode()
    scripts = re.findall(r"<script[^>]*>", html)
    assert [tag for tag in scripts if "defer" not in tag and "theme.js" not in tag] == []
