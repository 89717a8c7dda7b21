"""The part of an address that a saved view keeps."""

from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from monitoring import fleet
from monitoring.fleet import columns

LONGEST = 2000


def laid_out(layout: columns.Layout) -> list[tuple[str, str]]:
    """Return the parameters of a layout; none of what is as usual."""
    pairs = {"columns": ",".join(layout.columns), "density": layout.density}
    usual = {"columns": ",".join(columns.USUAL), "density": columns.DENSITIES[0]}
    return [pair for pair in pairs.items() if pair not in usual.items()]


def normal(query: str) -> str:
    """Return what a query string says of filters, order and layout, always in the same words.

    What can't be read is left out, as the page does. Raises ValueError where it is too long.
    """
    if len(query) > 2 * LONGEST:
        raise ValueError(f"{len(query)} characters")
    try:
        given = QueryDict(query.removeprefix("?"))
    except SuspiciousOperation as problem:
        raise ValueError(str(problem)) from problem
    wanted = fleet.filters(given)
    pairs = [(name, str(value)) for name, value in wanted.chosen()]
    if wanted.sort != "worst":
        pairs.append(("sort", wanted.sort))
    pairs += laid_out(columns.layout(given.get("columns"), given.get("density")))
    text = urlencode(pairs)
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters")
    return text
