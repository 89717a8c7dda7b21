"""What we ask of chargers, and whom we let charge."""

from cpms.control.models.token import Token

__all__ = ["Token"]
