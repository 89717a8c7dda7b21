"""Whether a session's meters agree, why not, and what may be billed. Pure.

Three witnesses: the registers at start and stop, the samples in between (their registers, or
power by time where they have none), and what the session itself says. Energies are Wh,
powers W, times seconds.

Thresholds. Two meters that each keep to their class may differ by both errors. Directive
2014/32/EU (MID), annex V: an active electrical energy meter of class B errs by 2 % at most in
reference conditions; NIST Handbook 44 § 3.40 T.2 asks 1 % of new EV chargers and 2 % in
service. So up to 2 % agree, 5 % (both errors and the moments of reading) are tolerable,
beyond 20 % one of them is wrong. A session of 100 Wh isn't judged by shares of it.

Power by time is a witness and never billed: it is computed here, not measured. Where two
registers contradict each other and nothing tells which is right, the driver pays the lesser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitoring.reconciliation.samples import Sampled

AGREES, TOLERABLE, DOUBTFUL = 0.02, 0.05, 0.20
#: Differences up to this are never more than tolerable, Wh.
SMALL = 100.0
#: Registers at the ends are rounded: each by one Wh even where they look finer.
LEAST_STEP = 1.0
#: What a port may be above its rating: rounded ratings, and the meter's own error.
HEADROOM = 1.1
#: No session holds more than a lorry's batteries ten times over, nor a port more than MCS.
MOST_ENERGY, MOST_POWER = 5_000_000.0, 3_750_000.0
#: Power by time is a witness if it is known for this share of the session.
KNOWN_ENOUGH = 0.5
#: Registers at the two ends may be read in the wrong order by so much, Wh.
JITTER_OF_ENDS = 20.0
#: Up to so many seconds, or such a share of a session, no sample at its ends is usual.
ENDS, ENDS_SHARE = 600.0, 0.1
#: Wh read as kWh or the other way round, and how near to it.
KILO, NEAR = 1000.0, 0.05
#: A register that falls to less than this share of what it was has begun anew.
ANEW = 0.05
NO_SAMPLES = Sampled()


class Verdict(StrEnum):
    """How well the witnesses agree, from nothing to the worst."""

    NO_METER = "no_meter"
    SINGLE = "single"
    AGREES = "agrees"
    TOLERABLE = "tolerable"
    DOUBTFUL = "doubtful"
    CONTRADICTORY = "contradictory"


class Cause(StrEnum):
    """Why they differ, most likely."""

    NONE = ""
    ROUNDING = "rounding"
    ENDS_NOT_SAMPLED = "ends_not_sampled"
    SAMPLES_MISSING = "samples_missing"
    OFFLINE_GAP = "offline_gap"
    START_MISSING = "start_missing"
    STOP_MISSING = "stop_missing"
    METER_RESET = "meter_reset"
    METER_REPLACED = "meter_replaced"
    METER_BACKWARDS = "meter_backwards"
    METER_STUCK = "meter_stuck"
    WRONG_UNIT = "wrong_unit"
    CLOCK = "clock"
    OTHER_SESSION = "other_session"
    BEYOND_POWER = "beyond_power"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """What billing should use."""

    REGISTERS = "registers"
    SAMPLES = "samples"
    REPORTED = "reported"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Metered:
    """An ended session [start, end) and all that its meters say of it."""

    start: float
    end: float
    meter_start: float | None = None
    meter_stop: float | None = None
    #: The energy as the session has it.
    reported: float | None = None
    sampled: Sampled = NO_SAMPLES
    #: W that the port can do; None: not known.
    limit: float | None = None
    flags: frozenset[str] = frozenset()
    #: It began, or ran, while the charger wasn't connected.
    offline: bool = False
    #: Another session ran on the port meanwhile.
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the witnesses say, Wh, and what to make of it."""

    registers: float | None
    samples: float | None
    power: float | None
    reported: float | None
    #: The witness that differs most, less what billing should use; None: nothing to compare.
    difference: float | None
    #: Of the larger of the two, 0 to 1.
    share: float | None
    cause: Cause
    verdict: Verdict
    basis: Basis
    #: Wh; never below 0 nor above what can be. None: nobody can say.
    billable: float | None


def judge(metered: Metered) -> Judgement:
    """Return the verdict on a session's meters."""
    return _Case(metered).judgement()


def _share(one: float, other: float) -> float:
    """Return by which share of the larger they differ, 0 to 1."""
    larger = max(abs(one), abs(other))
    return min(abs(one - other) / larger, 1.0) if larger else 0.0


def _within(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * max(abs(one), abs(other))


class _Case:
    """One session's figures, worked out once."""

    def __init__(self, metered: Metered) -> None:
        self.m = metered
        self.s = metered.sampled
        self.lasted = max(metered.end - metered.start, 0.0)
        self.registers = _less(metered.meter_stop, metered.meter_start)
        self.samples = self._by_samples()
        known = self.lasted > 0 and self.s.covered >= KNOWN_ENOUGH * self.lasted
        self.power = self.s.integrated if known else None
        self.step = _step(metered)

    def _by_samples(self) -> float | None:
        """Return the energy by the samples' registers, with the end that the session has.

        Where only one end was told, the samples take the other's place.
        """
        m, s = self.m, self.s
        if m.meter_start is None and m.meter_stop is not None and s.first and not s.fall:
            return _less(m.meter_stop, s.first.register)
        if m.meter_stop is None and m.meter_start is not None and s.last and not s.fall:
            return _less(s.last.register, m.meter_start)
        return s.energy

    @property
    def most(self) -> float:
        """Return the energy that the port can deliver in that time at most."""
        limit = self.m.limit or MOST_POWER
        return min(limit * HEADROOM * self.lasted / 3600 + SMALL, MOST_ENERGY)

    def possible(self, energy: float) -> bool:
        """Tell whether a session can have delivered that."""
        return -JITTER_OF_ENDS <= energy <= self.most

    def judgement(self) -> Judgement:
        """Return the verdict."""
        basis, billable = self._bill()
        worst = self._worst(basis, billable)
        difference = share = None
        if worst is not None and billable is not None:
            difference, share = worst - billable, _share(worst, billable)
        cause = self._cause(worst, billable)
        verdict = self._verdict(cause, difference, share, basis)
        if verdict is Verdict.AGREES and cause not in _QUIET:
            cause = Cause.NONE
        return Judgement(
            self.registers, self.samples, self.power, self.m.reported,
            difference, share, cause, verdict, basis, billable,
        )  # fmt: skip

    # --- what to bill

    def _bill(self) -> tuple[Basis, float | None]:
        for basis, energy in self._candidates():
            if energy is None:
                continue
            if self.possible(energy) or self._clock_is_wrong(energy):
                return basis, max(energy, 0.0)
        return Basis.NOTHING, None

    def _candidates(self) -> Sequence[tuple[Basis, float | None]]:
        by_registers = (Basis.REGISTERS, self.registers)
        by_samples = (Basis.SAMPLES, self.samples)
        rest = [(Basis.REPORTED, self.m.reported)]
        if self._samples_know_better():
            return [by_samples, by_registers, *rest]
        return [by_registers, by_samples, *rest]

    def _samples_know_better(self) -> bool:
        """Tell whether the samples are to be believed rather than the two ends.

        They are where the register fell on the way, and where a factor of 1000 lies between
        and the power says so, or nothing says anything: then the lesser.
        """
        if self.samples is None or self.registers is None:
            return False
        if self.s.fall is not None:
            return True
        if not _factor(self.registers, self.samples):
            return False
        if self.power is not None and self.power > SMALL:
            return abs(self.samples - self.power) < abs(self.registers - self.power)
        return self.samples < self.registers

    def _clock_is_wrong(self, energy: float) -> bool:
        """Tell whether two meters agree on what the time doesn't allow."""
        both = self.registers is not None and self.samples is not None
        return (
            both
            and energy > self.most
            and energy <= MOST_ENERGY
            and self.s.fall is None
            and _within(self.registers or 0.0, self.samples or 0.0, AGREES)
        )

    # --- how far they are apart

    def _worst(self, basis: Basis, billable: float | None) -> float | None:
        """Return the witness that is furthest from what is billed."""
        others = {
            Basis.REGISTERS: self.registers,
            Basis.SAMPLES: self.samples,
            Basis.REPORTED: self.m.reported,
        }
        others.pop(basis, None)
        if self._only_repeats(basis):
            others.pop(Basis.REPORTED)
        told = [energy for energy in others.values() if energy is not None]
        if billable is None:
            return None
        if self.power is not None and (not told or self._cries_out(billable)):
            told.append(self.power)
        return max(told, key=lambda energy: abs(energy - billable), default=None)

    def _cries_out(self, billable: float) -> bool:
        """Tell whether power by time, a crude witness, can't be overheard."""
        power = self.power or 0.0
        return abs(power - billable) > SMALL and _share(power, billable) > DOUBTFUL

    def _only_repeats(self, basis: Basis) -> bool:
        """Tell whether the session's own figure is no witness: it was made from the registers."""
        return basis is Basis.REGISTERS and self.m.reported == self.registers

    # --- why

    def _cause(self, worst: float | None, billable: float | None) -> Cause:
        for cause in (self._broken(), self._told_once(), self._impossible()):
            if cause is not Cause.NONE:
                return cause
        if worst is None or billable is None or worst == billable:
            return Cause.NONE
        return self._apart(worst, billable)

    def _broken(self) -> Cause:
        """Return what is wrong with the register itself."""
        if self.registers is not None and self.registers < -JITTER_OF_ENDS:
            return self._fallen((self.m.meter_start or 0.0, self.m.meter_stop or 0.0))
        if self.s.fall is not None:
            return self._fallen(self.s.fall)
        return Cause.NONE

    def _fallen(self, fall: tuple[float, float]) -> Cause:
        before, after = self.s.fall or fall
        if _factor(before, after) and self.s.fall is None:
            return Cause.WRONG_UNIT
        if after <= ANEW * before:
            return Cause.METER_RESET
        if self.s.fall is not None and before - after > self.most:
            return Cause.METER_REPLACED
        return Cause.METER_BACKWARDS

    def _told_once(self) -> Cause:
        """Return which end is missing where the other was told."""
        if self.m.meter_start is None and self.m.meter_stop is not None:
            return Cause.START_MISSING
        if self.m.meter_stop is None and self.m.meter_start is not None:
            return Cause.STOP_MISSING
        return Cause.NONE

    def _impossible(self) -> Cause:
        """Return why a figure can't be."""
        if self.registers is not None and self._clock_is_wrong(self.registers):
            return Cause.CLOCK
        told = (self.registers, self.samples, self.m.reported)
        beyond = [energy for energy in told if energy is not None and energy > self.most]
        if not beyond:
            return Cause.NONE
        witnesses = [w for w in (*told, self.power) if w is not None and w not in beyond]
        if any(_factor(energy, witness) for energy in beyond for witness in witnesses):
            return Cause.WRONG_UNIT
        no_time = self.lasted == 0 or "bad_time" in self.m.flags
        return Cause.CLOCK if no_time else Cause.BEYOND_POWER

    def _apart(self, worst: float, billable: float) -> Cause:
        """Return why possible figures differ."""
        if abs(worst - billable) <= 2 * self.step:
            return Cause.ROUNDING
        if _factor(worst, billable):
            return Cause.WRONG_UNIT
        if billable <= LEAST_STEP and worst > SMALL:
            return Cause.METER_STUCK
        if worst < billable and billable - worst <= self._unseen_energy(billable):
            return self._unseen_cause()
        return Cause.OTHER_SESSION if self.m.shared else Cause.UNKNOWN

    def _unseen_energy(self, delivered: float) -> float:
        """Return what can have flowed while nothing was sampled."""
        mean = delivered / self.lasted * 3600 if self.lasted else 0.0
        power = self.m.limit * HEADROOM if self.m.limit else max(self.s.peak, mean) * 1.5
        return power * self._unseen() / 3600 + 2 * self.step

    def _unseen(self) -> float:
        first, last = self.s.first, self.s.last
        if self.samples is not None and first is not None and last is not None:
            return max(self.lasted - (last.at - first.at), 0.0)
        return max(self.lasted - self.s.covered, 0.0)

    def _unseen_cause(self) -> Cause:
        if self._unseen() <= max(ENDS, ENDS_SHARE * self.lasted):
            return Cause.ENDS_NOT_SAMPLED
        return Cause.OFFLINE_GAP if self.m.offline else Cause.SAMPLES_MISSING

    # --- how bad

    def _verdict(
        self, cause: Cause, difference: float | None, share: float | None, basis: Basis
    ) -> Verdict:
        if basis is Basis.NOTHING:
            told = (self.registers, self.samples, self.m.reported)
            heard = any(energy is not None for energy in told)
            return Verdict.CONTRADICTORY if heard else Verdict.NO_METER
        if cause in _ALWAYS_BAD:
            return Verdict.CONTRADICTORY
        if cause is Cause.CLOCK:
            return Verdict.DOUBTFUL
        if difference is None or share is None:
            return Verdict.SINGLE
        return _by_size(cause, abs(difference), share)


#: Causes that stand also where the figures agree.
_QUIET = {
    Cause.NONE, Cause.ROUNDING, Cause.START_MISSING, Cause.STOP_MISSING, Cause.ENDS_NOT_SAMPLED,
}  # fmt: skip
_ALWAYS_BAD = {
    Cause.METER_RESET, Cause.METER_REPLACED, Cause.METER_BACKWARDS, Cause.WRONG_UNIT,
    Cause.BEYOND_POWER, Cause.METER_STUCK,
}  # fmt: skip
#: A difference that one of these explains is no more than tolerable.
_EXPLAINED = {
    Cause.ROUNDING, Cause.ENDS_NOT_SAMPLED, Cause.SAMPLES_MISSING, Cause.OFFLINE_GAP,
}  # fmt: skip


def _by_size(cause: Cause, size: float, share: float) -> Verdict:
    if share <= AGREES or size <= LEAST_STEP:
        return Verdict.AGREES
    if share <= TOLERABLE or size <= SMALL or cause in _EXPLAINED:
        return Verdict.TOLERABLE
    return Verdict.DOUBTFUL if share <= DOUBTFUL else Verdict.CONTRADICTORY


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _factor(one: float, other: float) -> bool:
    """Tell whether one is about a thousand times the other."""
    small, large = sorted((abs(one), abs(other)))
    return small > LEAST_STEP and _within(large, KILO * small, NEAR)


def _step(metered: Metered) -> float:
    """Return the step that the session's registers count in, Wh: 1, 10, 100 or 1000."""
    ends = [value for value in (metered.meter_start, metered.meter_stop) if value is not None]
    for step in (1000.0, 100.0, 10.0):
        if len(ends) == 2 and any(ends) and all(value % step == 0 for value in ends):
            return step
    return LEAST_STEP
