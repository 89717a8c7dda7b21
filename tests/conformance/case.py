"""One case on its way: what it proves entry by entry, and that nothing is left unproved."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from cpms.control import transfers
from inventory.models import Charger, Evse
from monitoring.models import Event, MeterSample, PortState, QuarantinedFact, Session
from tests.conformance.asking import LOOK_EVERY, Asking
from tests.conformance.records import CASES, STATES, Record
from tests.conformance.stage import Stage
from tests.conformance.station import PATIENCE, Station

#: Case id -> the function that plays it.
PLAYED: dict[str, "Play"] = {}

Play = Callable[["Case"], Awaitable[None]]


def case(case_id: str) -> Callable[[Play], Any]:
    """Make a test of the function that plays the case `case_id`."""
    record = CASES[case_id]

    def register(play: Play) -> Any:
        assert case_id not in PLAYED, f"{case_id} is played twice."
        PLAYED[case_id] = play

        async def test(stage: Stage, transactional_db: None) -> None:
            await _run(record, play, stage)

        functools.update_wrapper(test, play)
        del test.__wrapped__  # type: ignore[attr-defined]  # pytest would take its arguments.
        marks = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.conformance(case_id)]
        for mark in marks:
            mark(test)
        return test

    return register


async def _run(record: Record, play: Play, stage: Stage) -> None:
    made = Case(record, stage)
    try:
        await play(made)
        await made.conclude()
    finally:
        await made.hang_up()


class Case:
    """A case that is played."""

    def __init__(self, record: Record, stage: Stage) -> None:
        self.record = record
        self.stage = stage
        self.version = record.ocpp
        self.identity = record.id.removesuffix("_CSMS")
        self._charger: Charger | None = None
        self._stations: list[Station] = []
        self._commands: list[Asking] = []
        #: State's id, or "" for the case itself -> the entries that were checked.
        self._proved: dict[str, set[int]] = {"": set()}

    @contextmanager
    def proves(self, *entries: int, of: str = "") -> Iterator[None]:
        """Check entries of the case, or of a state: whatever fails inside fails them."""
        record = self._record(of)
        said = [record.entries[entry] for entry in entries]
        try:
            yield
        except AssertionError as wrong:
            wrong.add_note("Not proved: " + " / ".join(said))
            raise
        self._proved.setdefault(of, set()).update(entries)

    def _record(self, state: str) -> Record:
        return STATES[self.version, state] if state else self.record

    async def charger(self, ports: int = 2, **fields: Any) -> Charger:
        """Return the case's charger, stored when it is first asked for."""
        if self._charger is None:
            make = sync_to_async(self.stage.world.charger)
            self._charger = await make(self.identity, self.version, ports, **fields)
        return self._charger

    async def connect(self, **how: Any) -> Station:
        """Connect the case's station."""
        await self.charger()
        station = await self.stage.connect(self.identity, self.version, **how)
        self._stations.append(station)
        return station

    async def asks(self, operation: str, **request: Any) -> Asking:
        """Have the operator ask for an operation."""
        asking = await self.stage.operator.asks(self.identity, operation, request)
        self._commands.append(asking)
        return asking

    async def port(self, evse: int = 1) -> PortState:
        """Return what is known of a port."""
        return await PortState.objects.aget(
            evse__charger__identity=self.identity, evse__number=evse
        )

    async def session(self, transaction_id: object) -> Session:
        """Return the session of a transaction."""
        return await Session.objects.aget(
            charger__identity=self.identity, transaction_id=str(transaction_id)
        )

    async def registers(self, evse: int) -> list[float]:
        """Return the registers of an EVSE that are kept, Wh, in the order of their times."""
        numbered = Evse.objects.filter(charger__identity=self.identity, number=evse)
        found = MeterSample.objects.filter(evse_id=(await numbered.aget()).pk)
        return [sample.energy or 0.0 async for sample in found.order_by("at")]

    async def shows(self, look: Callable[[], Awaitable[bool]]) -> None:
        """Wait until what follows from a message, after its answer, shows."""
        async with asyncio.timeout(PATIENCE):
            while not await look():
                await asyncio.sleep(LOOK_EVERY)

    def unproved(self) -> list[str]:
        """Return the entries that nothing checked: the case's, and those of its states."""
        return [
            f"{of or self.record.id} {number}: {text}"
            for of, proved in self._proved.items()
            for number, text in enumerate(self._record(of).entries)
            if number not in proved
        ]

    async def events(self, kind: str) -> list[str]:
        """Return the codes of the charger's events of a kind, in the order they came."""
        found = Event.objects.filter(charger__identity=self.identity, kind=kind)
        return [event.code async for event in found.order_by("id")]

    async def reviewed(self) -> None:
        """Have what the charger reported on files read by now."""
        charger_id = (await self.charger()).pk
        await sync_to_async(transfers.review)(charger_id, timezone.now())

    async def conclude(self) -> None:
        """Fail where an entry is left unproved, or something went wrong beside the entries."""
        left = self.unproved()
        assert not left, f"Nothing checks {left}"
        for station in self._stations:
            assert not station.unanswered
        for asking in self._commands:
            assert (await asking.over()).is_over
        broken = QuarantinedFact.objects.filter(charger_id=(await self.charger()).pk)
        assert not [fact async for fact in broken.values("kind", "error")]

    async def hang_up(self) -> None:
        """Close the connections that are still open."""
        for station in self._stations:
            await station.close()
