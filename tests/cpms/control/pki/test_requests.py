"""Certificate requests: which are granted, and what is said of the others."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cpms.control.pki import requests
from cpms.control.pki.requests import Applicant, Unacceptable, Use
from tests.pki import csr, ec_key, rsa_key

CP1 = Applicant("CP-1", "SN-1", "Northern Charge")


def judged(text: str, use: Use = Use.CHARGER, others: set[str] | None = None) -> str:
    """Return the word of a refusal, "" for a request that is granted."""
    try:
        requests.judge(requests.read(text), use, CP1, others or set())
    except Unacceptable as refused:
        return refused.code if len(refused.code) <= 20 and str(refused) else "too long"
    return ""


@pytest.mark.parametrize("name", ["CP-1", "cp-1", "SN-1"])
@pytest.mark.parametrize("organisation", ["", "Northern Charge", "northern  charge"])
def test_a_charger_may_name_itself_and_its_operator(name: str, organisation: str) -> None:
    assert judged(csr(name, organisation)) == ""


def test_a_request_with_an_rsa_key_is_granted() -> None:
    assert judged(csr("CP-1", key=rsa_key())) == ""


def test_line_breaks_may_be_written_out_or_the_frame_left_out() -> None:
    text = csr("CP-1")
    assert judged(text.replace("\n", "\\n")) == ""
    assert judged("".join(text.splitlines()[1:-1])) == ""
    assert judged(text.replace(" CERTIFICATE REQ", " NEW CERTIFICATE REQ")) == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "InvalidCSR"),
        (f"{requests.BEGIN}\nMIIB\n{requests.END}", "InvalidCSR"),
        ("\0" * 100, "InvalidCSR"),
        (csr(""), "InvalidCN"),
        (csr("CP-2"), "InvalidCN"),
        (csr("CP-1", "Southern Charge"), "InvalidO"),
        (csr("CP-1", key=rsa_key(bits=1024)), "WeakKey"),
        (csr("CP-1", key=ec_key(curve=ec.SECP192R1)), "UnsupportedKey"),
        (csr("CP-1", algorithm=hashes.SHA224()), "WeakSignature"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said(text: str, code: str) -> None:
    assert judged(text) == code


def test_a_request_that_another_key_signed_is_refused() -> None:
    lines = csr("CP-1").splitlines()
    lines[-2] = lines[-2][:4] + ("AAAA" if lines[-2][4:8] != "AAAA" else "BBBB") + lines[-2][8:]
    assert judged("\n".join(lines)) in {"InvalidSignature", "InvalidCSR"}


def test_towards_cars_a_charger_may_have_another_name_but_not_another_charger_s() -> None:
    assert judged(csr("DE-ABC-S1"), Use.V2G) == ""
    assert judged(csr("CP-2"), Use.V2G, {"cp-2"}) == "InvalidCN"
    assert judged(csr("SECC-1", key=rsa_key()), Use.V2G) == "UnsupportedKey"


def test_a_serial_number_that_two_chargers_have_names_neither() -> None:
    assert judged(csr("SN-1"), others={"sn-1"}) == "InvalidCN"
