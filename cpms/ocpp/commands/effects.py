"""What follows from a charger's answer beside the command's own end, per action.

Called in the transaction that settles the command, with the payload that went out (secrets and
all) and the answer.
"""

from collections.abc import Callable
from typing import Any

from cpms.control.models import Command
from cpms.control.settlement import Ending

Effect = Callable[[Command, dict[str, Any], Ending], None]

EFFECTS: dict[str, Effect] = {}


def follow(
    version: str, action: str, payload: dict[str, Any], ending: Ending, command: Command
) -> None:
    """Do what follows; nothing for most actions."""
    effect = EFFECTS.get(action)
    if effect is not None:
        effect(command, payload, ending)
