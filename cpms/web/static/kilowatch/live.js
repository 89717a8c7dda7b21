// Live pages: one WebSocket says what changed; the affected fragments are fetched again.
//
// An element with data-live="…" is refreshed (htmx event "live") when news concerns it:
//   charger:<identity>   that charger changed        incidents   incidents changed
//   fleet                any charger changed
// data-live-kinds="status connection" narrows a charger's news to those kinds. A fragment with
// data-live-shown="<identities>" is refreshed at once for these, for other chargers only by
// status and connection. Refreshes are coalesced: at most two a second, fewer when the
// server takes long. Whatever happens, everything is fetched again after a reconnect.
(() => {
  const url = document.body && document.body.dataset.liveUrl;
  if (!url) return;

  const DEAF = 25_000; // No sign of life for so long (they come every 8 s): lost.
  const GRACE = 1_500; // A page that has just been opened isn't called stale meanwhile.
  const FASTEST = 500;
  const SLOWEST = 10_000;
  const POLL = 15_000; // Where no WebSocket gets through, pages refresh by themselves.
  const SIGNED_OUT = 4401;

  let socket = null;
  let heard = performance.now();
  let lostSince = null;
  let everLive = false;
  let retry = 500;
  let watched = null;
  const opened = performance.now();

  // --- The state of the connection, as people see it ---------------------------------------

  function show(state) {
    for (const place of document.querySelectorAll("[data-live-indicator]")) {
      const texts = document.querySelector("[data-live-indicator][data-lost]").dataset;
      place.classList.toggle("is-live", state === "live");
      place.classList.toggle("is-lost", state === "lost");
      place.querySelector("[data-live-text]").textContent =
        { live: texts.liveWord, lost: texts.lost, connecting: texts.connecting }[state];
    }
    const banner = document.getElementById("stale");
    const stale = state === "lost";
    document.body.classList.toggle("is-stale", stale);
    if (banner) banner.hidden = !stale;
    if (stale) {
      const time = document.getElementById("stale-since");
      time.dateTime = new Date(lostSince).toISOString();
      time.title = new Date(lostSince).toLocaleString();
      window.kilowatch.refreshTimes();
    }
  }

  function live() {
    heard = performance.now();
    const wasLost = lostSince !== null;
    lostSince = null;
    everLive = true;
    show("live");
    if (wasLost) refreshAll();
  }

  function lost() {
    if (lostSince === null) lostSince = window.kilowatch.now() - (everLive ? performance.now() - heard : 0);
    if (everLive || performance.now() - opened > GRACE) show("lost");
  }

  // --- The socket --------------------------------------------------------------------------

  function connect() {
    socket = new WebSocket(new URL(url, location.href.replace(/^http/, "ws")));
    socket.addEventListener("open", () => { retry = 500; if (watched) send({ watch: watched }); });
    socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => closed(event));
  }

  function closed(event) {
    if (event.code === SIGNED_OUT) { location.reload(); return; }
    lost();
    // With chance, so that a thousand pages don't come back in the same instant.
    setTimeout(connect, retry * (0.5 + Math.random()));
    retry = Math.min(retry * 2, 15_000);
  }

  function receive(news) {
    live();
    if (news.type === "changed") changed(news.chargers);
    else if (news.type === "incidents") mark((element) => element.dataset.live.split(" ").includes("incidents"));
    else if (news.type === "resync") refreshAll();
    else if (news.type === "frames") document.dispatchEvent(new CustomEvent("kw:frames", { detail: news }));
  }

  function send(message) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  setInterval(() => {
    if (socket && socket.readyState === WebSocket.OPEN && performance.now() - heard > DEAF) {
      lost();
      socket.close();
    }
  }, 1_000);
  setInterval(() => { if (lostSince !== null) refreshAll(); }, POLL);
  window.addEventListener("pagehide", () => { if (socket) socket.close(); });

  // --- Fragments ---------------------------------------------------------------------------

  const dirty = new Set();
  let last = -Infinity;
  let pace = FASTEST;
  let timer = null;

  function changed(chargers) {
    document.dispatchEvent(new CustomEvent("kw:changed", { detail: chargers }));
    mark((element) => Object.entries(chargers).some(([identity, change]) => concerns(element, identity, change.kinds)));
  }

  function concerns(element, identity, kinds) {
    const { live: topics, liveKinds, liveShown } = element.dataset;
    const wanted = liveKinds ? liveKinds.split(" ") : null;
    if (topics.split(" ").includes(`charger:${identity}`)) return !wanted || kinds.some((kind) => wanted.includes(kind));
    if (!topics.split(" ").includes("fleet")) return false;
    if (liveShown && liveShown.split(" ").includes(identity)) return true;
    return kinds.includes("status") || kinds.includes("connection");
  }

  function mark(test) {
    for (const element of document.querySelectorAll("[data-live]")) {
      if (element.hasAttribute("hx-get") && test(element)) dirty.add(element.id);
    }
    schedule();
  }

  function refreshAll() {
    document.dispatchEvent(new CustomEvent("kw:resync"));
    mark(() => true);
  }

  function schedule() {
    if (timer || !dirty.size || document.hidden) return;
    timer = setTimeout(flush, Math.max(0, last + pace - performance.now()));
  }

  function flush() {
    timer = null;
    last = performance.now();
    for (const id of dirty) {
      const element = document.getElementById(id);
      if (element) htmx.trigger(element, "live");
    }
    dirty.clear();
  }

  // htmx learns an address a moment after a swap has changed it: news in that moment would ask
  // for the old one, and bring a list back that the user has just filtered.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.dataset.live) event.detail.path = event.detail.elt.getAttribute("hx-get");
  });
  // A slow server is asked less often.
  document.addEventListener("htmx:beforeRequest", (event) => { event.detail.elt.kwAsked = performance.now(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    const took = performance.now() - (event.detail.elt.kwAsked || performance.now());
    pace = Math.min(SLOWEST, Math.max(FASTEST, took * 2));
  });
  // A hidden page is told everything when it is looked at again.
  document.addEventListener("visibilitychange", schedule);

  window.kilowatch.watchFrames = (identity) => { watched = identity; send({ watch: identity }); };

  document.addEventListener("DOMContentLoaded", () => { show("connecting"); connect(); });
})();
