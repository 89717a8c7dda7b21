"""A request whose answer breaks off."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import include, path

from cpms import handler
from cpms.handler import Handler


class CutOffError(Exception):
    """The database went away in the middle of a download."""


def download(_request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        yield "first"
        raise CutOffError

    return StreamingHttpResponse(lines())


urlpatterns = [path("download/", download), path("accounts/", include("allauth.urls"))]

SCOPE = {"type": "http", "method": "GET", "path": "/download/", "query_string": b"", "headers": []}


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls(__name__)
async def test_a_download_that_fails_on_its_way_ends_its_request() -> None:
    finished: list[Any] = []
    arrivals = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if not arrivals:
            await asyncio.Event().wait()
        return arrivals.pop()

    async def send(_message: Any) -> None:
        pass

    def finish(**_more: Any) -> None:
        finished.append(1)

    signals.request_finished.connect(finish)
    try:
        with pytest.raises(CutOffError):
            await Handler()(SCOPE, receive, send)
    finally:
        signals.request_finished.disconnect(finish)
    assert finished


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [([b"abc", b"def"], True), ([b"x" * 60] * 9, False), ([b"abc", None], False)],
)
async def test_a_body_that_goes_on_and_on_or_doesn_t_go_on_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, pieces: list[bytes | None], kept: bool
) -> None:
    monkeypatch.setattr(handler, "LONGEST_PAUSE", 0.05)
    waiting = list(pieces)

    async def receive() -> Any:
        body = waiting.pop(0)
        if body is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    bounded = handler._bounded(receive, 500)
    told: list[Any] = []
    while not told or told[-1].get("more_body"):
        told.append(await bounded())
    assert (told[-1]["type"] == "http.request") is kept
