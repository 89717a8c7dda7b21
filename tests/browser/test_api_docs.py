"""The API's description, drawn by a browser under the Content-Security-Policy."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


def test_the_api_is_described_under_the_strict_policy(
    server: Server, transactional_db: None, page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url))
    answer = page.goto(f"{server.url}/api/docs/")
    assert answer is not None
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", name="Kilowatch")).to_be_visible(timeout=60_000)
    expect(page.locator("#operations-tag-chargers")).to_be_visible(timeout=60_000)
    assert violations(page, but=("heading-order", "region")) == []
    page.locator("#operations-tag-chargers").get_by_role("link").click()
    page.locator("#operations-chargers-chargers_frames_retrieve").get_by_role(
        "button"
    ).first.click()
    expect(page.get_by_text("CSV or JSON lines all of the window.", exact=False)).to_be_visible()
    assert [text for text in complaints if not text.startswith(("log:", "info:"))] == []
    assert all(url.startswith((server.url, "data:")) for url in outside)
