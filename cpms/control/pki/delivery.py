"""A signed certificate on its way to its charger."""

from datetime import datetime

from django.db import transaction

from cpms.control import commands, settlement
from cpms.control.models import Certificate, Command, SigningRequest
from cpms.control.operations.certificates import SendCertificate
from cpms.control.pki import authorities, registry


def send(request_id: int, now: datetime) -> Command | None:
    """Sign a request that was granted and send the charger its certificate, of our own accord.

    One request is answered once, however often this is asked. Raises
    `authorities.Unavailable`, `commands.Refused`.
    """
    with transaction.atomic():
        found = SigningRequest.objects.select_for_update(of=["self"])
        request = found.select_related("charger__site").get(pk=request_id)
        certificate = registry.issue(request, now)
        if certificate.delivery_id is not None:
            return None
        operation = SendCertificate.read(
            {
                "chain": certificate.certificate + authorities.chain_of(certificate.authority),
                "use": request.use,
                "request_id": request.request_id,
            }
        )
        command = commands.request(request.charger, operation, commands.SYSTEM)
        Certificate.objects.filter(pk=certificate.pk).update(delivery=command)
    return command


def answered(command: Command, *, taken: bool, at: datetime) -> None:
    """Note what the charger says of the certificate that it was sent."""
    field = "accepted_at" if taken else "rejected_at"
    Certificate.objects.filter(delivery=command).update(**{field: at})


def shown(fingerprint: str, now: datetime) -> None:
    """Note that a charger came with its certificate: the one it was sent is in use."""
    certificate = registry.used(fingerprint, now)
    if certificate is not None and certificate.delivery is not None:
        settlement.verify(certificate.delivery, now, "certificate_shown")
