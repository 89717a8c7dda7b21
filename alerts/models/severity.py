"""How bad something is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.IntegerChoices):
    """ITU-T X.733's perceived severities; 1 is the worst, so that they sort."""

    CRITICAL = 1, _("Critical")
    MAJOR = 2, _("Major")
    MINOR = 3, _("Minor")
    WARNING = 4, _("Warning")

    @property
    def slug(self) -> str:
        """The name in URLs and in the API, e.g. "critical"."""
        return self.name.lower()
