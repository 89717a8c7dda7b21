"""More parameters than anybody reads are refused at once, whatever else is set."""

from typing import Any

import pytest
from django.conf import settings as ours
from django.contrib.auth.models import User
from django.test import Client

from inventory.models import Organisation, Role
from tests.api import Api
from tests.network import person

MOST: int = ours.DATA_UPLOAD_MAX_NUMBER_FIELDS


def many(number: int) -> str:
    return "&".join(f"site={n}" for n in range(number))


@pytest.fixture(params=[False, True], ids=["in production", "with DEBUG"])
def debug(request: Any, settings: Any) -> None:
    settings.DEBUG = request.param


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("path", ["/", "/sites/", "/fleet/export/", "/accounts/login/", "/nowhere"])
def test_too_many_parameters_are_a_bad_request(client: Client, path: str) -> None:
    client.raise_request_exception = False
    answer = client.get(f"{path}?{many(MOST + 1)}")
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "This request cannot be understood" in text
    assert "Traceback" not in text


@pytest.mark.usefixtures("debug")
def test_so_many_are_read(client: Client) -> None:
    assert client.get(f"/?{many(MOST)}").status_code == 200


@pytest.mark.usefixtures("debug")
def test_a_program_is_told_so_by_a_problem(operator: User) -> None:
    api = Api.of(operator)
    api.client.raise_request_exception = False
    answer = api.get(f"/api/v1/sites/?{many(MOST + 1)}")
    assert (answer.status, answer.problem()["status"]) == (400, 400)


@pytest.mark.usefixtures("debug")
def test_too_many_fields_of_a_form_are_a_bad_request(
    client: Client, organisation: Organisation
) -> None:
    client.raise_request_exception = False
    client.force_login(person("lena", Role.LEAD, organisation))
    form = many(MOST + 1)
    answer = client.post("/fleet/views/", form, "application/x-www-form-urlencoded")
    assert answer.status_code == 400
