"""What chargers' reports on a transfer come down to. Pure.

Reports come late, twice, out of order or never (FIELD-NOTES 25); words are OCPP's, the same in
every version. Times are aware UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

#: How far each word is; the furthest of those said is where a transfer stands.
RANK: Mapping[str, int] = {
    "DownloadScheduled": 1, "Downloading": 2, "DownloadPaused": 2, "Uploading": 2,
    "Downloaded": 3, "SignatureVerified": 4, "ChecksumVerified": 4, "InstallScheduled": 5,
    "Installing": 6, "InstallRebooting": 7, "Installed": 8, "Published": 8, "Uploaded": 8,
}  # fmt: skip
DONE = frozenset({"Installed", "Published", "Uploaded"})
FAILED = frozenset({
    "DownloadFailed", "InstallationFailed", "InvalidSignature", "InstallVerificationFailed",
    "InvalidChecksum", "PublishFailed", "UploadFailed", "UploadFailure", "BadMessage",
    "PermissionDenied", "NotSupportedOperation",
})  # fmt: skip
CANCELLED = frozenset({"AcceptedCanceled"})
#: It is at something else, or nothing: says nothing of a transfer.
IDLE = "Idle"
#: Steps that are kept; of more the oldest but the first are left out.
MOST = 40

Step = dict[str, Any]


def added(steps: Sequence[Step], status: str, at: datetime) -> list[Step]:
    """Return the steps with one more report; one that is repeated at once is counted."""
    kept, moment = list(steps), at.isoformat()
    if kept and kept[-1]["status"] == status:
        kept[-1] = {**kept[-1], "last": moment, "count": kept[-1]["count"] + 1}
        return kept
    kept.append({"status": status, "at": moment, "last": moment, "count": 1})
    return [kept[0], *kept[-(MOST - 1) :]] if len(kept) > MOST else kept


def ends(steps: Iterable[Step]) -> str:
    """Return "done", "failed" or "cancelled" as the charger says, "" while it goes on.

    A failure is no end where it begins anew afterwards: it tries again. What is done is done.
    """
    end = ""
    for step in steps:
        status = step["status"]
        if status in DONE:
            return "done"
        if status in CANCELLED:
            end = "cancelled"
        elif status in FAILED:
            end = "failed"
        elif end == "failed" and RANK.get(status, 99) <= RANK["Downloading"]:
            end = ""
    return end


def furthest(steps: Iterable[Step]) -> str:
    """Return the word that is furthest, the last one where none is known."""
    found, rank = "", 0
    for step in steps:
        status = step["status"]
        if status != IDLE and RANK.get(status, 0) >= rank:
            found, rank = status, RANK.get(status, 0)
    return found


def same_version(one: str, other: str) -> bool:
    """Tell whether two ways to write a version mean the same: 'v3.4.1 ' is '3.4.1'."""
    return _plain(one) == _plain(other)


def _plain(version: str) -> str:
    text = version.strip().casefold()
    return text[1:] if text[:1] == "v" and text[1:2].isdigit() else text
