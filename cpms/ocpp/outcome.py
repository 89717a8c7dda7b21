"""What a handler returns: an answer, and what happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.facts import Fact

Answer = dict[str, Any]


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
