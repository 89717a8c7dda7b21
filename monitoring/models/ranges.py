"""Half-open time ranges in constraints."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db.models import F, Func


class TsTzRange(Func):
    """PostgreSQL's tstzrange(start, end, '[)')."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def no_overlap(name: str, owner: str, start: str, end: str) -> ExclusionConstraint:
    """Return a constraint: the rows of one `owner` never overlap in [start, end)."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            (F(owner), RangeOperators.EQUAL),
            (TsTzRange(start, end, RangeBoundary()), RangeOperators.OVERLAPS),
        ],
    )
