"""What running sessions cost so far: remembered from their messages, for the answers to them.

Only of chargers at sites with a tariff, and only of OCPP 2.x: 1.6 has no word for a cost.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cpms.control.cost import Cost, Use, cost
from cpms.control.tariffs import Version
from cpms.ocpp.meters import ENERGY
from cpms.ocpp.throttle import Bucket
from monitoring.facts import MetersSampled
from monitoring.models import Session

#: Transactions remembered in a gateway, the longest unheard of is forgotten first.
MOST = 100_000
#: Running costs told of one transaction: so many per second, and at once.
TELL_RATE, TELL_BURST = 0.1, 5.0
#: What is told later than this after it happened is no running cost any more.
LATE = timedelta(minutes=2)
#: Charging states in which the charger, or the vehicle, is still at it.
AT_IT = frozenset({"Charging", "SuspendedEVSE"})


@dataclass(slots=True)
class Fare:
    """A running transaction: when and where its meter began, and how far it is. Wh, aware UTC."""

    started: datetime
    meter_start: float | None = None
    energy: float | None = None
    #: It has charged; who only plugs in has not ended charging.
    charged: bool = False
    charged_until: datetime | None = None
    bucket: Bucket = field(default_factory=lambda: Bucket(TELL_RATE, TELL_BURST, 0.0))

    def hear(self, state: str, samples: Sequence[MetersSampled], at: datetime) -> None:
        """Learn from a message of the transaction."""
        for sample in samples:
            self._measure(sample)
        if state in AT_IT:
            self.charged, self.charged_until = True, None
        elif state and self.charged and self.charged_until is None:
            self.charged_until = at

    def _measure(self, sample: MetersSampled) -> None:
        register = sample.values[ENERGY]
        if sample.session_energy is not None:
            self.energy = max(sample.session_energy, self.energy or 0.0)
        elif register is not None:
            if self.meter_start is None:
                self.meter_start = register
            self.energy = max(register - self.meter_start, self.energy or 0.0)

    def cost(self, tariff: Version, until: datetime) -> Cost:
        """Return what it costs up to a time."""
        use = Use(self.started, max(until, self.started), self.energy, self.charged_until)
        return cost(tariff.prices, use)

    def may_tell(self, now: datetime) -> bool:
        """Count one running cost that is told; tell whether it is one too many."""
        return not self.bucket.refuse(now.timestamp())


class Fares:
    """The running transactions of a gateway's chargers."""

    def __init__(self) -> None:
        """Know none."""
        self._known: OrderedDict[tuple[int, str], Fare] = OrderedDict()

    def begin(self, charger_id: int, transaction: str, started: datetime) -> Fare:
        """Return a transaction's fare, new where it isn't known."""
        fare = self.find(charger_id, transaction)
        if fare is None:
            fare = self._known[charger_id, transaction] = Fare(started)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        fare.started = min(fare.started, started)
        return fare

    def find(self, charger_id: int, transaction: str) -> Fare | None:
        """Return a transaction's fare, if it is known."""
        key = (charger_id, transaction)
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def end(self, charger_id: int, transaction: str) -> None:
        """Forget a transaction."""
        self._known.pop((charger_id, transaction), None)

    def recall(self, charger_id: int) -> None:
        """Learn of a charger's running transactions from what is stored; uses the ORM."""
        running = Session.objects.filter(charger=charger_id, ended=None).order_by("-started")
        for row in running[:10]:
            fare = self.begin(charger_id, row.transaction_id, row.started)
            if row.meter_start is not None:
                fare.meter_start = row.meter_start
            fare.energy = max(fare.energy or 0.0, row.energy or 0.0)
            fare.charged = fare.charged or fare.energy > 0
