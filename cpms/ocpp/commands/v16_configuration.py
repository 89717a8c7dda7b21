"""Configuration keys and the clock in OCPP 1.6. (§5.3, §5.8, §4.6)"""

from typing import Any

from cpms.control.operations import BadRequest, Operation, configuration

Said = tuple[str, dict[str, Any]]


def read_settings(asked: configuration.ReadSettings) -> Said:
    """§5.8: without keys, all are told."""
    keys = [_key(setting) for setting in asked.settings or ()]
    return "GetConfiguration", {"key": keys} if keys else {}


def change_settings(asked: configuration.ChangeSettings) -> list[Said]:
    """§5.3: a message for each key."""
    return [
        ("ChangeConfiguration", {"key": _key(change), "value": change.value})
        for change in asked.settings
    ]


def set_clock(_asked: configuration.SetClock) -> Said:
    """§4.6: a charger takes the time of a heartbeat's answer."""
    return "TriggerMessage", {"requestedMessage": "Heartbeat"}


def _key(setting: configuration.Setting) -> str:
    if setting.component is not None:
        raise BadRequest("OCPP 1.6 has keys, no components: leave the component out.")
    return setting.name


TRANSLATORS: dict[type[Operation], Any] = {
    configuration.ReadSettings: read_settings,
    configuration.ChangeSettings: change_settings,
    configuration.SetClock: set_clock,
}
