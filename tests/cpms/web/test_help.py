"""The guide is whole: the same pages and anchors in every language, and no link leads nowhere."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from cpms.web.help import pages
from cpms.web.operate.forms import GROUPS
from cpms.web.operate.sections import SECTIONS
from inventory.models import Role
from tests.network import charger, person, signed_in, site, tenant

LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def reader(db: None) -> User:
    return person("vera", Role.VIEWER, tenant())


def source(language: str, slug: str) -> str:
    return (pages.TEXT / language / f"{slug}.md").read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_page_and_no_other(language: str) -> None:
    assert {path.stem for path in (pages.TEXT / language).glob("*.md")} == set(pages.PAGES)


@pytest.mark.parametrize("slug", pages.PAGES)
def test_anchors_and_pictures_are_the_same_in_every_language(slug: str) -> None:
    anchors = {
        tuple(section.anchor for section in pages.page(slug, language).sections)
        for language in LANGUAGES
    }
    shots = {tuple(re.findall(r"shot:([\w-]+)", source(language, slug))) for language in LANGUAGES}
    assert len(anchors) == 1
    assert len(shots) == 1
    assert all(len(set(one)) == len(one) > 0 for one in anchors)


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_the_guide_lead_somewhere(language: str) -> None:
    known = {
        f"/help/{page.slug}/{anchor}"
        for page in pages.pages(language)
        for anchor in ("", *(f"#{section.anchor}" for section in page.sections))
    }
    for page in pages.pages(language):
        assert set(re.findall(r'href="([^"]+)"', page.body)) <= known, page.slug


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_there_in_both_looks_and_is_small(language: str) -> None:
    for page in pages.pages(language):
        for name in re.findall(r'src="/static/help/([^"]+)"', page.body):
            shot = Path(pages.SHOTS) / name
            assert shot.exists(), f"{page.slug}: {name}; make screenshots"
            assert shot.stat().st_size <= 150 * 1024, name


def test_what_pages_point_to_is_there() -> None:
    anchors = {
        f"{page.slug}#{section.anchor}" for page in pages.pages("en") for section in page.sections
    }
    places = {*pages.ABOUT.values(), *pages.ABOUT_OPERATIONS.values()}
    assert places <= anchors | set(pages.PAGES)


def test_every_section_of_the_operate_tab_has_its_help() -> None:
    for section in SECTIONS:
        assert pages.about(section.url_name) != pages.about("charger"), section.url_name
    assert set(pages.ABOUT_OPERATIONS) <= set(GROUPS)


@pytest.mark.parametrize("slug", pages.PAGES)
def test_a_page_is_served_in_the_reader_s_language(reader: User, slug: str) -> None:
    for language in LANGUAGES:
        answer = (
            signed_in(reader)
            .get(f"/help/{slug}/", headers={"Accept-Language": language})
            .content.decode()
        )
        assert escape(pages.page(slug, language).title) in answer
        assert "shot:" not in answer
        assert "{#" not in answer


def test_a_search_finds_sections_by_all_of_their_words(reader: User) -> None:
    client = signed_in(reader)
    found = client.get("/help/?q=proof+OF+life").content.decode()
    assert "/help/fleet/#states" in found
    assert "/help/keyboard/#lists" not in found
    assert "Nothing found" in client.get("/help/?q=zeppelin").content.decode()


@pytest.mark.parametrize("query", ["\0", "<script>", "x" * 5_000, "%", "‘’", " " * 300])
def test_an_odd_search_is_answered(reader: User, query: str) -> None:
    answer = signed_in(reader).get("/help/", {"q": query})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().replace('<script src="', "")


@pytest.mark.parametrize("slug", ["nothing", "..", "en"])
def test_a_page_that_isn_t_there_is_404(reader: User, slug: str) -> None:
    assert signed_in(reader).get(f"/help/{slug}/").status_code == 404


def test_the_guide_is_for_people_who_are_signed_in(db: None) -> None:
    for address in ("/help/", "/help/kpis/"):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/", "/help/fleet/"),
        ("/kpis/", "/help/kpis/"),
        ("/incidents/", "/help/incidents/"),
        ("/alerting/", "/help/incidents/#rules"),
        ("/sightings/", "/help/sightings/"),
        ("/map/", "/help/map/"),
        ("/sites/", "/help/map/#sites"),
        ("/kiosks/", "/help/kiosk/"),
        ("/tokens/", "/help/tokens/"),
        ("/commands/", "/help/operate/#ends"),
        ("/commands/bulks/", "/help/operate/#stop"),
        ("/firmware/", "/help/firmware/#update"),
        ("/chargers/CP-1/operate/", "/help/operate/"),
        ("/chargers/CP-1/operate/do/unlock/", "/help/drivers/"),
        ("/chargers/CP-1/operate/do/set_profile/", "/help/limits/"),
        ("/chargers/CP-1/operate/configuration/", "/help/settings/"),
        ("/chargers/CP-1/operate/certificates/", "/help/security/"),
    ],
)
def test_a_page_s_heading_leads_to_its_help(db: None, address: str, place: str) -> None:
    owner = tenant()
    charger(site(owner), "CP-1")
    answer = signed_in(person("olaf", Role.OPERATOR, owner)).get(address)
    assert f'class="kw-page-help" href="{place}"' in answer.content.decode()
