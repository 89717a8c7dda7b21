"""Addresses in a browser's headers that are none."""

import pytest
from django.test import Client

from inventory.models import Role
from tests.network import person, tenant


@pytest.mark.django_db
def test_the_navigation_answers_a_page_whose_address_cannot_be_read() -> None:
    client = Client()
    client.force_login(person("olga", Role.OPERATOR, tenant()))
    answer = client.get("/places/", headers={"hx-current-url": "http://["})
    assert answer.status_code == 200


@pytest.mark.parametrize("page", ["http://[", "", "javascript:alert(1)", "http://elsewhere/"])
def test_who_sends_a_form_signed_out_from_no_page_of_ours_gets_back_to_the_first(page: str) -> None:
    answer = Client().post("/fleet/views/", headers={"referer": page})
    assert answer.status_code == 302
    assert answer["location"] == "/accounts/login/?next=/"
