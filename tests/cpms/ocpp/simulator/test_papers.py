"""A simulated charger's keys and certificates: real ones."""

from datetime import UTC, datetime, timedelta

from cpms.control.pki import requests, x509
from cpms.ocpp.simulator.papers import Papers
from tests import pki

NOW = datetime.now(UTC)


def test_it_takes_the_certificate_for_its_last_key_and_no_other() -> None:
    papers = Papers()
    first, second = (requests.read(papers.request("SN-1")) for _request in range(2))
    root = x509.root("CA", "Tests", pki.ec_key(), NOW, NOW + timedelta(days=9))
    signer = x509.Authority(root, pki.ec_key())
    chains = [
        x509.pem(x509.leaf(x509.Leaf("SN-1", "Tests"), csr.key, signer, NOW, NOW))
        for csr in (first, second)
    ]
    assert [papers.take(chain) for chain in ("junk", *chains, chains[1])] == [
        *(False, False, True, False)
    ]
    assert x509.common_name(papers.chain[0].subject) == "SN-1"


def test_it_names_and_forgets_the_roots_it_was_given() -> None:
    papers, pem = Papers(), x509.pem(pki.root())
    assert papers.install("CSMSRootCertificate", "junk") == "Rejected"
    assert [papers.install("CSMSRootCertificate", pem) for _twice in range(2)] == ["Accepted"] * 2
    assert papers.named(["ManufacturerRootCertificate"]) == []
    ((kind, named),) = papers.named([])
    assert kind == "CSMSRootCertificate"
    assert [papers.delete(named) for _twice in range(2)] == ["Accepted", "NotFound"]
