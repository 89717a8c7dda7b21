"""Language and time zone: by the browser, by the site, or as the reader has chosen."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpms.web import times, zones
from cpms.web.models import Preferences
from inventory.models import Role
from monitoring.facts import Status
from tests.network import NOON, charger, person, signed_in, site, tenant

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def operator(db: None) -> User:
    organisation = tenant()
    charger(site(organisation, timezone="Europe/Berlin"), "CP-1", Status.AVAILABLE)
    return person("olga", Role.OPERATOR, organisation)


@pytest.fixture
def client(operator: User) -> Client:
    return signed_in(operator)


def test_before_the_sign_in_the_browser_s_language_counts(db: None) -> None:
    assert "Anmelden" in Client().get("/accounts/login/", headers=GERMAN).content.decode()
    assert "Sign in" in Client().get("/accounts/login/").content.decode()


def test_who_has_chosen_nothing_is_answered_as_the_browser_asks(client: Client) -> None:
    assert "Flotte" in client.get("/incidents/", headers=GERMAN).content.decode()
    assert "Fleet" in client.get("/incidents/").content.decode()


def test_a_chosen_language_holds_whatever_the_browser_asks_for(client: Client) -> None:
    answer = client.post("/preferences/", {"language": "de", "time_zone": ""}, follow=True)
    assert "Ihre Einstellungen sind gespeichert." in answer.content.decode()
    page = client.get("/incidents/", headers={"Accept-Language": "en"})
    assert "Flotte" in page.content.decode()
    assert '<html lang="de"' in page.content.decode()
    assert page["Content-Language"] == "de"


def test_an_error_page_speaks_the_chosen_language_too(
    client: Client, operator: User, settings: object
) -> None:
    Preferences.objects.create(user=operator, language="de")
    assert "Hier ist nichts" in client.get("/chargers/NONE/").content.decode()


def test_a_time_is_in_the_site_s_zone_unless_the_reader_has_chosen_one(
    client: Client, operator: User
) -> None:
    assert "13:00:00 CET (Europe/Berlin)" in client.get("/").content.decode()
    client.post("/preferences/", {"language": "", "time_zone": "Asia/Kolkata"})
    assert "17:30:00 IST (Asia/Kolkata)" in client.get("/").content.decode()
    assert Preferences.objects.get(user=operator).time_zone == "Asia/Kolkata"


def test_one_reader_s_zone_is_not_the_next_one_s(client: Client, operator: User) -> None:
    Preferences.objects.create(user=operator, time_zone="Asia/Kolkata")
    client.get("/")
    assert times.absolute(NOON, "UTC") == "2 Mar 2026, 12:00:00 UTC"


@pytest.mark.parametrize(
    "sent",
    [
        {"language": "xx", "time_zone": ""},
        {"language": "de\x00", "time_zone": ""},
        {"language": "", "time_zone": "../../etc/passwd"},
        {"language": "", "time_zone": "Europe/Atlantis"},
    ],
)
def test_nonsense_is_refused_and_nothing_stored(client: Client, sent: dict[str, str]) -> None:
    assert client.post("/preferences/", sent).status_code == 400
    assert not Preferences.objects.exists()


def test_a_stored_language_or_zone_that_is_gone_is_passed_over(
    client: Client, operator: User
) -> None:
    Preferences.objects.create(user=operator, language="tlh", time_zone="Mars/Olympus")
    page = client.get("/")
    assert page.status_code == 200
    assert "Fleet" in page.content.decode()


def test_preferences_cost_no_query_of_their_own(client: Client, operator: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/design/")
        return len(queries)

    without = asked()
    Preferences.objects.create(user=operator, language="de", time_zone="Asia/Kolkata")
    assert asked() == without


@pytest.mark.parametrize("login", ["olga", "olga@example.org"])
def test_one_signs_in_by_name_or_address(operator: User, login: str) -> None:
    User.objects.filter(pk=operator.pk).update(email="olga@example.org")
    client = Client()
    client.post("/accounts/login/", {"login": login, "password": "a good long password"})
    assert client.get("/preferences/").status_code == 200


def test_who_may_not_sign_in_any_more_is_out_at_once(client: Client, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    assert client.get("/preferences/").status_code == 302


def test_numbers_and_dates_are_written_as_the_language_does(client: Client) -> None:
    page = client.get("/design/", headers=GERMAN).content.decode()
    assert "1,1 kW" in page
    assert "1.1 kW" in client.get("/design/").content.decode()


def test_every_zone_to_choose_from_is_known() -> None:
    assert all(zones.is_known(zone) for _region, names in zones.choices() for zone in names)
    assert "Europe/Berlin" in dict(zones.choices())["Europe"]


def test_the_zone_s_name_says_its_abbreviation_on_that_day() -> None:
    winter, summer = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert times.zone_name("Europe/Berlin", winter) == "Europe/Berlin (CET)"
    assert times.zone_name("Europe/Berlin", summer) == "Europe/Berlin (CEST)"
    assert times.zone_name("UTC", winter) == "UTC"


@pytest.mark.parametrize("path", ["/design/", "/design/?page=3", "/credits/", "/preferences/"])
def test_the_shell_s_own_pages_open_for_everybody_signed_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert Client().get(path).status_code == 302


def test_the_credits_name_every_asset_with_its_licence(client: Client) -> None:
    page = client.get("/credits/").content.decode()
    for said in ["@tabler/core", "htmx.org", "0BSD", "MIT", "/static/vendor/htmx.LICENSE"]:
        assert said in page


def test_a_toast_of_an_unknown_kind_is_none(client: Client) -> None:
    assert client.get("/design/?toast=error").status_code == 204
    assert client.get("/design/?toast=x%00").status_code == 200
