"""One-time addresses: whose they are, and whether they still work. With the ORM, in a thread."""

from dataclasses import dataclass
from datetime import datetime

from cpms.control import addresses, files, transfers
from cpms.control.files import Draft
from cpms.control.models import Command, StoredFile, Transfer
from inventory.models import Organisation

State = Command.State
#: A command in one of these never told the charger its address, or was turned down.
DEAD = frozenset({
    State.CANCELLED, State.EXPIRED, State.REJECTED, State.NOT_SUPPORTED, State.FAILED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an address is for."""

    transfer_id: int
    identity: str
    charger_id: int
    organisation: Organisation
    #: The charger fetches this; None: it sends one.
    image: StoredFile | None
    #: Bytes that it may send.
    limit: int
    #: What a file without a name is called.
    name: str


class Closed(Exception):
    """This address worked once; the message says why it doesn't any more."""


def find(token: str, now: datetime) -> Ticket | Closed | None:
    """Return what an address is for, None for one that nobody gave out."""
    related = ("command", "charger__site__organisation", "image__file", "file")
    found = Transfer.objects.filter(digest=addresses.digest(token)).select_related(*related)
    transfer = found.first()
    if transfer is None:
        return None
    file = transfer.image.file if transfer.image else None
    fetches = transfer.kind in transfers.FETCHED
    why = _closed(transfer, now)
    if not why and fetches and (file is None or file.removed_at is not None):
        why = "This firmware was removed."
    if why:
        return Closed(why)
    charger = transfer.charger
    return Ticket(
        transfer_id=transfer.pk,
        identity=charger.identity,
        charger_id=charger.pk,
        organisation=charger.site.organisation,
        image=file if fetches else None,
        limit=transfer.limit,
        name=transfer.said_name or f"{charger.identity}-{transfer.kind}-{now:%Y%m%d-%H%M%S}",
    )


def _closed(transfer: Transfer, now: datetime) -> str:
    if transfer.file_id is not None:
        return "A file was received at this address already."
    if transfer.expires_at is None or transfer.expires_at <= now:
        return "This address has expired."
    if transfer.command.state in DEAD or transfer.state == Transfer.State.CANCELLED:
        return "This was cancelled."
    if transfer.kind in transfers.FETCHED and transfer.state == Transfer.State.DONE:
        return "This is installed."
    return ""


def admit(ticket: Ticket) -> Draft:
    """Begin the file that a charger is about to send; raise `files.NoRoom`."""
    files.check_quota(ticket.organisation)
    return Draft(ticket.limit)


def keep(ticket: Ticket, draft: Draft, name: str, now: datetime) -> StoredFile:
    """Keep what a charger has sent; raise `files.NoRoom`, `Closed`."""
    file = draft.keep(ticket.organisation, StoredFile.Kind.LOG, name or ticket.name)
    file.charger_id = ticket.charger_id
    file.stored_at = now
    if not transfers.arrived(ticket.transfer_id, file, now):
        raise Closed("A file was received at this address already.")
    draft.settle()
    return file
