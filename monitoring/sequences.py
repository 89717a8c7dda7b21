"""Which of a transaction's numbered messages came, and whether any is missing."""

from dataclasses import dataclass, field
from itertools import islice

#: Missing numbers remembered of one transaction.
MOST_MISSING = 100
GAP, NO_GAP = "seq_gap", "-seq_gap"


@dataclass(slots=True)
class Sequence:
    """The numbers heard so far: all from `first` to `last` but those `missing`."""

    first: int | None = None
    last: int | None = None
    missing: set[int] = field(default_factory=set)

    def hear(self, number: int) -> str:
        """Note a number; return the session's flag: a gap, no gap any more, or "" as before."""
        gap_before = bool(self.missing)
        if self.first is None or self.last is None:
            self.first = self.last = number
        elif number > self.last:
            self.missing.update(islice(range(self.last + 1, number), MOST_MISSING))
            self.last = number
        elif number < self.first:
            self.missing.update(islice(range(number + 1, self.first), MOST_MISSING))
            self.first = number
        else:
            self.missing.discard(number)
        if self.missing:
            return GAP
        return NO_GAP if gap_before else ""
