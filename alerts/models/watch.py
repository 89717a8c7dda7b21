"""When the alert engine last looked, by the database's clock and by its host's own."""

from django.db import models


class Watch(models.Model):
    """The engine's heartbeat on one host; see `alerts.clock`."""

    host = models.CharField(max_length=120, primary_key=True)
    #: Names the host's run since power-on; `uptime` means nothing across two of them.
    boot_id = models.CharField(max_length=40)
    #: Seconds since power-on, suspended time included.
    uptime = models.FloatField()
    #: The last look, by the database's clock.
    looked_at = models.DateTimeField()
    #: Looking without a break since.
    watching_since = models.DateTimeField()
    #: When the database's clock was last seen to jump, after the jump.
    jumped_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.host} {self.looked_at:%F %T}"
