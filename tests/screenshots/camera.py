"""Takes the pictures: each page in light and dark, as WebP that isn't larger than it must be."""

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

SHOTS = Path(__file__).resolve().parents[2] / "cpms" / "web" / "static" / "help"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WINDOW: ViewportSize = {"width": 1440, "height": 900}
#: Bytes; the quality goes down until a picture fits.
LARGEST = 150 * 1024
QUALITIES = (80, 65, 50, 35)
THEMES = ("light", "dark")
#: Milliseconds until pictures, maps and charts are drawn, after the network is quiet.
DRAWN = 1_500

Way = Callable[[Page], None]


def _to(path: str) -> Way:
    def go(page: Page) -> None:
        page.goto(path)

    return go


def _first(path: str, selector: str) -> Way:
    """Return the way to what the first link of a list leads to."""

    def go(page: Page) -> None:
        page.goto(path)
        address = page.locator(selector).first.get_attribute("href")
        assert address, f"{path} has no {selector}"
        page.goto(address)

    return go


def _of_charger(tab: str) -> Way:
    """Return the way to a tab of a charger that is charging."""

    def go(page: Page) -> None:
        page.goto("/?state=charging&sort=since")
        address = page.locator("main a[href^='/chargers/']").first.get_attribute("href")
        assert address, "No charger is charging."
        page.goto(address + tab)

    return go


def _wall(page: Page) -> None:
    """Hang a wall, and go to it."""
    page.goto("/kiosks/new/")
    page.get_by_label("Name", exact=True).fill("Control room")
    page.get_by_role("button", name="Make the link").click()
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    page.goto(page.get_by_label("Link", exact=True).input_value())
    page.locator(".board-fleet").wait_for()
    page.evaluate("(theme) => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
    expect(page.locator("#as-of")).not_to_have_text("–")
    page.wait_for_selector("body.is-idle")


#: Name in the guide -> the way there.
VIEWS: dict[str, Way] = {
    "fleet": _to("/"),
    "map": _to("/map/"),
    "site": _first("/sites/", "main a[href^='/sites/']:not([href='/sites/'])"),
    "charger": _of_charger(""),
    "history": _of_charger("history/"),
    "frames": _of_charger("frames/"),
    "incidents": _to("/incidents/"),
    "incident": _first("/incidents/", "main tbody a[href^='/incidents/']"),
    "kpis": _to("/kpis/?window=30d"),
    "sightings": _to("/sightings/"),
    "wall": _wall,
}


def take_all(address: str) -> None:
    """Take every picture of the house at `address`."""
    SHOTS.mkdir(exist_ok=True)
    with _browser() as browser:
        for theme in THEMES:
            page = _signed_in(browser, address, theme)
            for name, way in VIEWS.items():
                way(page)
                path = SHOTS / f"{name}-{theme}.webp"
                path.write_bytes(_picture(page))
                print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB", flush=True)
            page.context.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        raise SystemExit("No Chromium here: install Debian's `chromium`.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


def _signed_in(browser: Browser, address: str, theme: str) -> Page:
    context = browser.new_context(
        viewport=WINDOW, base_url=address, locale="en-GB", timezone_id="Europe/Berlin",
        reduced_motion="reduce", color_scheme="dark" if theme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(30_000)
    passwords = json.loads((Path(os.environ["DATA"]) / "demo-users.json").read_text())
    page.goto("/accounts/login/")
    page.get_by_label("User name or e-mail").fill("admin")
    page.get_by_label("Password").fill(passwords["admin"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def _picture(page: Page) -> bytes:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(DRAWN)
    camera = page.context.new_cdp_session(page)
    for quality in QUALITIES:
        taken = camera.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        picture = base64.b64decode(taken["data"])
        if len(picture) <= LARGEST:
            break
    camera.detach()
    return picture
