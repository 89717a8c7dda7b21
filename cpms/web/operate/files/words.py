"""What chargers report on firmware and logs, in words; and where a transfer stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control import steps as reported
from cpms.control.models import Command, Transfer
from cpms.control.transfers import FETCHED, STALLED_AFTER
from cpms.web.durations import spoken
from cpms.web.operate import words
from cpms.web.operate.steps import Step

State, Kind = Transfer.State, Transfer.Kind
#: Word -> what it is called, and what it means for who waits.
SAID: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "DownloadScheduled": (_("Will fetch it later"), _("It waits for its time, or for a session.")),
    "Downloading": (_("Fetching"), _("It is fetching the firmware.")),
    "DownloadPaused": (_("Paused"), _("It has paused, and goes on by itself.")),
    "Downloaded": (_("Fetched"), _("It has the firmware, and will check or install it.")),
    "SignatureVerified": (_("Signature fits"), _("The firmware is signed as it should be.")),
    "ChecksumVerified": (_("Checksum fits"), _("The firmware is whole.")),
    "InstallScheduled": (
        _("Will install it later"), _("It waits for its time, or until nobody charges."),
    ),
    "Installing": (_("Installing"), _("It is installing: its ports may be out of service.")),
    "InstallRebooting": (_("Restarting"), _("It restarts to finish.")),
    "Installed": (_("Installed"), _("It says that the firmware is installed.")),
    "Published": (_("Published"), _("It hands the firmware out to the chargers behind it.")),
    "DownloadFailed": (
        _("Fetching failed"),
        _("It could not fetch the firmware. See whether it can reach the address at all, and "
          "which kinds of address (http, https, ftp) it knows."),
    ),
    "InstallationFailed": (
        _("Installing failed"),
        _("It runs on with what it had. The firmware may be for another model."),
    ),
    "InstallVerificationFailed": (
        _("Check after installing failed"),
        _("It found the firmware broken once it was installed, and should have gone back."),
    ),
    "InvalidSignature": (
        _("Signature doesn't fit"),
        _("It refuses the firmware: the signature isn't of this file and certificate. Nothing "
          "was installed."),
    ),
    "InvalidChecksum": (
        _("Checksum doesn't fit"),
        _("What it fetched is not what the checksum is of. Nothing is handed out."),
    ),
    "PublishFailed": (_("Publishing failed"), _("It could not hand the firmware out.")),
    "Uploading": (_("Sending"), _("It is sending the file.")),
    "Uploaded": (_("Sent"), _("It says that it has sent the file.")),
    "UploadFailed": (
        _("Sending failed"),
        _("It could not send the file. See whether it can reach the address at all, and which "
          "kinds of address it knows."),
    ),
    "UploadFailure": (
        _("Sending failed"),
        _("It could not send the file. See whether it can reach the address at all, and which "
          "kinds of address it knows."),
    ),
    "BadMessage": (_("Not understood"), _("It or the address's server didn't understand it.")),
    "PermissionDenied": (_("Not allowed"), _("The address's server didn't let it in.")),
    "NotSupportedOperation": (_("Can't do it"), _("It can't send files to such an address.")),
    "AcceptedCanceled": (_("Given up"), _("It gave this one up for a newer request.")),
    "Idle": (
        _("Idle"), _("It says that it isn't at anything: what was under way may be lost."),
    ),
}  # fmt: skip
#: State -> tone and icon of its badge.
LOOKS = {
    State.WAITING: ("notice", "hourglass"),
    State.RUNNING: ("info", "refresh"),
    State.STALLED: ("warn", "alert-triangle"),
    State.DONE: ("good", "circle-check"),
    State.FAILED: ("bad", "alert-triangle"),
    State.CANCELLED: ("calm", "x"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A transfer as a page shows it."""

    transfer: Transfer
    title: str
    label: str
    tone: str
    icon: str
    sentence: str
    steps: list[Step]


def shown(transfer: Transfer, now: datetime) -> Shown:
    """Return a transfer, fetched with its command, file and image, in words."""
    tone, icon = LOOKS[State(transfer.state)]
    label = str(transfer.get_state_display())
    verified = transfer.command.verified
    if transfer.state == State.DONE and verified is not True:
        tone, icon = ("warn", "eye") if verified is None else ("bad", "alert-triangle")
        label = gettext("not verified yet") if verified is None else gettext("not done")
    return Shown(
        transfer, title(transfer), label, tone, icon, sentence(transfer, now), steps(transfer, now)
    )


def title(transfer: Transfer) -> str:
    """Say what it is."""
    if transfer.kind == Kind.FIRMWARE:
        version = transfer.version or gettext("another version")
        return gettext("Update to %s") % version
    if transfer.kind == Kind.LOG:
        kinds = {
            "security": gettext("Security log"), "data_collector": gettext("Data collector's log"),
        }  # fmt: skip
        return kinds.get(transfer.log, gettext("Diagnostics log"))
    return str(transfer.get_kind_display()).capitalize()


def sentence(transfer: Transfer, now: datetime) -> str:
    """Say where it stands, in one sentence."""
    command = transfer.command
    if command.state != Command.State.ACCEPTED and not transfer.steps:
        return words.said(command, now).sentence
    word = transfer.status or reported.furthest(transfer.steps)
    if transfer.state == State.FAILED and word in SAID:
        return said(word)[1]
    if told := words.verification(command):
        return told
    if transfer.state == State.STALLED:
        quiet = spoken(now - (transfer.status_at or command.sent_at or transfer.asked_at))
        return (
            gettext(
                "Nothing was heard of it for %s. It may go on all the same: ask for its status, or "
                "see in the flight recorder."
            )
            % quiet
        )
    if transfer.state == State.DONE and transfer.kind == Kind.FIRMWARE:
        return gettext("It says that it is installed; the next boot shows whether it runs it.")
    return said(word)[1] if word else gettext("It accepted, and hasn't reported on it yet.")


def said(word: str) -> tuple[str, str]:
    """Return what a charger's word is called and means; its own where it isn't OCPP's."""
    label, meaning = SAID.get(word, (word, ""))
    return str(label), str(meaning)


def steps(transfer: Transfer, now: datetime) -> list[Step]:
    """Return the way so far, and what is still to come."""
    who = {"who": transfer.command.requested_by_name}
    found = [Step(gettext("Asked"), "done", gettext("by %(who)s") % who, transfer.asked_at)]
    if transfer.due_at and not transfer.steps and transfer.due_at > now:
        found.append(Step(gettext("Due"), "waiting", "", transfer.due_at))
    fetching = _fetching(transfer)
    found += [_step(step) for step in transfer.steps]
    if fetching is not None:
        found.insert(1, fetching)
    return [*_current(transfer, found), *_to_come(transfer)]


def _step(step: Mapping[str, Any]) -> Step:
    label, meaning = said(step["status"])
    bad = step["status"] in reported.FAILED | reported.CANCELLED
    more = ""
    if step["count"] > 1:
        more = gettext("Said %(times)s times.") % {"times": step["count"]}
    detail = " ".join(part for part in (meaning if bad else "", more) if part)
    at = datetime.fromisoformat(step["at"])
    return Step(label, "failed" if bad else "done", detail, at)


def _fetching(transfer: Transfer) -> Step | None:
    """Say how much of our file it has been sent."""
    file = transfer.image.file if transfer.image else None
    if transfer.kind not in FETCHED or file is None or transfer.fetched_at is None:
        return None
    told = {"done": size(transfer.fetched), "all": size(file.size)}
    whole = transfer.fetched >= file.size
    detail = gettext("%(done)s of %(all)s") % told
    return Step(gettext("Sent from here"), "done" if whole else "current", detail,
                transfer.fetched_at)  # fmt: skip


def _current(transfer: Transfer, found: list[Step]) -> list[Step]:
    """Mark the last step as the one that it is at."""
    last = found[-1]
    if transfer.is_over or last.state != "done":
        return found
    detail = last.detail
    if transfer.state == State.STALLED:
        quiet = {"limit": spoken(STALLED_AFTER)}
        detail = gettext("No news for more than %(limit)s.") % quiet
    return [*found[:-1], Step(last.label, "current", detail, last.at)]


def _to_come(transfer: Transfer) -> list[Step]:
    command = transfer.command
    if transfer.state in {State.FAILED, State.CANCELLED}:
        return []
    if command.verified is None:
        return [Step(_end(transfer), "waiting")]
    state = "done" if command.verified else "failed"
    return [Step(_end(transfer), state, words.verification(command), command.verified_at)]


def _end(transfer: Transfer) -> str:
    if transfer.kind == Kind.FIRMWARE:
        return gettext("Boots with the new version")
    if transfer.kind == Kind.PUBLISH:
        return gettext("Handed out")
    return gettext("Received here") if transfer.digest else gettext("Sent")


def size(count: float) -> str:
    """Return bytes as people say them."""
    units = ("kB", "MB", "GB", "TB")
    value, unit = count / 1000, 0
    while value >= 999.5 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count:.0f} B" if count < 1000 else f"{value:.3g} {units[unit]}"
