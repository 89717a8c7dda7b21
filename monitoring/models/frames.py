"""The flight recorder: every frame in both directions, in compressed segments."""

from django.db import models


class FrameSegment(models.Model):
    """Frames of one charger in [started, ended], zstandard-compressed; see `monitoring.recorder`.

    The table is made in the migration: partitioned by day of `started`.
    """

    pk = models.CompositePrimaryKey("charger_id", "started")
    charger_id = models.BigIntegerField()
    started = models.DateTimeField()
    ended = models.DateTimeField()
    #: Frames in it, and their bytes before compression.
    frames = models.IntegerField()
    size = models.IntegerField()
    #: Which dictionary of `monitoring.recorder` decodes it.
    dictionary = models.SmallIntegerField()
    data = models.BinaryField()

    class Meta:
        managed = False
        db_table = "monitoring_framesegment"
