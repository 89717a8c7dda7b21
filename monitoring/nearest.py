"""Which known identities an unknown one was probably meant to be. Pure, and bounded."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher

#: Known identities that are compared at most, and candidates that are compared in full.
MOST_KNOWN = 50_000
CANDIDATES = 40
#: Entries of the index that one question looks at, those of the rarest pairs first.
EFFORT = 20_000
#: Of a longer name only so many letters are looked at; OCPP's have 48 at most.
LONGEST = 100
#: Ratios of `difflib.SequenceMatcher`: below this two identities have nothing in common.
LEAST_ALIKE = 0.7


class Nearest:
    """An index of known identities by their pairs of letters, asked for the nearest.

    Built once for many questions; a question then looks at the identities that share most
    pairs, not at all of them.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known: list[str] = []
        self._by_pair: defaultdict[str, list[int]] = defaultdict(list)
        for number, identity in zip(range(MOST_KNOWN), known, strict=False):
            self._known.append(identity)
            for pair in _pairs(identity):
                self._by_pair[pair].append(number)

    def of(self, identity: str, most: int = 3) -> list[str]:
        """Return at most `most` known identities that look like `identity`, nearest first."""
        identity = identity[:LONGEST]
        alike = [(_likeness(identity, known), known) for known in self._candidates(identity)]
        near = sorted((-ratio, known) for ratio, known in alike if ratio >= LEAST_ALIKE)
        return [known for _ratio, known in near[:most]]

    def _candidates(self, identity: str) -> list[str]:
        shared: Counter[int] = Counter()
        looked = 0
        entries = (self._by_pair.get(pair, []) for pair in _pairs(identity))
        for numbers in sorted(entries, key=len):
            shared.update(numbers)
            looked += len(numbers)
            if looked > EFFORT:
                break
        return [self._known[number] for number, _count in shared.most_common(CANDIDATES)]


def _pairs(identity: str) -> set[str]:
    """Return the pairs of neighbouring letters, its ends marked, whatever the case."""
    marked = f"^{identity.casefold()}$"
    return {marked[place : place + 2] for place in range(len(marked) - 1)}


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio()
