"""What vendors' own messages are answered with."""

from datetime import timedelta
from typing import Any

import pytest

from cpms.control.models import VendorRule
from cpms.ocpp.rulebook import Rule, Rulebook
from cpms.ocpp.station import Station
from cpms.ocpp.v16.core import data_transfer as data_transfer_16
from cpms.ocpp.v201.data_transfer import data_transfer
from inventory.models import ChargerModel, Organisation
from inventory.quirks import parse
from tests.api import NOON

ACME = ("Acme", "One")
RULES = {
    (1, "org.acme"): [
        Rule("", "", "Accepted", "any"),
        Rule("", "hello", "Accepted", "hello"),
        Rule("acme one", "", "Rejected", "one"),
    ],
    (1, "org.beta"): [Rule("", "hello", "Accepted", "")],
    (1, "org.other"): [Rule("other two", "", "Accepted", "")],
}


@pytest.mark.parametrize(
    ("vendor", "message", "model", "expected"),
    [
        ("org.acme", "hello", ("Other", "Two"), ("Accepted", "hello")),
        ("ORG.ACME", "HELLO", ("Other", "Two"), ("Accepted", "hello")),
        ("org.acme", "bye", ("Other", "Two"), ("Accepted", "any")),
        ("org.acme", "hello", ACME, ("Rejected", "one")),
        ("org.beta", "hello", ACME, ("Accepted", "")),
        ("org.beta", "bye", ACME, ("UnknownMessageId", "")),
        ("org.beta", "", ACME, ("UnknownMessageId", "")),
        ("org.other", "", ACME, ("UnknownVendorId", "")),
        ("org.nobody", "", ACME, ("UnknownVendorId", "")),
    ],
)
def test_the_rule_that_fits_best_answers(
    vendor: str, message: str, model: tuple[str, str], expected: tuple[str, str]
):
    assert Rulebook(vendors=RULES).answer(1, model, vendor, message) == expected


def test_another_organisation_s_rules_answer_nothing():
    assert Rulebook(vendors=RULES).answer(2, ACME, "org.acme", "")[0] == "UnknownVendorId"


def test_only_so_many_messages_are_kept_and_all_are_answered():
    charger = Station(1, "CP-1", 1, 1, "active", 0, None, parse({}), "Acme", "One", "", True, True)
    charger.rulebook = Rulebook(vendors=RULES)
    for handler in (data_transfer_16, data_transfer):
        heard = [handler(charger, {"vendorId": "org.acme"}, NOON) for _ in range(150)]
        assert all(outcome.answer()["status"] == "Rejected" for outcome in heard)
    assert sum(bool(outcome.facts) for outcome in heard) == 0
    later = data_transfer(charger, {"vendorId": "org.acme"}, NOON + timedelta(seconds=10))
    assert later.facts


def test_rules_are_read_again_when_they_change(db: Any):
    organisation = Organisation.objects.create(name="Acme", slug="acme")
    model = ChargerModel.objects.create(vendor="Acme", name="One")
    book = Rulebook()
    book.look()
    assert book.answer(organisation.pk, ACME, "org.acme", "") == ("UnknownVendorId", "")
    rule = VendorRule.objects.create(
        organisation=organisation, model=model, vendor="Org.Acme", data="x"
    )
    book.look()
    assert book.answer(organisation.pk, ACME, "org.acme", "") == ("Accepted", "x")
    rule.delete()
    book.look()
    assert book.vendors == {}
