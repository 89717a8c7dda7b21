"""What the shell remembers for people."""

from cpms.web.models.preferences import Preferences

__all__ = ["Preferences"]
