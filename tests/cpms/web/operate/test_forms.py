"""Every form of an operation, by itself: it can be shown, and its words are complete."""

from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string

from cpms.control.operations import OPERATIONS
from cpms.web.operate import catalogue
from cpms.web.operate.forms import FORMS, GROUPS
from cpms.web.operate.forms.base import OperationForm
from cpms.web.operate.target import Port, Running, Target
from inventory.models import Charger
from monitoring.effective import State
from tests.cpms.web.operate.sprite import icons

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SESSION = Running(7, "17", 1, "DE…1234", NOW, 12_300.0)


def target(version: str, *, many: bool = False) -> Target:
    """A busy charger with two ports, or many chargers."""
    if many:
        return Target(NOW, versions=frozenset({version}), size=3, sessions=1, busy=1)
    ports = (Port(1, State.CHARGING, (1, 2), SESSION), Port(2, State.AVAILABLE, (1,), None))
    charger = Charger(pk=1, identity="CP-1", ocpp_version=version)
    return Target(NOW, charger, True, frozenset({version}), ports, (SESSION,))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_says_what_it_does_and_what_its_ends_mean(form: type[OperationForm]) -> None:
    assert form.operation is OPERATIONS[form.operation.name]
    assert str(form.does).endswith(".")
    assert form.group in GROUPS
    assert form.icon in icons()
    for word, sentence in form.says.items():
        if word not in {"verified", "not_verified"} and word[0].islower() and "_" not in word:
            assert str(sentence).endswith((".", "?")), word


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_can_be_shown_for_every_version(form: type[OperationForm], version: str) -> None:
    about = [target(version), target(version, many=True)] if form.bulk else [target(version)]
    for asked in about:
        if not form.why_not(asked):
            made = form(asked)
            fields = [render_to_string("web/operate/_field.html", {"field": f}) for f in made]
            assert all("<" in field for field in fields)
            assert not form(asked, {"reason": "x" * 501}).is_valid()


def test_every_form_is_in_the_list() -> None:
    listed = {o.name for g in catalogue.groups(target("2.1")) for o in g.offers}
    assert listed == set(FORMS)
