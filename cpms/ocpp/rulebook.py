"""What handlers may look up of tariffs and vendors' messages; read again when it changed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError
from django.db.models import Count, Max

from cpms.control import tariffs
from cpms.control.models import Tariff, VendorRule
from cpms.control.tariffs import Version
from cpms.ocpp.commands.clerk import Clerk

log = structlog.get_logger(__name__)

#: Seconds between looks for changes.
LOOK_EVERY = 5.0


class Rule(NamedTuple):
    """How a vendor's message is answered; `model` ("vendor name" in lower case) or "": any's."""

    model: str
    message: str
    answer: str
    data: str


@dataclass(slots=True)
class Rulebook:
    """The tariffs of all sites, and the answers to vendors' messages of all organisations."""

    tariffs: dict[int, list[Version]] = field(default_factory=dict)
    #: (organisation, vendor id in lower case) -> rules.
    vendors: dict[tuple[int, str], list[Rule]] = field(default_factory=dict)
    _seen: Any = None

    def tariff(self, site_id: int, at: datetime) -> Version | None:
        """Return the tariff that holds at a site at a time."""
        found = self.tariffs.get(site_id)
        return tariffs.in_force(found, at) if found else None

    def answer(
        self, organisation_id: int, model: tuple[str, str], vendor: str, message: str
    ) -> tuple[str, str]:
        """Return the status and the data that a vendor's message is answered with.

        A rule for the charger's model goes before one for all, one for the very message before
        one for any. (OCPP 1.6 §4.3, 2.0.1 P02.FR.06, P02.FR.07)
        """
        rules = self.vendors.get((organisation_id, vendor.lower()))
        own = " ".join(model).lower()
        known = [rule for rule in rules or () if rule.model in ("", own)]
        if not known:
            return "UnknownVendorId", ""
        fitting = [rule for rule in known if rule.message in ("", message.lower())]
        if not fitting:
            return "UnknownMessageId", ""
        best = max(fitting, key=lambda rule: (bool(rule.model), bool(rule.message)))
        return best.answer, best.data

    async def watch(self, clerk: Clerk) -> None:
        """Read again whatever changed, for ever."""
        while True:
            try:
                await clerk.do(self.look)
            except DatabaseError as error:  # A table that is being changed: what is known stands.
                log.warning("rulebook_not_read", error=str(error).strip())
            await asyncio.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Read everything again if anything changed; both are small."""
        seen = (
            Tariff.objects.aggregate(Count("pk"), Max("pk")),
            VendorRule.objects.aggregate(Count("pk"), Max("updated_at")),
        )
        if seen != self._seen:
            self.tariffs = tariffs.of_sites()
            self.vendors = _vendors(VendorRule.objects.select_related("model"))
            self._seen = seen


def _vendors(rows: Iterable[VendorRule]) -> dict[tuple[int, str], list[Rule]]:
    found: dict[tuple[int, str], list[Rule]] = {}
    for row in rows:
        model = f"{row.model.vendor} {row.model.name}".lower() if row.model else ""
        rule = Rule(model, row.message.lower(), row.answer, row.data)
        found.setdefault((row.organisation_id, row.vendor.lower()), []).append(rule)
    return found
