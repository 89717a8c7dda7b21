"""Saved views of the fleet: kept, shared, changed by who may, and opened with."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from cpms.web.fleet_views import queries
from cpms.web.models import FleetPreferences, SavedView
from inventory.models import Organisation, Role
from tests.network import person, signed_in, tenant


@pytest.fixture
def olga(organisation: Organisation) -> User:
    return person("olga", Role.OPERATOR, organisation)


@pytest.fixture
def client(olga: User) -> Client:
    return signed_in(olga)


def save(client: Client, name: str = "Mine", query: str = "?state=faulted", **more: object) -> str:
    """Save a view; return what the person is told."""
    answer = client.post("/fleet/views/", {"name": name, "query": query, **more})
    assert answer.status_code == 302
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def seen(client: Client) -> list[str]:
    """Return the names of the saved views above the list."""
    tabs = client.get("/?view=all").context["tabs"]
    return [str(tab.name) for tab in tabs if tab.key.isdigit()]


def test_a_view_is_seen_by_its_owner_alone_until_it_is_shared(
    client: Client, olga: User, organisation: Organisation
) -> None:
    colleague = signed_in(person("otto", Role.VIEWER, organisation))
    stranger = signed_in(person("sam", Role.ADMINISTRATOR, tenant("Rival")))
    save(client)
    assert (seen(client), seen(colleague), seen(stranger)) == (["Mine"], [], [])
    view = SavedView.objects.get()
    client.post(f"/fleet/views/{view.pk}/", {"name": "Ours", "organisation": organisation.pk})
    assert (seen(client), seen(colleague), seen(stranger)) == (["Ours"], ["Ours"], [])


def test_a_view_leads_to_its_filters_in_words(client: Client) -> None:
    save(client, query="?page=7&state=faulted&nonsense=1&q=CP%20%20-7&sort=site&view=3")
    view = SavedView.objects.get()
    assert view.query == "q=CP+-7&state=faulted&sort=site"
    answer = client.get("/?view=all")
    assert f'href="/?view={view.pk}&amp;q=CP+-7&amp;state=faulted&amp;sort=site"' in (
        answer.content.decode()
    )


def test_columns_and_density_are_kept_with_a_view() -> None:
    assert queries.normal("?columns=what,firmware&density=compact") == (
        "columns=charger%2Cfirmware%2Cwhat&density=compact"
    )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRACTOR])
def test_who_may_not_share_keeps_views_to_themselves(
    organisation: Organisation, role: Role
) -> None:
    client = signed_in(person("vera", role, organisation))
    assert "can't share" in save(client, organisation=organisation.pk)
    assert not SavedView.objects.exists()
    save(client)
    assert seen(client) == ["Mine"]


def test_nobody_shares_with_an_organisation_they_do_not_belong_to(client: Client) -> None:
    assert "can't share" in save(client, organisation=tenant("Rival").pk)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.OPERATOR, False), (Role.VIEWER, False), (Role.LEAD, True)]
)
def test_a_shared_view_is_changed_by_its_owner_and_by_leads(
    client: Client, organisation: Organisation, role: Role, allowed: bool
) -> None:
    save(client, organisation=organisation.pk)
    view = SavedView.objects.get()
    other = signed_in(person("otto", role, organisation))
    expected = 302 if allowed else 403
    rename = {"name": "Theirs", "organisation": organisation.pk}
    assert other.post(f"/fleet/views/{view.pk}/", rename).status_code == expected
    assert other.post(f"/fleet/views/{view.pk}/update/", {"query": ""}).status_code == expected
    assert other.post(f"/fleet/views/{view.pk}/delete/").status_code == expected
    assert SavedView.objects.exists() != allowed
    if not allowed:
        refused = f"POST /fleet/views/{view.pk}/delete/"
        assert LogEntry.objects.filter(additional_data__refused=refused).exists()
        assert client.post(f"/fleet/views/{view.pk}/delete/").status_code == 302
        assert not SavedView.objects.exists()


def test_a_view_is_updated_to_what_is_seen_now(client: Client) -> None:
    save(client)
    view = SavedView.objects.get()
    client.post(f"/fleet/views/{view.pk}/update/", {"query": "?state=offline&since=over-1h"})
    view.refresh_from_db()
    assert view.query == "state=offline&since=over-1h"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "\0"])
def test_a_name_that_is_none_is_refused_with_a_sentence(client: Client, name: str) -> None:
    assert save(client, name)
    assert not SavedView.objects.exists()


def test_a_name_may_be_any_text_and_is_only_text(client: Client) -> None:
    save(client, "<script>alert(1)</script>")
    save(client, "عرض  خاص")
    assert seen(client) == ["<script>alert(1)</script>", "عرض خاص"]
    assert "<script>alert" not in client.get("/?view=all").content.decode()


def test_a_name_is_taken_once_whatever_its_case(client: Client, organisation: Organisation) -> None:
    save(client, "Night")
    assert "already" in save(client, "NIGHT")
    save(client, "Night", organisation=organisation.pk)
    assert SavedView.objects.count() == 2


def test_nobody_keeps_more_views_than_can_be_read(client: Client, olga: User) -> None:
    SavedView.objects.bulk_create(SavedView(owner=olga, name=f"View {n}") for n in range(50))
    assert "delete one" in save(client)


def test_too_many_filters_are_refused_with_a_sentence(client: Client) -> None:
    query = "?" + "&".join(f"region={'x' * 100}{n}" for n in range(30))
    assert "too many" in save(client, query=query)


def test_the_fleet_opens_with_the_view_one_chose_until_one_does_not(client: Client) -> None:
    save(client, opening="on")
    view = SavedView.objects.get()
    assert client.get("/")["Location"] == f"/?view={view.pk}&state=faulted"
    assert client.get("/?view=all").status_code == 200
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 200
    client.post(f"/fleet/views/{view.pk}/opening/")
    assert client.get("/").status_code == 200


def test_a_colleague_s_shared_view_can_open_one_s_own_fleet_and_may_vanish(
    client: Client, organisation: Organisation
) -> None:
    save(client, organisation=organisation.pk)
    view = SavedView.objects.get()
    otto = signed_in(person("otto", Role.VIEWER, organisation))
    otto.post(f"/fleet/views/{view.pk}/opening/", {"opening": "on"})
    assert otto.get("/").status_code == 302
    client.post(f"/fleet/views/{view.pk}/", {"name": "Mine again"})
    assert otto.get("/").status_code == 200
    client.post(f"/fleet/views/{view.pk}/delete/")
    assert otto.get("/").status_code == 200


def test_columns_and_density_are_remembered_and_an_address_that_says_some_wins(
    client: Client, olga: User
) -> None:
    client.post("/fleet/layout/", {"columns": "what,firmware,secret", "density": "compact"})
    kept = FleetPreferences.objects.get(user=olga)
    assert (kept.columns, kept.density) == (["charger", "firmware", "what"], "compact")
    wanted = "columns=charger%2Cfirmware%2Cwhat&density=compact"
    assert client.get("/")["Location"] == f"/?{wanted}"
    assert client.get("/?state=faulted")["Location"] == f"/?state=faulted&{wanted}"
    assert client.get("/?columns=site").status_code == 200
    client.post("/fleet/layout/", {"columns": "\0", "density": "x" * 400})
    assert client.get("/").status_code == 200


def test_only_density_leads_into_no_circle(client: Client) -> None:
    client.post("/fleet/layout/", {"density": "compact"})
    answer = client.get("/", follow=True)
    assert answer.redirect_chain == [("/?density=compact", 302)]
