"""Lists of the API: pages, filters, CSV, and how many queries they take."""

import csv
import io
from collections.abc import Iterator
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext

from inventory.models import Charger, Lifecycle, Organisation, Role, Site
from inventory.rest import export
from tests.api import Api, Tenant, add_charger


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def many(site: Site, number: int) -> None:
    Charger.objects.bulk_create(
        Charger(site=site, identity=f"C-{n:04}", lifecycle=Lifecycle.ACTIVE) for n in range(number)
    )


def walk(api: Api, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(path, **query)
    rows = answer.results
    while answer.body["next"]:
        answer = api.get(answer.body["next"])
        rows = rows + answer.results
    return rows


def download(api: Api) -> Iterator[bytes]:
    response = api.client.get("/api/v1/chargers/", {"format": "csv"}, headers=api.headers)
    assert isinstance(response, StreamingHttpResponse)
    return iter(cast("Iterator[bytes]", response.streaming_content))


def table(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode())))


def test_a_charger_has_the_promised_fields(nord: Tenant) -> None:
    body = nord.api().get("chargers/Nord-1/").body
    assert {
        "identity", "site", "vendor", "model", "serial_number", "firmware_version",
        "ocpp_version", "security_profile", "lifecycle", "online", "last_seen", "clock_offset",
    } <= set(body)  # fmt: skip
    assert (body["online"], body["last_seen"]) == (True, "2026-03-02T12:00:00Z")


def test_pages_are_walked_to_the_end_without_gap_or_double(nord: Tenant) -> None:
    many(nord.site, 25)
    rows = walk(nord.api(), "chargers/", page_size=7)
    identities = [row["identity"] for row in rows]
    assert len(identities) == len(set(identities)) == 26


def test_a_page_can_be_left_backwards(nord: Tenant) -> None:
    many(nord.site, 10)
    api = nord.api()
    first = api.get("chargers/", page_size=4)
    second = api.get(first.body["next"])
    assert api.get(second.body["previous"]).results == first.results


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("chargers/", {"cursor": "nonsense"}, "cursor"),
        ("chargers/", {"cursor": "cD14"}, "cursor"),  # p=x
        ("chargers/", {"cursor": "cD0lMDA="}, "cursor"),  # p=%00
        ("sessions/", {"cursor": "cD15ZXN0ZXJkYXk="}, "cursor"),  # p=yesterday
        ("chargers/", {"page_size": "many"}, "page_size"),
        ("chargers/", {"page_size": "0"}, "page_size"),
        ("chargers/", {"sit": "3"}, "sit"),
        ("chargers/", {"site": "x"}, "site"),
        ("chargers/", {"site": "1.5"}, "site"),
        ("chargers/", {"site": str(10**30)}, "site"),
        ("chargers/", {"search": "\0"}, "search"),
        ("chargers/", {"lifecycle": "gone"}, "lifecycle"),
        ("chargers/", {"online": "perhaps"}, "online"),
        ("chargers/", {"updated_since": "yesterday"}, "updated_since"),
    ],
)
def test_a_bad_parameter_is_named(
    nord: Tenant, path: str, query: dict[str, Any], field: str
) -> None:
    answer = nord.api().get(path, **query)
    assert answer.status == 400, answer.body
    assert field in answer.problem()["errors"]


def test_the_largest_page_is_bounded(nord: Tenant) -> None:
    many(nord.site, 1005)
    assert len(nord.api().get("chargers/", page_size=10**6).results) == 1000


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "nord-1"}, {"Nord-1"}),
        ({"lifecycle": "planned"}, {"Plan"}),
        ({"lifecycle": ["planned", "active"]}, {"Nord-1", "Plan"}),
        ({"online": "true"}, {"Nord-1"}),
        ({"online": "false"}, set()),
        ({"site": "{site}"}, {"Nord-1", "Plan"}),
        ({"vendor": "acme"}, set()),
        ({"seen_since": "2026-03-02T12:00:00Z"}, {"Nord-1"}),
        ({"seen_since": "2026-03-02T12:00:01"}, set()),
    ],
)
def test_chargers_are_filtered(nord: Tenant, query: dict[str, Any], found: set[str]) -> None:
    Charger.objects.create(site=nord.site, identity="Plan", lifecycle=Lifecycle.PLANNED)
    asked: dict[str, Any] = {
        name: nord.site.pk if value == "{site}" else value for name, value in query.items()
    }
    assert {row["identity"] for row in nord.api().get("chargers/", **asked).results} == found


def test_a_charger_that_was_never_seen_reads_as_offline(nord: Tenant) -> None:
    Charger.objects.create(site=nord.site, identity="Plan", lifecycle=Lifecycle.PLANNED)
    body = nord.api().get("chargers/Plan/").body
    assert (body["online"], body["last_seen"], body["clock_offset"]) == (False, None, None)


def test_csv_has_every_row_and_not_one_page(nord: Tenant) -> None:
    many(nord.site, 1203)
    answer = nord.api().get("chargers/", format="csv", page_size=5)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = table(answer.raw)
    assert len(rows) == 1204
    assert len({row["identity"] for row in rows}) == 1204
    assert "password" not in rows[0]
    assert rows[0]["last_seen"] == "2026-03-02T12:00:00Z"
    assert (rows[0]["online"], rows[-1]["online"]) == ("true", "false")


def test_csv_is_made_a_part_at_a_time(nord: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    many(nord.site, 50)
    monkeypatch.setattr(export, "ROWS_AT_A_TIME", 10)
    parts = [part.count(b"\n") for part in download(nord.api())]
    assert parts == [10, 10, 10, 10, 10, 2]


def test_csv_holds_no_more_rows_in_memory_than_it_sends_at_a_time(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(nord.site, 300)
    monkeypatch.setattr(export, "ROWS_AT_A_TIME", 10)
    made = []
    original = Charger.from_db.__func__  # type: ignore[attr-defined]

    def noting(cls: type[Charger], *args: Any) -> Charger:
        made.append(1)
        charger: Charger = original(cls, *args)
        return charger

    monkeypatch.setattr(Charger, "from_db", classmethod(noting))
    next(download(nord.api()))
    assert len(made) <= 20


def test_what_a_spreadsheet_would_run_is_disarmed(nord: Tenant) -> None:
    for number, text in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=x")):
        Charger.objects.create(site=nord.site, identity=f"Evil-{number}", notes=text)
    rows = table(nord.api().get("chargers/", format="csv", search="Evil").raw)
    assert len(rows) == 7
    assert all(row["notes"].startswith("'") for row in rows)


def test_csv_keeps_numbers_lists_and_line_breaks(nord: Tenant) -> None:
    nord.site.latitude, nord.site.longitude = -33.9, 151.2
    nord.site.access_notes = 'Gate "B"\nring twice'
    nord.site.save()
    Charger.objects.filter(pk=nord.charger.pk).update(tags=["a", "b"])
    api = nord.api()
    site = table(api.get("sites/", format="csv").raw)[0]
    assert (site["latitude"], site["access_notes"]) == ("-33.9", 'Gate "B"\nring twice')
    assert table(api.get("chargers/", format="csv").raw)[0]["tags"] == '["a", "b"]'


def test_a_bad_filter_of_an_export_is_a_problem_and_not_a_file(nord: Tenant) -> None:
    answer = nord.api().get("chargers/", format="csv", sit=1)
    assert answer.status == 400
    answer.problem()


def test_one_object_is_csv_too(nord: Tenant) -> None:
    rows = table(nord.api().get(f"sites/{nord.site.pk}/", format="csv").raw)
    assert [row["name"] for row in rows] == ["Nord Depot"]


@pytest.mark.parametrize("role", Role)
def test_members_see_their_organisation_only(nord: Tenant, role: Role) -> None:
    Tenant.make("Sued")
    api = nord.api(role)
    for path in ("organisations/", "sites/", "chargers/", "evses/", "connectors/"):
        assert "Sued" not in str(api.get(path).body), path
        assert api.get(path).results, path


def test_somebody_without_a_membership_sees_nothing(nord: Tenant) -> None:
    from django.contrib.auth.models import User

    api = Api.of(User.objects.create_user("nobody"))
    for path in ("organisations/", "sites/", "chargers/", "models/", "sims/", "sessions/"):
        assert api.get(path).results == [], path
    assert Organisation.objects.exists()


@pytest.mark.parametrize(
    "path",
    ["organisations/", "sites/", "chargers/", "evses/", "connectors/", "models/", "sims/"],
)
@pytest.mark.parametrize("as_csv", [False, True])
def test_a_list_takes_as_many_queries_for_thirty_rows_as_for_two(
    nord: Tenant, path: str, as_csv: bool
) -> None:
    api = nord.api(Role.VIEWER)
    query: dict[str, Any] = {"format": "csv"} if as_csv else {}
    api.get(path, **query)  # Notes the use of the token.
    with CaptureQueriesContext(connection) as few:
        api.get(path, **query)
    for number in range(10):
        site = Site.objects.create(organisation=nord.organisation, name=f"S{number}")
        add_charger(site, f"X-{number}", ports=3)
        nord.sim(f"89490000000000001{number:02}")
    with CaptureQueriesContext(connection) as many_queries:
        api.get(path, **query)
    assert len(many_queries) == len(few) <= 5


@pytest.mark.parametrize("ordering", [("notes", "id"), ("-notes", "-id")])
def test_an_export_passes_many_rows_with_one_position(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch, ordering: tuple[str, ...]
) -> None:
    monkeypatch.setattr(export, "ROWS_AT_A_TIME", 4)
    for number, notes in enumerate("aabbbbbbbbbbccccd"):
        Charger.objects.create(site=nord.site, identity=f"P-{number}", notes=notes)
    read = list(export.in_order(Charger.objects.all(), ordering))
    assert read == list(Charger.objects.order_by(*ordering))


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_an_export_is_sent_in_parts_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "ROWS_AT_A_TIME", 10)
    tenant = await sync_to_async(Tenant.make)("Nord")
    await sync_to_async(many)(tenant.site, 25)
    api = await sync_to_async(tenant.api)()
    response = await AsyncClient().get("/api/v1/chargers/?format=csv", headers=api.headers)
    assert isinstance(response, StreamingHttpResponse)
    assert response.is_async
    parts = [part.count(b"\n") async for part in response]
    assert parts == [10, 10, 7]
    await sync_to_async(connections.close_all)()  # Another thread's: no fixture knows it.
