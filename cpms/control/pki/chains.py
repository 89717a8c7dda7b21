"""From a certificate up to an authority that is trusted. (RFC 5280 §6)"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification

#: Certificates between the first and the authority.
MOST_ABOVE = 5


def verified(
    chain: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], now: datetime
) -> list[x509.Certificate] | None:
    """Return the chain from its first certificate to one of `trusted`; None where there is none.

    Of the others those are used that fit, whatever their order. The first may be for any use:
    that is for the caller to judge.
    """
    if not chain or not trusted:
        return None
    policy = (
        verification.PolicyBuilder()
        .store(verification.Store(list(trusted)))
        .time(now)
        .max_chain_depth(MOST_ABOVE)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
    )
    try:
        return list(policy.build_client_verifier().verify(chain[0], list(chain[1:])).chain)
    except verification.VerificationError:
        return None
