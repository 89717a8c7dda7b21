"""The kinds of reports: one table, a module each."""

from collections.abc import Mapping

from cpms.reports.kinds import california, contractor, monthly, nevi, site, uk
from cpms.reports.kinds.kind import Kind

#: In the order in which they are offered.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        monthly.KIND, site.KIND, contractor.KIND, nevi.KIND, uk.KIND, california.KIND,
    )
}  # fmt: skip
