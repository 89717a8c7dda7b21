"""What a handler returns: an answer, and what happened."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from monitoring.facts import Fact

Answer = dict[str, Any]
Found = TypeVar("Found")


class Clerk(Protocol):
    """Who does what uses the ORM: `cpms.ocpp.commands.clerk`."""

    async def do(self, work: Callable[[], Found]) -> Found:
        """Return what `work` returns."""


class Remark(NamedTuple):
    """A CALL of ours that tells a charger something by the way."""

    action: str
    payload: Answer


@dataclass(slots=True)
class Outcome:
    """The answer to a CALL, sent once `facts` are stored.

    `reply` may be a function: called after the commit, when the writer has filled in what only
    it knows (a session's transaction id).
    """

    reply: Answer | Callable[[], Answer]
    facts: Sequence[Fact] = ()
    #: What follows in the rooms above the record: called with the ORM at hand, in the clerk's
    #: thread, after the commit and the answer. It may be lost with the gateway.
    then: Callable[[], object] | None = None
    #: Said to the charger after the answer.
    remark: Remark | None = None
    #: What the answer depends on must be found out elsewhere: what this returns is the outcome,
    #: instead of the rest. Others of the charger's messages are handled meanwhile.
    asks: "Asks | None" = None

    def answer(self) -> Answer:
        """Return the answer."""
        return self.reply() if callable(self.reply) else self.reply


class Refused(Exception):
    """A CALL that is understood and can't be granted; becomes a CALLERROR with `code`."""

    def __init__(self, code: str, description: str) -> None:
        """Name the OCPP error code, and say what is wrong."""
        super().__init__(description)
        self.code = code
        self.description = description


#: Finds out what an answer depends on.
Asks = Callable[[Clerk], Awaitable[Outcome]]
