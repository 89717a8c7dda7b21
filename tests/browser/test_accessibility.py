"""Every page, held against axe: in light and dark, on a desktop and on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User

from inventory.models import Role
from monitoring.facts import Status
from tests.browser.conftest import has_no_axe_violation, is_accessible
from tests.network import charger, person, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[..., "Page"]

pytestmark = pytest.mark.browser


@pytest.fixture
def operator(transactional_db: None) -> User:
    organisation = tenant()
    charger(site(organisation, "Ostbahnhof"), "CP-1", Status.AVAILABLE, Status.CHARGING)
    return person("olga", Role.OPERATOR, organisation)


def test_the_judgement_finds_what_is_wrong(enter: Enter, operator: User) -> None:
    page = enter(operator, "/kpis/")
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"/x.png\">'")
    with pytest.raises(pytest.fail.Exception, match="image-alt"):
        has_no_axe_violation(page)


@pytest.mark.parametrize("path", ["/", "/kpis/", "/incidents/"])
def test_a_page_has_no_violation(enter: Enter, operator: User, path: str) -> None:
    is_accessible(enter(operator, path))
