"""What the shell remembers for people."""

from cpms.web.models.kiosk import KioskLink
from cpms.web.models.preferences import Preferences

__all__ = ["KioskLink", "Preferences"]
