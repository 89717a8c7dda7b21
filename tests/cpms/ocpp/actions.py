"""Rows of the action tables: a message, its answer, and the row it leaves in the database."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ocpp
from django.db.models import Model, QuerySet

from cpms.ocpp import schemas
from cpms.ocpp.versions import ROUTES
from monitoring.models import ChargerState

STARTED = datetime.now(UTC).replace(microsecond=0)
#: Actions of no version.
MADE_UP = ("MakeCoffee", "", "BootNotificationResponse", "HeartbeatRequest", "../x", "é")


def ago(seconds: float) -> str:
    """Return a time before the test began, as chargers write it."""
    return (STARTED - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@dataclass
class Case:
    """One schema-valid message of `action`."""

    action: str
    payload: dict[str, Any]
    #: The model of the row it must leave, and what that holds.
    model: type[Model]
    row: dict[str, Any]
    #: What the answer must hold, at least.
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> QuerySet[Any]:
        """The rows that fit."""
        return self.model._default_manager.filter(**self.row)

    async def check(self, version: str, charger: Any) -> None:
        """Send the message; hold its answer against the schema and its row against the table."""
        request = schemas.validator(version, self.action)
        assert request is not None
        request.validate(self.payload)
        assert not await self.rows.aexists(), "The row was there before the message."
        reply = await charger.call(self.action, self.payload)
        assert isinstance(reply, dict), f"Answered with {reply}."
        answer = schemas.validator(version, self.action, answer=True)
        assert answer is not None
        answer.validate(reply)
        assert self.answer.items() <= reply.items(), f"Answered with {reply}."
        await self.find()

    async def find(self) -> None:
        """Find the one row, or show what is there instead."""
        found = await self.rows.acount()
        there = [row async for row in self.model._default_manager.values().order_by("pk")[:20]]
        assert found == 1, f"{found} rows fit; there are: {there}"


async def check_all(subtests: Any, version: str, charger: Any, cases: Sequence[Case]) -> list[Case]:
    """Check every case, each reported for itself; return those that held."""
    held = []
    for case in cases:
        with subtests.test(msg=f"{version} {case.action}", payload=case.payload):
            await case.check(version, charger)
            held.append(case)
    return held


def actions(version: str) -> set[str]:
    """Return all actions of a version, whoever sends them."""
    folder = Path(ocpp.__file__).parent / schemas.FOLDERS[version] / "schemas"
    names = {path.stem for path in folder.glob("*.json")}
    return {name.removesuffix("Request") for name in names if not name.endswith("Response")}


def not_for_chargers(version: str) -> set[str]:
    """Return the actions that only a central system sends."""
    return actions(version) - ROUTES[version].handlers.keys()


async def refusals(charger: Any, names: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Send empty messages of these actions; return the type and the code of each answer."""
    said = {name: await charger.call(name, {}) for name in sorted(names)}
    return {name: (kind, code) for name, (kind, _id, code, *_rest) in said.items()}


async def heartbeat(version: str, charger: Any, identity: str) -> tuple[datetime, datetime]:
    """Send a Heartbeat, hold its answer against the schema, and wait until it is kept.

    Return the time that the answer told, and when the charger was last seen from then on.
    """
    before = datetime.now(UTC)
    reply = await charger.call("Heartbeat", {})
    answer = schemas.validator(version, "Heartbeat", answer=True)
    assert answer is not None
    answer.validate(reply)
    state = ChargerState.objects.filter(charger__identity=identity, last_seen__gte=before)
    async with asyncio.timeout(8):
        while (seen := await state.afirst()) is None or seen.last_seen is None:
            await asyncio.sleep(0.1)
    return datetime.fromisoformat(reply["currentTime"]), seen.last_seen
