"""What a charger that was let in leaves out or gets wrong, and what to do about it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cpms.web.connect.case import Case, Words
from cpms.web.durations import spoken
from monitoring.arrival import Mark


def _gone(mark: Mark, case: Case) -> Words:
    return Words(
        _("It was connected, and is gone: %(why)s.") % {"why": case.close_words}
        if case.close_words
        else _("It was connected, and is gone."),
        _(
            "It has not knocked since: no power, no network, or another address was "
            "entered. Look at its signal light and its network first."
        ),
    )


def _no_boot(mark: Mark, case: Case) -> Words:
    return Words(
        _("It is connected and has sent no BootNotification yet; we have asked it for one."),
        _(
            "If none comes, restart the charger once. One that stays silent has a "
            "firmware that was interrupted or waits for its own set-up."
        ),
    )


def _pending(mark: Mark, case: Case) -> Words:
    return Words(
        _(
            "Its boot was answered “Pending”, because its lifecycle here is "
            "“%(lifecycle)s”: it may not charge yet."
        )
        % {"lifecycle": case.lifecycle},
        _(
            "Activate it: at its next boot, %(interval)s from the last one at the latest,"
            " it is accepted."
        )
        % {"interval": spoken(timedelta(seconds=case.heartbeat_interval))},
    )


def _rejected(mark: Mark, case: Case) -> Words:
    return Words(
        _("Its boot was answered “Rejected”, because its lifecycle here is “%(lifecycle)s”.")
        % {"lifecycle": case.lifecycle},
        _("Activate it if it is to work again."),
    )


def _boots_again(mark: Mark, case: Case) -> Words:
    return Words(
        _("Its last boot was not accepted; its lifecycle has been changed since."),
        _("It boots again by itself within %(interval)s; a restart makes it quicker.")
        % {"interval": spoken(timedelta(seconds=case.heartbeat_interval))},
    )


def _boot_unreadable(mark: Mark, case: Case) -> Words:
    said: dict[str, Any] = mark.knock.said if mark.knock else {}
    return Words(
        _("Its BootNotification could not be read (%(code)s): %(why)s")
        % {"code": said.get("code", ""), "why": said.get("why", "")},
        _(
            "The charger breaks the OCPP schema. Look at the frame in the flight "
            "recorder, and ask the vendor for a firmware that keeps to it."
        ),
    )


def _no_status(mark: Mark, case: Case) -> Words:
    return Words(
        _("It has booted, and told no status of any connector yet."),
        _(
            "It should send a StatusNotification for each connector after its boot. "
            "Restart it once, or plug a cable in and out."
        ),
    )


def _missing(mark: Mark, case: Case) -> Words:
    numbers = ", ".join(map(str, mark.numbers))
    return Words(
        ngettext(
            "No StatusNotification for connector %(numbers)s yet.",
            "No StatusNotification for connectors %(numbers)s yet.",
            len(mark.numbers),
        )
        % {"numbers": numbers},
        _(
            "Does the charger have as many connectors as are on file here? Plug a cable "
            "in and out of that one, or restart the charger."
        ),
    )


def _no_heartbeat(mark: Mark, case: Case) -> Words:
    return Words(
        _("No heartbeat, though one is due every %(interval)s.")
        % {"interval": spoken(timedelta(seconds=case.heartbeat_interval))},
        _(
            "Some chargers leave heartbeats out while they send other messages. Else look"
            " at HeartbeatInterval in its configuration."
        ),
    )


def _clock(mark: Mark, case: Case) -> Words:
    offset = timedelta(milliseconds=case.clock_offset_ms or 0)
    ahead = offset > timedelta(0)
    # It differs by the seconds that a message took: 2 h 59 min are 3 h.
    values = {"off": spoken(timedelta(minutes=round(abs(offset) / timedelta(minutes=1))))}
    return Words(
        (_("Its clock is %(off)s ahead.") if ahead else _("Its clock is %(off)s behind.")) % values,
        _(
            "Times are corrected here, but its own schedules and logs are wrong. Let it "
            "take the time from our answers or from NTP, and check its time zone."
        ),
    )


INSIDE: dict[str, Callable[[Mark, Case], Words]] = {
    "gone": _gone,
    "no_boot": _no_boot,
    "pending": _pending,
    "rejected": _rejected,
    "boots_again": _boots_again,
    "boot_unreadable": _boot_unreadable,
    "no_status": _no_status,
    "missing": _missing,
    "no_heartbeat": _no_heartbeat,
    "clock": _clock,
}
