"""Whose network the pages show, and who looks at them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inventory.models import Organisation, Role, Site
from tests.network import person, signed_in, site, tenant


@pytest.fixture
def organisation(db: None) -> Organisation:
    """Whose chargers they are."""
    return tenant()


@pytest.fixture
def place(organisation: Organisation) -> Site:
    """A site of it."""
    return site(organisation, "Ostbahnhof", region="Bayern", address="Koppenstraße 3")


@pytest.fixture
def operator(organisation: Organisation) -> User:
    """Who looks at the pages."""
    return person("olga", Role.OPERATOR, organisation)


@pytest.fixture
def client(operator: User) -> Client:
    """Their browser."""
    return signed_in(operator)
