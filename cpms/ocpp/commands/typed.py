"""An operation asked of a charger whose OCPP version is known: refused now, not when it is sent."""

from datetime import timedelta

from django.db.models import QuerySet

from cpms.control import commands
from cpms.control.commands import Asker
from cpms.control.models import Command
from cpms.control.operations import Operation
from cpms.ocpp.commands import translation
from inventory.models import Charger


def request(
    charger: Charger,
    operation: Operation,
    asker: Asker,
    *,
    reason: str = "",
    lasts: timedelta | None = None,
) -> Command:
    """Ask `operation` of a charger, as `cpms.control.commands.request` does.

    Raises `BadRequest`, too, where the version that the charger speaks can't say it.
    """
    check(operation, charger.site.organisation_id, charger.ocpp_version)
    return commands.request(charger, operation, asker, reason=reason, lasts=lasts)


def check(operation: Operation, organisation_id: int, version: str) -> None:
    """Raise `BadRequest` where `version` has the operation, but can't say just this."""
    if version in operation.versions:
        operation.check()
        translation.call(operation.resolved(organisation_id).completed(), version)


def check_all(operation: Operation, organisation_id: int, chargers: QuerySet[Charger]) -> None:
    """Raise `BadRequest` where a version that some of the chargers speak can't say just this."""
    spoken = chargers.order_by().values_list("ocpp_version", flat=True).distinct()
    for version in sorted(spoken):
        check(operation, organisation_id, version)
