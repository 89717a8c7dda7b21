"""The settings a detector works with: staff's rule if there is one, else its own defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerts.models import DetectorName, Rule, Severity


@dataclass(frozen=True, slots=True)
class Settings:
    """How one organisation wants one detector."""

    hold_off: timedelta
    clear_delay: timedelta
    severity: Severity
    enabled: bool = True
    ignored_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Book:
    """One detector's settings for every organisation."""

    default: Settings
    own: Mapping[int, Settings]

    def of(self, organisation_id: int | None) -> Settings:
        """Return the organisation's settings, or what holds for those without any."""
        if organisation_id is None:
            return self.default
        return self.own.get(organisation_id, self.default)


def book(detector: DetectorName, built_in: Settings) -> Book:
    """Read the rules of a detector; `built_in` holds where nobody has written one for all."""
    rows = {rule.organisation_id: rule for rule in Rule.objects.filter(detector=detector)}
    common = rows.pop(None, None)
    own = {key: _settings(rule) for key, rule in rows.items() if key is not None}
    return Book(_settings(common) if common else built_in, own)


def _settings(rule: Rule) -> Settings:
    return Settings(
        hold_off=timedelta(seconds=rule.hold_off),
        clear_delay=timedelta(seconds=rule.clear_delay),
        severity=Severity(rule.severity),
        enabled=rule.enabled,
        ignored_codes=frozenset(rule.ignored_codes),
    )
