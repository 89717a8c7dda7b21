"""A download is made while it is sent: in a thread, for as long as somebody reads it."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connection

from inventory.rest.export import in_thread


async def test_what_is_made_comes_in_order() -> None:
    chunks = in_thread("a", iter(["b", "c"]))
    assert [chunk async for chunk in chunks] == ["a", "b", "c"]
    assert [chunk async for chunk in in_thread("", iter([]))] == []


async def test_who_makes_it_is_told_at_once_when_its_reader_has_gone() -> None:
    asked, gone = threading.Event(), threading.Event()
    made: list[str] = []

    def slow() -> Iterator[str]:
        asked.set()
        assert gone.wait(30), "Nobody said that the reader has gone."
        made.append("the rest of what was at hand")
        yield "too late"

    async def read() -> None:
        async for _chunk in in_thread("", slow(), gone.set):
            pass

    reader = asyncio.create_task(read())
    await asyncio.to_thread(asked.wait, 30)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reader, 30)
    assert made  # The thread has ended: nothing goes on behind the request's back.


async def test_others_are_served_while_the_first_chunk_is_made() -> None:
    go_on = threading.Event()

    def slow() -> Iterator[str]:
        assert go_on.wait(30)
        yield "found"

    async with ThreadSensitiveContext():
        chunks = in_thread("", slow())
        first = asyncio.ensure_future(anext(chunks))
        async with asyncio.timeout(30):
            while not first.done():
                go_on.set()  # Set by the loop, which therefore wasn't blocked.
                await asyncio.sleep(0)
        assert await first == "found"


@pytest.mark.django_db(transaction=True)
async def test_a_download_holds_no_connection_while_its_reader_reads() -> None:
    def rows() -> Iterator[str]:
        for number in range(3):
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s", [number])
                yield str(cursor.fetchone()[0])

    async with ThreadSensitiveContext():
        chunks = in_thread("", rows())
        assert await anext(chunks) == "0"
        assert await sync_to_async(lambda: connection.connection)() is None
        assert [chunk async for chunk in chunks] == ["1", "2"]
