"""The pages of tokens in a browser: a card is blocked, and nothing keeps anybody out."""

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from cpms.control import local_lists
from cpms.control.list_contents import Entry
from cpms.control.models import Token
from cpms.web.specimens import UGLY_NAMES
from inventory.models import Role
from monitoring.facts import Status
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import Enter
from tests.network import charger, person, site, tenant

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.browser


@pytest.fixture
def operator(transactional_db: None) -> "User":
    """Operator of a place whose charger holds a card on its list."""
    organisation = tenant("Nordstrom")
    place = site(organisation, "Depot")
    made = charger(place, "CP-1", Status.AVAILABLE, ocpp_version="2.0.1")
    Token.objects.create(
        organisation=organisation, id_token="W" * 200, holder=UGLY_NAMES[2][:120], group="G" * 200
    )
    card = Token.objects.create(organisation=organisation, id_token="04A1B2C3D4", holder="Erika")
    put = [Entry(card.id_token, "ISO14443", "Accepted")]
    local_lists.accepted(made, timezone.now(), 1, put, [], full=True)
    return person("olga", Role.OPERATOR, organisation)


def test_a_lost_card_is_blocked_and_no_page_on_the_way_breaks_a_rule(
    enter: Enter, operator: "User"
) -> None:
    page = enter(operator, "/tokens/?q=erika")
    assert violations_everywhere(page) == []
    page.get_by_role("link", name="04A1B2C3D4").click()
    page.get_by_role("button", name="Block it now").click()
    page.get_by_role("button", name="Tell the one that has it otherwise").wait_for()
    assert Token.objects.get(id_token="04A1B2C3D4").status == "blocked"
    assert violations(page) == []
    page.get_by_role("link", name="CP-1").first.click()
    page.get_by_role("heading", name="Local list").wait_for()
    assert violations(page) == []
    page.goto(page.url.split("/chargers/")[0] + "/tokens/new/")
    assert violations(page) == []
