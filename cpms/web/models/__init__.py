"""What the shell remembers for people."""

from cpms.web.models.kiosk import KioskLink
from cpms.web.models.preferences import Preferences
from cpms.web.models.saved_views import FleetPreferences, SavedView

__all__ = ["FleetPreferences", "KioskLink", "Preferences", "SavedView"]
