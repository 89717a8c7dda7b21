"""What can be wrong with what a person decides about the ledger."""


class LedgerError(Exception):
    """It can't be done; the message says why and what to do."""


class NotAllowedError(LedgerError):
    """The role isn't enough, or it takes another person."""
