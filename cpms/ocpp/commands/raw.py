"""The raw door: an OCPP message as it is, checked by the schema of the charger's version."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from cpms.control import commands
from cpms.control.commands import Asker, Refused
from cpms.control.models import Command
from cpms.control.operations import BadRequest, Operation
from cpms.ocpp import schemas
from cpms.ocpp.commands import translation
from cpms.ocpp.versions import ROUTES
from inventory.models import Charger
from monitoring.masking import masked


def request(
    charger: Charger,
    action: str,
    payload: Mapping[str, Any],
    asker: Asker,
    *,
    reason: str = "",
    lasts: timedelta = Operation.lasts,
) -> Command:
    """Ask a charger with a message as it is; never sent twice.

    Raises `BadRequest` with the differences where the version's schema doesn't allow it, and
    `Refused`.
    """
    version = charger.ocpp_version
    if not version:
        raise Refused(
            _("%s has never connected: which OCPP version it speaks is not known yet.") % charger
        )
    if action in ROUTES[version].handlers and action != "DataTransfer":
        raise BadRequest(_("%s is a message that chargers send, not one that they take.") % action)
    if schemas.validator(version, action) is None:
        raise BadRequest(_elsewhere(version, action))
    translation.check(version, action, dict(payload))
    shown = masked(dict(payload))
    return commands.request_raw(charger, action, payload, shown, asker, reason=reason, lasts=lasts)


def _elsewhere(version: str, action: str) -> str:
    others = [v for v in schemas.FOLDERS if schemas.validator(v, action) is not None]
    if others:
        return _("The charger speaks OCPP %(version)s; %(action)s is of OCPP %(others)s.") % {
            "version": version,
            "action": action,
            "others": ", ".join(others),
        }
    return _("There is no action “%s” in OCPP.") % action[:60]
