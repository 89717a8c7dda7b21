"""axe-core's judgement of a page: WCAG 2.2 A and AA and axe's best practice."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

AXE = Path(__file__).resolve().parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES: "dict[str, ViewportSize]" = {
    "desktop": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}
SCHEMES: "tuple[Literal['light', 'dark'], ...]" = ("light", "dark")
#: Nodes of a violation that are printed: enough to find it.
PRINTED = 4


@cache
def _axe() -> str:
    return AXE.read_text()


def violations(page: "Page", where: str = "", but: tuple[str, ...] = ()) -> list[str]:
    """Return rule, selector and help of everything axe finds on the page as it is now.

    `but` names rules that are left out, where the page's parts are not ours to mend. The script
    comes by the browser's debugger: the page's content policy stays as it is.
    """
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe()} }} }}")
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    broken = [violation for violation in found["violations"] if violation["id"] not in but]
    return [f"{where or page.url}:\n{_told(violation)}" for violation in broken]


def violations_everywhere(page: "Page") -> list[str]:
    """Return what axe finds in light and dark, on a desktop and on a phone.

    Animations are asked to rest, so that no colour is measured half-way.
    """
    found = []
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_selector(f"html[data-bs-theme={scheme}]", state="attached")
            found += violations(page, f"{page.url} ({name}, {scheme})")
    return found


def _told(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    lines = [f"  {violation['id']}: {violation['help']} ({violation['helpUrl']})"]
    lines += [f"    {_where(node)}\n      {_why(node)}" for node in nodes[:PRINTED]]
    if len(nodes) > PRINTED:
        lines.append(f"    and {len(nodes) - PRINTED} more")
    return "\n".join(lines)


def _where(node: dict[str, Any]) -> str:
    return f"{node['target']}   {str(node['html'])[:160]}"


def _why(node: dict[str, Any]) -> str:
    return str(node["failureSummary"]).replace("\n", " ")
