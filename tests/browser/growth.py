"""What a page holds on to, counted in the browser after it has thrown away what it can."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


@dataclass(frozen=True, slots=True)
class Held:
    """DOM nodes (also those in no document any more), event listeners, bytes of JavaScript."""

    nodes: int
    listeners: int
    heap: int

    def __sub__(self, earlier: "Held") -> "Held":
        """Return what has been added since."""
        return Held(
            self.nodes - earlier.nodes,
            self.listeners - earlier.listeners,
            self.heap - earlier.heap,
        )


def held(page: "Page") -> Held:
    """Collect the page's garbage, and count what is left."""
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable")
    for _again in range(3):  # What one round lets go of, the next one can collect.
        browser.send("HeapProfiler.collectGarbage")
    metrics = browser.send("Performance.getMetrics")["metrics"]
    browser.detach()
    found = {metric["name"]: int(metric["value"]) for metric in metrics}
    return Held(found["Nodes"], found["JSEventListeners"], found["JSHeapUsedSize"])
