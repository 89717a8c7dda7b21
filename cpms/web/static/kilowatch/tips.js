// The page's one tip: the whole time of a <time> on hover and focus, and what a "?" explains.
//
// A tip goes with Escape, can be pointed at, and stays while one does (WCAG 1.4.13). Times outside
// tables and links can be focused for it; in tables there is "t", which writes all times out.
(() => {
  const LINGER = 120; // ms to get from the time to its tip
  const GAP = 6;
  let owner = null;
  let leaving = null;

  const tip = () => document.getElementById("kw-tip");

  function show(element, text) {
    clearTimeout(leaving);
    const box = tip();
    if (!box || !text) return;
    if (owner && owner !== element) release(owner);
    owner = element;
    box.textContent = text;
    box.dir = "auto";
    box.showPopover();
    place(box, element.getBoundingClientRect());
  }

  function place(box, at) {
    const width = box.offsetWidth;
    const height = box.offsetHeight;
    const above = at.top - height - GAP;
    box.style.left = `${Math.max(8, Math.min(at.left + at.width / 2 - width / 2, innerWidth - width - 8))}px`;
    box.style.top = `${above >= 8 ? above : at.bottom + GAP}px`;
  }

  function hide() {
    clearTimeout(leaving);
    if (!owner) return;
    release(owner);
    owner = null;
    tip().hidePopover();
    tip().textContent = "";
  }

  function release(element) {
    if (element.matches(".kw-help")) element.setAttribute("aria-expanded", "false");
    else if (element.dataset.whole) {
      element.title = element.dataset.whole;
      delete element.dataset.whole;
    }
  }

  // The browser's own tooltip would cover ours: the title waits in data-whole meanwhile.
  function tell(time) {
    if (time.title) {
      time.dataset.whole = time.title;
      time.removeAttribute("title");
    }
    show(time, time.dataset.whole);
  }

  const timeOf = (target) => target.closest && target.closest("time[title], time[data-whole]");
  const openedByHand = () => owner && owner.matches(".kw-help");

  document.addEventListener("pointerover", (event) => {
    if (event.target.closest("#kw-tip")) { clearTimeout(leaving); return; }
    const time = timeOf(event.target);
    if (time && !openedByHand()) tell(time);
  });
  document.addEventListener("pointerout", (event) => {
    if (!owner || openedByHand()) return;
    if (timeOf(event.target) || event.target.closest("#kw-tip")) leaving = setTimeout(hide, LINGER);
  });
  document.addEventListener("focusin", (event) => {
    const time = timeOf(event.target);
    if (time && time === event.target) tell(time);
  });
  document.addEventListener("focusout", (event) => { if (event.target === owner) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", (event) => { if (event.target !== tip()) hide(); }, { capture: true, passive: true });
  document.addEventListener("click", (event) => {
    const help = event.target.closest(".kw-help");
    if (!help) {
      const time = timeOf(event.target);
      if (time && !event.target.closest("a, button")) tell(time);
      else if (!event.target.closest("#kw-tip")) hide();
      return;
    }
    event.preventDefault();
    if (owner === help) { hide(); return; }
    show(help, help.dataset.help);
    help.setAttribute("aria-expanded", "true");
  });

  function reachable() {
    for (const time of document.querySelectorAll("time[title]:not([tabindex])")) {
      if (!time.closest("table, a, button, summary, label")) time.tabIndex = 0;
    }
  }
  document.addEventListener("DOMContentLoaded", reachable);
  document.addEventListener("htmx:afterSettle", () => {
    reachable();
    if (owner && !owner.isConnected) hide();
  });
})();
