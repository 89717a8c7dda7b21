"""Addresses in a browser's headers that are none."""

import pytest
from django.test import Client


@pytest.mark.parametrize("page", ["http://[", "", "javascript:alert(1)", "http://elsewhere/"])
def test_who_sends_a_form_signed_out_from_no_page_of_ours_gets_back_to_the_first(page: str) -> None:
    answer = Client().post("/fleet/views/", headers={"referer": page})
    assert answer.status_code == 302
    assert answer["location"] == "/accounts/login/?next=/"
