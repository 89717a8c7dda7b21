"""What the content policy lets in: our own files, and the map's own tile server."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from cpms.web.security import ContentSecurityPolicy


@pytest.mark.parametrize(
    ("tiles", "images"),
    [
        ("", "img-src 'self' data:"),
        (
            "https://tiles.example:8443/osm/{z}/{x}/{y}.png",
            "img-src 'self' data: https://tiles.example:8443",
        ),
        ("http://10.0.0.7/{z}/{x}/{y}", "img-src 'self' data: http://10.0.0.7"),
    ],
)
def test_images_come_from_us_and_exactly_that_tile_server(tiles: str, images: str) -> None:
    with override_settings(MAP_TILES_URL=tiles):
        answer = ContentSecurityPolicy(lambda _request: HttpResponse())(HttpRequest())
    directives = answer.headers["Content-Security-Policy"].split("; ")
    assert images in directives
    assert sum("example" in one or "10.0.0.7" in one for one in directives) == bool(tiles)


@pytest.mark.parametrize("page", ["/nothing/here/", "/help/nothing/"])
def test_where_nothing_is_the_demo_shows_our_own_page_as_well(client: Client, page: str) -> None:
    with override_settings(DEBUG=True):
        answer = client.get(page)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "URLconf" not in answer.content.decode()
