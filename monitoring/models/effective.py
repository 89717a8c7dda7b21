"""What every charger is in now, kept by the database itself: the lists of a whole fleet."""

from django.db import models

from inventory.models import Charger


class EffectiveState(models.Model):
    """A charger's effective state, since when, and how many of its ports are in which.

    One narrow row for every charger, so that a fleet is counted, ordered and paged without a
    look at its ports. Triggers on the chargers, their ports and the states of both write it in
    the very statement that changes them (migration 0004): it is never late and never wrong,
    whoever wrote. What a state means is said in `monitoring.effective`.
    """

    charger = models.OneToOneField(
        Charger, models.CASCADE, primary_key=True, related_name="effective_state"
    )
    #: Index in `monitoring.effective.WORST_FIRST`.
    rank = models.PositiveSmallIntegerField()
    #: The latest change to this state, of whatever of the charger is in it; None: never seen.
    since = models.DateTimeField(null=True)
    #: Ports by state; they add up to all of the charger's.
    offline = models.PositiveSmallIntegerField(default=0)
    faulted = models.PositiveSmallIntegerField(default=0)
    unavailable = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    charging = models.PositiveSmallIntegerField(default=0)
    occupied = models.PositiveSmallIntegerField(default=0)
    reserved = models.PositiveSmallIntegerField(default=0)
    available = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index("rank", models.F("since").desc(nulls_last=True), name="worst_first"),
        ]

    def __str__(self) -> str:
        return f"{self.charger_id} rank {self.rank}"
