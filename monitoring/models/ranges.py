"""Half-open time ranges in constraints."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db.models import Deferrable, F, Func


class TsTzRange(Func):
    """PostgreSQL's tstzrange(start, end, '[)')."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def no_overlap(
    name: str, owner: str, start: str, end: str, *, at_end: bool = False
) -> ExclusionConstraint:
    """Return a constraint: the rows of one `owner` never overlap in [start, end).

    It holds for each row as it is written, or only `at_end` of each statement: then one
    statement can move the border between two rows.
    """
    return ExclusionConstraint(
        name=name,
        deferrable=Deferrable.IMMEDIATE if at_end else None,
        expressions=[
            (F(owner), RangeOperators.EQUAL),
            (TsTzRange(start, end, RangeBoundary()), RangeOperators.OVERLAPS),
        ],
    )
