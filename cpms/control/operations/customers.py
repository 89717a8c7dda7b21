"""What a charger knows of a customer."""

import secrets
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import NEWER, BadRequest
from cpms.control.operations.charging import TokenType
from cpms.control.operations.pins import OfToken

Hash = Annotated[str, Meta(min_length=1, max_length=128)]


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's certificate, by its hashes. (OCPP CertificateHashDataType)"""

    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Hash
    issuer_key_hash: Hash
    serial_number: Annotated[str, Meta(min_length=1, max_length=40)]


class AskCustomer(OfToken, frozen=True):
    """Ask what the charger knows of a customer, have it forget that, or both.

    With `clear`, a token is taken off the charger's local list as well. (2.0.1 N09, N10)
    """

    name: ClassVar[str] = "customer_information"
    versions: ClassVar[frozenset[str]] = NEWER
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    report: bool = True
    clear: bool = False
    id_token: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    token_type: TokenType = "ISO14443"  # noqa: S105 - a kind of token, no secret
    identifier: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    certificate: Certificate | None = None
    #: Names the question in the charger's report; made where it isn't given.
    request_id: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None

    def completed(self) -> "AskCustomer":
        """Make the question's number where none is given."""
        if self.request_id is not None:
            return self
        return msgspec.structs.replace(self, request_id=1 + secrets.randbelow(2**31 - 1))

    def check(self) -> None:
        """Have one customer, and something to do. (N09.FR.09)"""
        named = [self.id_token, self.identifier, self.certificate]
        if sum(name is not None for name in named) != 1:
            raise BadRequest(_("Name the customer by a token, an identifier or a certificate."))
        if not (self.report or self.clear):
            raise BadRequest(_("Ask for a report, for clearing, or for both."))
