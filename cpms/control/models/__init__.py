"""What we ask of chargers, and whom we let charge."""

from cpms.control.models.command import Bulk, Command
from cpms.control.models.token import Token

__all__ = ["Bulk", "Command", "Token"]
