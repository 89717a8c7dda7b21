"""Certificates on chargers: bringing, installing, listing and deleting them."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import BadRequest, Operation
from cpms.control.pki.x509 import Unreadable, read

#: What a charger has a root for; 1.6 has the first two, 2.1 the last.
RootKind = Literal["csms_root", "manufacturer_root", "v2g_root", "mo_root", "oem_root"]
Kind = Literal["csms_root", "manufacturer_root", "v2g_root", "mo_root", "oem_root", "v2g_chain"]
Hex = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[0-9A-Fa-f]+$")]


class SendCertificate(Operation, frozen=True):
    """Bring a charger the certificate that it asked to have signed. Never sent twice.

    (Improved security for OCPP 1.6-J A02, A03; OCPP 2.0.1 A02, A03)
    """

    name: ClassVar[str] = "send_certificate"

    #: PEM: the charger's certificate, and those above it without the root.
    chain: Annotated[str, Meta(min_length=1, max_length=10_000)]
    use: Literal["charger", "v2g", "v2g20", "combined"] = "charger"
    #: Of the request that it answers (2.1).
    request_id: int | None = None

    def check(self) -> None:
        """Refuse what is no certificate."""
        _check(self.chain)


class InstallCertificate(Operation, frozen=True):
    """Have the charger trust a root. (Improved security for OCPP 1.6-J M05; OCPP 2.0.1 M05)"""

    name: ClassVar[str] = "install_certificate"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    kind: RootKind
    #: PEM, of one certificate.
    certificate: Annotated[str, Meta(min_length=1, max_length=10_000)]

    def check(self) -> None:
        """Refuse what is no certificate, and several at once."""
        if _check(self.certificate) != 1:
            raise BadRequest(_("One certificate is installed at a time; this text has several."))


class ListCertificates(Operation, frozen=True):
    """Ask which certificates the charger has. (OCPP 2.0.1 M03)

    1.6 is asked for one kind at a time; of several kinds the first is asked for.
    """

    name: ClassVar[str] = "list_certificates"
    repeatable: ClassVar[bool] = True

    #: Of these kinds; none: all (2.x).
    kinds: Annotated[list[Kind], Meta(max_length=6)] | None = None


class DeleteCertificate(Operation, frozen=True):
    """Have the charger delete a certificate, named by its hashes. (OCPP 2.0.1 M04)"""

    name: ClassVar[str] = "delete_certificate"
    lasts: ClassVar[timedelta] = timedelta(hours=1)

    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Hex
    issuer_key_hash: Hex
    serial: Annotated[str, Meta(min_length=1, max_length=40, pattern="^[0-9A-Fa-f]+$")]


def _check(text: str) -> int:
    """Return how many certificates a text has; raise `BadRequest`."""
    try:
        return len(read(text))
    except Unreadable as problem:
        raise BadRequest(str(problem)) from None
