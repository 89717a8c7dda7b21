"""The raw door: an OCPP message as it is, checked by the schema of the charger's version."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from cpms.control import commands
from cpms.control.commands import Asker, Refused
from cpms.control.models import Command
from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.base import check_texts
from cpms.ocpp import schemas
from cpms.ocpp.commands import translation
from cpms.ocpp.versions import ROUTES
from inventory.models import Charger
from monitoring.masking import masked

#: Action of 1.6 -> what 2.x has for it.
LATER = {
    "ChangeConfiguration": "SetVariables",
    "ExtendedTriggerMessage": "TriggerMessage",
    "GetConfiguration": "GetVariables",
    "GetDiagnostics": "GetLog",
    "RemoteStartTransaction": "RequestStartTransaction",
    "RemoteStopTransaction": "RequestStopTransaction",
    "SignedUpdateFirmware": "UpdateFirmware",
}
EARLIER = {
    later: earlier
    for earlier, later in LATER.items()
    if later not in ("TriggerMessage", "GetLog", "UpdateFirmware")
}


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
    check_texts(payload)
    check(version, action, payload)
    shown = masked(dict(payload))
    return commands.request_raw(charger, action, payload, shown, asker, reason=reason, lasts=lasts)


def check(version: str, action: str, payload: Mapping[str, Any]) -> None:
    """Raise `BadRequest` for what isn't a message of `version`: in what it differs from one."""
    if schemas.validator(version, action) is None:
        raise BadRequest(_elsewhere(version, action))
    try:
        translation.check(version, action, dict(payload))
    except BadRequest as problem:
        others = [v for v in schemas.FOLDERS if v != version and _fits(v, action, payload)]
        if not others:
            raise
        said = {"action": action, "others": " / ".join(others), "version": version}
        text = _(
            "This is a %(action)s of OCPP %(others)s; the charger speaks OCPP %(version)s, where "
            "it differs: %(problem)s"
        )
        raise BadRequest(text % {**said, "problem": problem}) from None


def actions(version: str) -> list[str]:
    """Return the messages that a charger of this version takes."""
    sent = ROUTES[version].handlers.keys() - {"DataTransfer"}
    return [action for action in schemas.actions(version) if action not in sent]


def _fits(version: str, action: str, payload: Mapping[str, Any]) -> bool:
    schema = schemas.validator(version, action)
    return schema is not None and bool(schema.is_valid(dict(payload)))


def _elsewhere(version: str, action: str) -> str:
    others = [v for v in schemas.FOLDERS if schemas.validator(v, action) is not None]
    if not others:
        return _("There is no action “%s” in OCPP.") % action[:60]
    text = _("The charger speaks OCPP %(version)s; %(action)s is of OCPP %(others)s.") % {
        "version": version,
        "action": action,
        "others": ", ".join(others),
    }
    own = (LATER if version != "1.6" else EARLIER).get(action)
    if own is None:
        return text
    return f"{text} " + _("OCPP %(version)s has %(own)s for that.") % {
        "version": version,
        "own": own,
    }
