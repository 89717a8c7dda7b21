"""A certificate's life: brought once, shown, ending, renewed; roots listed; profiles raised."""

from datetime import UTC, datetime, timedelta

import pytest

from cpms.control import commands, settlement, upgrades
from cpms.control.commands import SYSTEM, Refused
from cpms.control.models import Certificate, Command, InstalledCertificate, SecurityUpgrade
from cpms.control.operations import BadRequest
from cpms.control.operations.certificates import InstallCertificate
from cpms.control.operations.configuration import Change, ChangeSettings
from cpms.control.pki import authorities, delivery, expiry, installed, registry, x509
from cpms.control.pki.installed import Found
from cpms.control.pki.requests import Use
from cpms.control.settlement import Ending
from inventory.models import Charger
from monitoring.models import ChargerState, Event
from tests import pki

NOW = datetime.now(UTC).replace(microsecond=0)
State = Command.State


def asked(charger: Charger, at: datetime = NOW) -> int:
    """Have the charger ask for a certificate, and return its request's key."""
    request = registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, at)
    assert request.refusal == "", request.reason
    return request.pk


def answered(command: Command, *, taken: bool) -> None:
    state = State.ACCEPTED if taken else State.REJECTED
    Command.objects.filter(pk=command.pk).update(state=State.SENT)
    settlement.settle(command.pk, Ending(state, NOW), 1)
    delivery.answered(command, taken=taken, at=NOW)


def brought(charger: Charger, at: datetime = NOW) -> Certificate:
    """Issue a certificate and have the charger take it."""
    command = delivery.send(asked(charger, at), at)
    assert command is not None
    answered(command, taken=True)
    return Certificate.objects.get(delivery=command)


def test_one_request_is_answered_once(charger: Charger) -> None:
    key = asked(charger)
    command = delivery.send(key, NOW)
    assert command is not None
    assert (command.operation, command.source) == ("send_certificate", "system")
    assert not command.repeatable
    assert delivery.send(key, NOW) is None
    assert expiry.bring_left(NOW + timedelta(minutes=1)) == 0
    assert Command.objects.count() == Certificate.objects.count() == 1


def test_what_a_gateway_left_when_it_died_is_brought(charger: Charger) -> None:
    asked(charger)
    assert expiry.bring_left(NOW + timedelta(seconds=10)) == 0
    assert expiry.bring_left(NOW + timedelta(seconds=40)) == 1
    assert expiry.bring_left(NOW + timedelta(seconds=40)) == 0


def test_one_that_cannot_be_brought_holds_up_no_other(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, first = asked(charger), asked(charger)
    send = delivery.send

    def picky(key: int, now: datetime) -> Command | None:
        if key == first:
            raise BadRequest("The chain is too long.")
        return send(key, now)

    monkeypatch.setattr(delivery, "send", picky)
    assert expiry.bring_left(NOW + timedelta(seconds=40)) == 1
    assert Certificate.objects.get().request_id == last


def test_a_charger_that_is_never_content_is_given_so_many_and_no_more(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST_A_MONTH", 2)
    for _ in range(2):
        brought(charger)
    request = registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, NOW)
    assert request.refusal == "TooManyRequests"
    assert "2 certificates within 30 days" in request.reason
    later = NOW + timedelta(days=31)
    assert registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, later).refusal == ""


def test_a_certificate_counts_once_it_was_taken(charger: Charger) -> None:
    old = brought(charger)
    refused = delivery.send(asked(charger), NOW)
    assert refused is not None
    answered(refused, taken=False)
    assert registry.in_force(charger.pk, NOW) == old
    new = brought(charger)
    assert registry.in_force(charger.pk, NOW) == new
    delivery.shown(new.fingerprint, NOW)
    delivery.shown(new.fingerprint, NOW + timedelta(hours=1))
    new.refresh_from_db()
    assert (new.used_at, new.delivery and new.delivery.evidence) == (NOW, "certificate_shown")
    registry.revoke(new, "superseded", "Olga", NOW)
    assert registry.in_force(charger.pk, NOW) == old


def test_what_ends_is_said_twice_and_renewed_once_a_day(charger: Charger) -> None:
    made = brought(charger, NOW - authorities.CHARGER_LASTS + timedelta(days=29))
    Command.objects.all().delete()
    expiry.sweep(NOW)
    expiry.sweep(NOW + timedelta(hours=1))
    ChargerState.objects.create(charger=charger, online=True, since=NOW)
    expiry.sweep(NOW + timedelta(hours=2))
    expiry.sweep(NOW + timedelta(hours=3))
    (renewal,) = Command.objects.all()
    assert renewal.request == {"message": "sign_charger_certificate"}
    expiry.sweep(NOW + timedelta(days=23))
    told = [(e.code, e.severity, e.data["days"]) for e in Event.objects.order_by("id")]
    assert told == [("CertificateEnding", 4, 30), ("CertificateEnding", 2, 7)]
    brought(charger)
    Event.objects.all().delete()
    expiry.sweep(NOW + timedelta(days=27))
    assert not Event.objects.exists()
    assert made.not_after < NOW + timedelta(days=30)


def test_a_root_that_ends_is_said(charger: Charger) -> None:
    InstalledCertificate.objects.create(
        charger=charger, kind="csms_root", seen_at=NOW, not_after=NOW + timedelta(days=5)
    )
    expiry.sweep(NOW)
    assert [event.code for event in Event.objects.all()] == ["RootEnding"]


def listed(charger: Charger, *kinds: str, named: bool) -> None:
    """Have the charger list its certificates, with the test's root among them or not."""
    found = [Found("csms_root", x509.hash_data(pki.root(), pki.root(), "SHA384"))] if named else []
    installed.keep(charger, kinds, found, NOW)
    installed.verify(charger, kinds, NOW)


@pytest.mark.parametrize("named", [True, False])
def test_a_root_that_was_taken_is_looked_for_in_the_list(charger: Charger, named: bool) -> None:
    operation = InstallCertificate(kind="csms_root", certificate=x509.pem(pki.root()))
    command = commands.request(charger, operation, SYSTEM)
    Command.objects.filter(pk=command.pk).update(state=State.ACCEPTED, answered_at=NOW)
    installed.remember(charger.site.organisation_id, operation.certificate)
    listed(charger, "manufacturer_root", named=False)
    assert Command.objects.get(pk=command.pk).verified is None
    listed(charger, named=named)
    command.refresh_from_db()
    assert (command.verified, command.evidence) == (named, "certificates_listed")
    kept = InstalledCertificate.objects.filter(charger=charger)
    assert [row.subject for row in kept] == (["Test root"] if named else [])


def test_what_a_charger_lists_is_bounded(charger: Charger) -> None:
    hashed = x509.hash_data(pki.root(), pki.root(), "SHA256")
    found = [
        Found("csms_root", x509.HashData("SHA256", "aa", hashed.issuer_key, f"{number:x}"))
        for number in range(500)
    ]
    installed.keep(charger, (), [*found, *found], NOW)
    assert InstalledCertificate.objects.count() == installed.MOST


def test_both_profiles_are_taken_until_the_higher_is_shown(charger: Charger) -> None:
    upgrades.accepted(charger.pk, 1, NOW)
    assert upgrades.coming(charger.pk, NOW) is None
    upgrades.accepted(charger.pk, 3, NOW)
    upgrades.accepted(charger.pk, 2, NOW)
    assert SecurityUpgrade.objects.count() == 1
    assert not upgrades.came(charger.pk, 1, NOW)
    assert upgrades.came(charger.pk, 2, NOW)
    assert not upgrades.came(charger.pk, 2, NOW)
    charger.refresh_from_db()
    assert charger.security_profile == 2


def test_a_charger_that_never_comes_with_it_keeps_the_lower_profile(charger: Charger) -> None:
    upgrades.accepted(charger.pk, 2, NOW)
    late = NOW + upgrades.LASTS
    assert upgrades.coming(charger.pk, late) is None
    assert not upgrades.came(charger.pk, 2, late)


def test_a_profile_below_the_least_is_not_asked_for(charger: Charger) -> None:
    Charger.objects.filter(pk=charger.pk).update(security_profile=2)
    charger.refresh_from_db()
    lower = ChangeSettings(settings=[Change(name="securityprofile", value=" 1")])
    with pytest.raises(Refused, match="couldn't connect"):
        commands.request(charger, lower, SYSTEM)
    higher = ChangeSettings(settings=[Change(name="SecurityProfile", value="3")])
    assert commands.request(charger, higher, SYSTEM).state == State.PENDING
