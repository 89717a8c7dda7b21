"""The tokens of all organisations, and who of them charges: the gateway's memory of both."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from cpms.control.authorization import Known

#: A start or stop that we were told of ourselves counts so long: by then the database has it.
REMEMBERED = timedelta(seconds=30)


class Run(NamedTuple):
    """A session that goes on; a start that has no transaction yet is known by its key."""

    charger_id: int
    transaction: str
    start_key: str = ""

    def is_of(self, charger_id: int, name: str) -> bool:
        """Tell whether it is the charger's session of this transaction or start."""
        return self.charger_id == charger_id and name in {self.transaction, self.start_key}


Owner = tuple[int, str]


class Tokens:
    """Tokens by organisation and text in upper case; what equals is kept once."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[int, dict[str, Known]] = {}
        self._shared: dict[Known, Known] = {}
        #: Sessions of tokens that charge in one place at a time, as the database has them.
        self._running: dict[Owner, list[Run]] = {}
        #: What came since, when.
        self._begun: dict[Owner, dict[Run, datetime]] = {}
        self._ended: dict[tuple[int, str], datetime] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(map(len, self.known.values()))

    def find(self, organisation_id: int, id_token: str) -> Known | None:
        """Return what is known of `id_token`, whatever its case."""
        tokens = self.known.get(organisation_id)
        return tokens.get(id_token.upper()) if tokens is not None else None

    def keep(self, organisation_id: int, key: str, token: Known) -> None:
        """Remember a token; `key` is its text in upper case."""
        shared = self._shared.setdefault(token, token)
        self.known.setdefault(organisation_id, {})[key] = shared

    def drop(self, organisation_id: int, key: str) -> None:
        """Forget a token."""
        self.known.get(organisation_id, {}).pop(key, None)

    def take_over(self, others: "Tokens") -> None:
        """Know exactly the tokens that `others` know."""
        self.known, self._shared = others.known, others._shared  # noqa: SLF001 of its own kind

    def runs(self, found: Iterable[tuple[Owner, Run]], now: datetime) -> None:
        """Take over the sessions that go on, as the database has them."""
        self._running = {}
        for owner, run in found:
            self._running.setdefault(owner, []).append(run)
        since = now - REMEMBERED
        self._ended = {run: at for run, at in self._ended.items() if at > since}
        self._begun = {
            owner: fresh
            for owner, begun in self._begun.items()
            if (fresh := {run: at for run, at in begun.items() if at > since})
        }

    def began(self, organisation_id: int, id_token: str, run: Run, at: datetime) -> None:
        """Note that a session of a token has begun."""
        token = self.find(organisation_id, id_token)
        if token is not None and token.one_at_a_time:
            self._begun.setdefault((organisation_id, id_token.upper()), {})[run] = at

    def over(self, charger_id: int, transaction: str, at: datetime) -> None:
        """Note that a session has ended."""
        if self._running or self._begun:
            self._ended[charger_id, transaction] = at

    def busy(self, organisation_id: int, id_token: str, charger_id: int, name: str) -> bool:
        """Tell whether a token has another session than `name`, a transaction or start."""
        owner = (organisation_id, id_token.upper())
        runs = [*self._running.get(owner, ()), *self._begun.get(owner, ())]
        return any(
            not run.is_of(charger_id, name) and (run.charger_id, run.transaction) not in self._ended
            for run in runs
        )
