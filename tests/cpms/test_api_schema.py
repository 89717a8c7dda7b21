"""The API describes itself, completely and without warnings."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command

from cpms.web.api import RESOURCES
from inventory.rest.views import Rest
from tests.api import Api


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    out = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=out)
    found: dict[str, object] = yaml.safe_load(out.getvalue())
    return found


def test_the_schema_is_openapi_3_1_without_warnings(schema: dict[str, object]) -> None:
    assert schema["openapi"] == "3.1.0"


def test_every_resource_is_described(schema: dict[str, object]) -> None:
    paths = schema["paths"]
    assert isinstance(paths, dict)
    assert {f"/api/v1/{name}/" for name in RESOURCES} <= set(paths)


def test_every_operation_may_end_in_a_problem_and_every_write_takes_a_key(
    schema: dict[str, object],
) -> None:
    paths = schema["paths"]
    assert isinstance(paths, dict)
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], path
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert (method == "get") != ("Idempotency-Key" in names), (path, method)


def test_every_view_of_the_api_has_the_plumbing() -> None:
    assert all(issubclass(view, Rest) for view in RESOURCES.values())


def test_the_schema_is_served(db: None) -> None:
    answer = Api().get("/api/schema/?format=json")
    assert answer.status == 200
    assert answer.body["info"]["title"] == "Kilowatch"
