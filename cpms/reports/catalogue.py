"""Every KPI there is: those of monitoring, and those of repair, which incidents tell.

SLA attainment and avoided truck rolls (KPIS.md, "Repair") are not among them: nothing says
yet by when an incident must be answered, nor that a playbook closed one.
"""

from collections.abc import Mapping

from alerts import repair
from monitoring.kpis import figures as of_monitoring
from monitoring.kpis.figures import Definition

#: Name in the API -> definition, in the order in which they are shown.
CATALOGUE: Mapping[str, Definition] = {
    str(definition.metric): definition
    for room in (of_monitoring.DEFINITIONS, repair.DEFINITIONS)
    for definition in room.values()
}
