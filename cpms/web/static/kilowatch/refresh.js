// Live fragments: which are out of date, when they are brought up to date, and when not.
//
// An element with an id, hx-get, hx-trigger="live" and data-live="…" is refreshed when news
// concern it:
//   charger:<identity>   that charger changed        incidents   incidents changed
//   fleet                any charger changed         strangers   somebody knocked whom nobody knows
//   site:<number>        a charger of that site changed
//   clock                nobody tells: it is asked for by its own hx-trigger "every …"
// data-live-kinds="status connection" narrows a charger's news to those kinds. A fragment with
// data-live-shown="<identities>" is refreshed at once for these, for other chargers only by
// status and connection. data-live-shared: others show the same; it comes over the socket.
//
// Refreshes are coalesced: at most two a second, fewer when the server takes long. Nothing is
// taken from under somebody's hands: a fragment in which one types, has text selected or a menu
// open is left as it is meanwhile, and so is a list over which the pointer moves or that one
// walks through by keyboard. One can pause all: "Paused: 12 changes".
(() => {
  const page = window.kilowatch;
  const bar = document.getElementById("held");
  if (!bar) return;

  const FASTEST = 500;
  const SLOWEST = 10_000;
  const SHARE_AGAIN = 60_000; // A fragment that couldn't be shared may be later: the database was away.
  const HAND = 1_500; // Milliseconds for which a list keeps still after pointer or keys moved.

  const dirty = new Map(); // id -> what changed since it was refreshed
  const came = new Map(); // id -> the fragment that came over the socket
  const busy = new Set();
  const chosen = new Map(); // id -> the request by which the user has chosen what it is to show
  const failing = new Map(); // id -> HTTP status of its last refresh
  const gone = new Set();
  const unshared = new Set();
  let happenings = 0;
  let paused = false;
  let last = -Infinity;
  let pace = FASTEST;
  let timer = null;
  let hand = { at: -Infinity, where: null };

  const LIVE = "[data-live][hx-get][id][hx-trigger*=live]";
  const live = () => document.querySelectorAll(LIVE);
  const topics = (element) => element.dataset.live.split(" ");
  const isShared = (element) => "liveShared" in element.dataset && !unshared.has(element.id) && window.DecompressionStream;

  // --- News --------------------------------------------------------------------------------

  page.changed = (chargers) => {
    for (const element of live()) {
      const about = Object.keys(chargers).filter((identity) => concerns(element, identity, chargers[identity]));
      if (about.length) mark(element, about);
    }
    schedule();
  };

  page.happened = (topic) => {
    happenings += 1;
    for (const element of live()) if (topics(element).includes(topic)) mark(element, [`#${happenings}`]);
    schedule();
  };

  page.refreshAll = () => {
    document.dispatchEvent(new CustomEvent("kw:resync"));
    gone.clear();
    for (const element of live()) if (!(isShared(element) && came.has(element.id))) mark(element, [], true);
    schedule();
  };

  page.arrived = (fragment) => {
    const element = document.getElementById(fragment.id);
    if (!element || element.getAttribute("hx-get") !== fragment.url) return;
    came.set(fragment.id, fragment);
    mark(element, [], true);
    schedule();
  };

  page.unshared = (id) => {
    unshared.add(id);
    came.delete(id);
    const element = document.getElementById(id);
    if (element) { mark(element, [], true); schedule(); }
    setTimeout(() => { unshared.delete(id); if (page.askSoon) page.askSoon(); }, SHARE_AGAIN * (0.5 + Math.random()));
  };

  // What the server is to send over the socket: [id, url, topics, kinds] each.
  page.shared = () => [...live()].filter(isShared).map((element) => [
    element.id, element.getAttribute("hx-get"), element.dataset.live, element.dataset.liveKinds || "",
  ]);

  function concerns(element, identity, { kinds, site }) {
    const { liveKinds, liveShown } = element.dataset;
    const wanted = liveKinds ? liveKinds.split(" ") : null;
    if (topics(element).includes(`charger:${identity}`) || topics(element).includes(`site:${site}`)) return !wanted || kinds.some((kind) => wanted.includes(kind));
    if (!topics(element).includes("fleet")) return false;
    if (liveShown && liveShown.split(" ").includes(identity)) return true;
    return kinds.includes("status") || kinds.includes("connection");
  }

  // A shared fragment that is only known to have changed will come by itself.
  function mark(element, changes, wanted = !isShared(element)) {
    if (gone.has(element.id) || !element.matches(LIVE)) return;
    const known = dirty.get(element.id) || { changes: new Set(), wanted: false };
    for (const change of changes) known.changes.add(change);
    known.wanted ||= wanted;
    if (known.wanted || held(element)) dirty.set(element.id, known);
  }

  // --- Bringing it to the screen -----------------------------------------------------------

  function schedule() {
    if (timer || !dirty.size || document.hidden) return;
    timer = setTimeout(flush, Math.max(0, last + pace - performance.now()));
  }

  function flush() {
    timer = null;
    let asked = false;
    for (const [id, known] of [...dirty]) {
      const element = document.getElementById(id);
      if (!element) dirty.delete(id);
      else if (!held(element) && !busy.has(id)) {
        dirty.delete(id);
        if (!known.wanted) continue;
        asked = true;
        if (came.has(id) && isShared(element) && !chosen.has(id)) put(element, came.get(id));
        else if (!asks(element)) dirty.set(id, known);
      }
    }
    if (asked) last = performance.now();
    tellHeld();
    if (dirty.size) later();
  }

  // Tells whether it was asked for: not while what the user has just chosen is on its way there.
  function asks(element) {
    htmx.trigger(element, "live");
    return busy.has(element.id);
  }

  function later() {
    if (!timer) timer = setTimeout(flush, FASTEST);
  }

  function put(element, fragment) {
    if (element.getAttribute("hx-get") !== fragment.url) return;
    htmx.swap(element, fragment.html, { swapStyle: "morph:outerHTML", swapDelay: 0, settleDelay: 0 }, { contextElement: element });
    settled(fragment.id);
  }

  function settled(id) {
    busy.delete(id);
    if (failing.delete(id)) tellFailing();
  }

  // Nobody waits for what news or the clock (which htmx gives no event) have asked for.
  function isLive({ detail: { elt, requestConfig } }) {
    const by = requestConfig && requestConfig.triggeringEvent;
    return by ? by.type === "live" : elt.matches("[hx-trigger*=every]");
  }

  // htmx learns an address a moment after a swap has changed it: news in that moment would ask
  // for the old one, and bring a list back that the user has just filtered.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.dataset.live) event.detail.path = event.detail.elt.getAttribute("hx-get");
  });
  // While what the user has chosen is on its way, nothing else may come before or after it: a
  // swap makes htmx forget the request, and news asked for by the old address would win.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, xhr } = event.detail;
    elt.kwAsked = performance.now();
    if (!isLive(event)) chosen.set(target.id, xhr);
    else if (chosen.has(elt.id)) event.preventDefault();
    else busy.add(elt.id);
  });
  // A slow server is asked less often.
  document.addEventListener("htmx:afterRequest", (event) => {
    const element = event.detail.elt;
    const took = performance.now() - (element.kwAsked || performance.now());
    pace = Math.min(SLOWEST, Math.max(FASTEST, took * 2));
    busy.delete(element.id);
    if (chosen.get(event.detail.target.id) === event.detail.xhr) chosen.delete(event.detail.target.id);
    if (isLive(event) && event.detail.xhr.status >= 200 && event.detail.xhr.status < 300) settled(element.id);
    schedule();
  });
  // While the request was under way somebody may have begun to type.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const element = event.detail.elt;
    if (!isLive(event) || !event.detail.shouldSwap || !held(element)) return;
    event.detail.shouldSwap = false;
    mark(element, [], true);
    later();
  });
  document.addEventListener("htmx:afterSettle", () => { if (page.askSoon) page.askSoon(); });
  // A hidden page is told everything when it is looked at again.
  document.addEventListener("visibilitychange", schedule);

  // --- Not under somebody's hands ----------------------------------------------------------

  function held(element) {
    if (element.closest(".kw-nav")) return false;
    return paused || inUse(element) || (isList(element) && handIsOn(element));
  }

  function inUse(element) {
    if (document.querySelector("dialog[open]:not(#palette)")) return true;
    if (element.querySelector(".dropdown-menu.show, .popover, [popover]:popover-open")) return true;
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && selection.containsNode(element, true)) return true;
    return [...element.querySelectorAll("input, textarea, select, [contenteditable]")].some(isBeingFilled);
  }

  function isBeingFilled(field) {
    if (field === document.activeElement) return !field.matches("[type=checkbox], [type=radio], [type=button], [type=submit]");
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.matches("select")) return false;
    return "defaultValue" in field && field.type !== "hidden" && field.value !== field.defaultValue;
  }

  const isList = (element) => element.querySelector("tbody tr, [data-row]") !== null;
  const handIsOn = (element) => performance.now() - hand.at < HAND && hand.where && element.contains(hand.where);

  page.handOn = (where) => { hand = { at: performance.now(), where }; };
  document.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") page.handOn(event.target);
  }, { passive: true });
  document.addEventListener("pointerdown", (event) => page.handOn(event.target), { passive: true });

  // Fields and open parts are left as they are even where all around them is refreshed.
  if (window.Idiomorph) {
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old instanceof Element && isKept(old));
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.matches("details, dialog"));
  }

  function isKept(element) {
    if (element.matches(".dropdown-menu.show, dialog[open], [popover]:popover-open")) return true;
    return element.matches("input, textarea, select") && isBeingFilled(element);
  }

  // --- "Paused: 12 changes" ----------------------------------------------------------------

  function pause(wanted) {
    paused = wanted;
    for (const button of document.querySelectorAll("[data-live-pause]")) {
      button.setAttribute("aria-pressed", String(paused));
      button.querySelector("[data-pause-text]").textContent = paused ? bar.dataset.resume : bar.dataset.pause;
    }
    document.body.classList.toggle("is-paused", paused);
    tellHeld();
    if (!paused) flush();
  }

  page.togglePause = () => pause(!paused);

  function tellHeld() {
    const changes = new Set();
    for (const [id, known] of dirty) {
      const element = document.getElementById(id);
      if (element && held(element)) for (const change of known.changes) changes.add(change);
    }
    const text = [bar.dataset.none, bar.dataset.one, bar.dataset.many][Math.min(2, changes.size)];
    document.getElementById("held-text").textContent = text.replace("%s", page.number(changes.size));
    bar.hidden = !paused && !changes.size;
  }

  bar.addEventListener("click", (event) => {
    if (!event.target.closest("button")) return;
    hand = { at: -Infinity, where: null };
    document.getSelection().removeAllRanges();
    pause(false);
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-live-pause]")) page.togglePause(); });

  // --- What can't be refreshed says so ------------------------------------------------------

  function refused(element, status) {
    failing.set(element.id, status);
    if (status === 404 || status === 403) gone.add(element.id);
    else {
      mark(element, [], true);
      slowly();
    }
    tellFailing();
  }

  function slowly() {
    clearTimeout(timer);
    timer = setTimeout(flush, pace = SLOWEST * (0.5 + Math.random() / 2));
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr } = event.detail;
    if (xhr.status < 400 || (xhr.status !== 401 && !isLive(event))) return;
    event.detail.isError = false; // Said here.
    if (xhr.status === 401) page.sessionEnded();
    else refused(elt, xhr.status);
  });
  document.addEventListener("htmx:responseError", (event) => page.toast(words(event.detail.xhr.status), "error"));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      if (isLive(event)) unanswered(event.detail.elt, name);
      else page.toast(bar.dataset.unreached, "error");
    });
  }

  // With the connection lost all is asked for when it is back.
  function unanswered(element, name) {
    mark(element, [], true);
    if (page.connectionLost()) return;
    if (name === "htmx:timeout") refused(element, 504); // As a gateway between would call it.
    else slowly();
  }

  function words(status) {
    return bar.dataset[`error${status}`] || (status >= 500 ? bar.dataset.error5xx : bar.dataset.error4xx).replace("%s", status);
  }

  function tellFailing() {
    const place = document.getElementById("failing");
    const statuses = [...failing.values()];
    place.hidden = !statuses.length;
    if (!statuses.length) return;
    const lasting = statuses.find((status) => status !== 404 && status !== 403);
    place.querySelector("span").textContent = lasting ? bar.dataset.failing.replace("%s", lasting) : bar.dataset.gone;
  }
})();
