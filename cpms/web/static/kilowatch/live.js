// The live connection: one WebSocket says what changed, refresh.js brings it to the screen.
//
// States, as people see them (components/live.html has the words):
//   live        news get here              connecting  just opened
//   polling     no WebSocket gets through (a proxy refuses or swallows it): news are asked for
//               every 15 s, and the socket is tried again every few minutes
//   lost        neither: what is shown may be out of date since then
//   signed-out  the session has ended (session.js)
// A page that nobody looks at for a minute hangs up, and catches up when it is looked at.
(() => {
  const url = document.body && document.body.dataset.liveUrl;
  const words = document.getElementById("live-state");
  if (!url || !words) return;

  const DEAF = 25_000; // No sign of life for so long (they come every 8 s): lost.
  const GRACE = 1_500; // A page that has just been opened isn't called stale meanwhile.
  const ANSWERS_WITHIN = 20_000; // A request that hangs must not be the last.
  const OPENS_WITHIN = 6_000; // A proxy that swallows the upgrade never answers.
  const POLL = 15_000;
  const TRY_AGAIN = 120_000; // The socket, while polling.
  const LONGEST_RETRY = 15_000;
  const ASLEEP_AFTER = 60_000;
  const SPREAD_PER_PAGE = 20; // Milliseconds; the same as the server's, for reconnects.
  const LONGEST_SPREAD = 30_000;
  const SIGNED_OUT = 4401;
  const BLOCKED = "kw-socket-blocked";

  const page = window.kilowatch;
  let socket = null;
  let state = "connecting";
  let heard = performance.now();
  let lostSince = null;
  let catchingUp = null;
  let everLive = false;
  let polling = false;
  let failures = 0;
  let retry = 500;
  let pages = 1;
  let watched = null;
  let said = "";
  let since = page.now() / 1000 - 1;
  let timers = {};
  const opened = performance.now();

  const chance = (milliseconds) => milliseconds * (0.5 + Math.random());

  function later(name, milliseconds, what) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(what, milliseconds);
  }

  // --- The state of the connection, as people see it ---------------------------------------

  function show(next) {
    state = next;
    const word = words.dataset[`word${next.replace(/(^|-)(.)/g, (_all, _dash, letter) => letter.toUpperCase())}`];
    for (const place of document.querySelectorAll("[data-live-indicator]")) {
      place.classList.toggle("is-live", next === "live" || next === "polling");
      place.classList.toggle("is-polling", next === "polling");
      place.classList.toggle("is-lost", next === "lost" || next === "signed-out");
      place.querySelector("[data-live-text]").textContent = word;
    }
    const stale = next === "lost";
    document.body.classList.toggle("is-stale", stale);
    document.getElementById("stale").hidden = !stale;
    document.getElementById("polling").hidden = next !== "polling";
    if (stale) {
      const time = document.getElementById("stale-since");
      time.dateTime = new Date(lostSince).toISOString();
      time.title = page.timeIn(Intl.DateTimeFormat().resolvedOptions().timeZone, true)(new Date(lostSince));
      page.refreshTimes();
    }
    document.dispatchEvent(new CustomEvent("kw:state", { detail: next }));
  }

  function live(how) {
    heard = performance.now();
    everLive = true;
    failures = 0;
    if (lostSince === null) { if (state !== how) show(how); return; }
    if (catchingUp) return;
    // Many pages come back together: each has its turn to fetch.
    catchingUp = setTimeout(() => {
      catchingUp = null;
      lostSince = null;
      show(how);
      page.refreshAll();
    }, Math.random() * Math.min(LONGEST_SPREAD, pages * SPREAD_PER_PAGE));
  }

  function lost() {
    clearTimeout(catchingUp);
    catchingUp = null;
    if (state === "signed-out") return;
    if (lostSince === null) lostSince = page.now() - (everLive ? performance.now() - heard : 0);
    if (everLive || performance.now() - opened > GRACE) show("lost");
  }

  function signedOut() {
    if (state === "signed-out") return;
    show("signed-out");
    hangUp();
    page.signedOut();
    later("poll", 5_000, poll);
  }

  // --- The socket --------------------------------------------------------------------------

  function connect() {
    if (socket || document.hidden || state === "signed-out") return;
    const mine = socket = new WebSocket(new URL(url, location.href.replace(/^http/, "ws")));
    let open = false;
    let swallowed = false;
    mine.binaryType = "arraybuffer";
    const patience = setTimeout(() => { swallowed = true; mine.close(); }, OPENS_WITHIN);
    mine.addEventListener("open", () => {
      clearTimeout(patience);
      if (state === "signed-out") { mine.close(); return; }
      open = true;
      retry = 500;
      polling = false;
      heard = performance.now();
      forget(BLOCKED);
      clearTimeout(timers.poll);
      said = "";
      ask();
    });
    mine.addEventListener("message", (event) => receive(event.data));
    mine.addEventListener("close", (event) => {
      clearTimeout(patience);
      if (socket === mine) socket = null;
      if (event.code === SIGNED_OUT) signedOut();
      else closed(open, swallowed);
    });
  }

  function closed(wasOpen, swallowed) {
    if (state === "signed-out") return;
    if (document.hidden) { fallAsleep(); return; }
    failures = wasOpen ? 0 : failures + 1;
    if (state === "live" || wasOpen) lost();
    // Refused once may be a server that is just coming up; a second time, or swallowed: a proxy.
    if (swallowed || failures > 1) poll();
    if (!polling) reconnect();
  }

  function hangUp() {
    const mine = socket;
    socket = null;
    if (mine) mine.close();
  }

  function reconnect() {
    // With chance, so that a thousand pages don't come back in the same instant.
    later("connect", chance(retry), connect);
    retry = Math.min(retry * 2, LONGEST_RETRY);
  }

  async function receive(data) {
    if (typeof data !== "string") data = await unpacked(data);
    const news = JSON.parse(data);
    live("live");
    if (news.pages) pages = news.pages;
    take(news);
  }

  function take(news) {
    if (news.type === "changed") {
      document.dispatchEvent(new CustomEvent("kw:changed", { detail: news.chargers }));
      page.changed(news.chargers);
    } else if (news.type === "incidents" || news.type === "strangers") page.happened(news.type);
    else if (news.type === "fragment") page.arrived(news);
    else if (news.type === "unshared") page.unshared(news.id);
    else if (news.type === "resync") setTimeout(page.refreshAll, Math.random() * news.within * 1000);
    else if (news.type === "frames") document.dispatchEvent(new CustomEvent("kw:frames", { detail: news }));
  }

  function unpacked(data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  // Says which frames are watched and which shared fragments are shown; only what is new.
  function ask() {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    const shown = window.DecompressionStream ? page.shared() : [];
    const text = JSON.stringify({ watch: watched, show: shown });
    if (text === said || (said === "" && watched === null && !shown.length)) return;
    said = text;
    socket.send(text);
  }

  function askSoon() { later("ask", 250, ask); }

  // --- Where no WebSocket gets through -----------------------------------------------------

  async function poll() {
    clearTimeout(timers.poll);
    if (document.hidden) return;
    const patience = { cache: "no-store", signal: AbortSignal.timeout(ANSWERS_WITHIN) };
    const answer = await fetch(`${words.dataset.newsUrl}?since=${since}`, patience).catch(() => null);
    if (socket && socket.readyState === WebSocket.OPEN && state !== "signed-out") return;
    if (answer && answer.status === 401) { signedOut(); later("poll", 5_000, poll); }
    else if (answer && answer.ok) polled(await answer.json());
    else if (state === "signed-out") later("poll", 5_000, poll);
    else { forget(BLOCKED); lost(); if (polling) { polling = false; reconnect(); } }
  }

  function polled(answer) {
    // Somebody else has signed in meanwhile: this page is not theirs.
    if (answer.user !== words.dataset.user) { location.reload(); return; }
    if (state === "signed-out") { page.signedIn(); lostSince = page.now(); show("connecting"); retry = 500; connect(); return; }
    since = answer.now;
    if (!polling) { polling = true; remember(BLOCKED); retry = 500; later("connect", chance(TRY_AGAIN), tryAgain); }
    live("polling");
    for (const news of answer.news) take(news);
    later("poll", POLL * (0.9 + Math.random() / 5), poll);
  }

  function tryAgain() {
    connect();
    later("connect", chance(TRY_AGAIN), tryAgain);
  }

  function remember(name) { try { sessionStorage.setItem(name, "yes"); } catch { /* Private mode. */ } }
  function forget(name) { try { sessionStorage.removeItem(name); } catch { /* Private mode. */ } }
  function remembered(name) { try { return sessionStorage.getItem(name); } catch { return null; } }

  // --- Silence, sleep, waking up -----------------------------------------------------------

  setInterval(() => {
    if (socket && socket.readyState === WebSocket.OPEN && performance.now() - heard > DEAF) {
      lost();
      hangUp();
      reconnect();
    }
  }, 1_000);

  function fallAsleep() {
    for (const name of Object.keys(timers)) clearTimeout(timers[name]);
    hangUp();
    if (lostSince === null) lostSince = page.now();
  }

  function wakeUp() {
    clearTimeout(timers.sleep);
    if (state === "signed-out") poll();
    else if (polling) { poll(); later("connect", chance(TRY_AGAIN), tryAgain); }
    else if (!socket) { retry = 500; connect(); }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) later("sleep", ASLEEP_AFTER, fallAsleep);
    else wakeUp();
  });
  window.addEventListener("online", () => { if (!socket) { retry = 500; connect(); } });
  window.addEventListener("pagehide", fallAsleep);
  window.addEventListener("pageshow", (event) => { if (event.persisted) wakeUp(); });

  Object.assign(page, {
    watchFrames: (identity) => { watched = identity; ask(); },
    // Somebody got no answer: tells whether that is because the connection is lost.
    connectionLost: () => {
      if (socket && socket.readyState === WebSocket.OPEN) return false;
      lost();
      return true;
    },
    sessionEnded: signedOut,
    askSoon,
  });

  document.addEventListener("DOMContentLoaded", () => {
    show("connecting");
    if (remembered(BLOCKED)) poll();
    else connect();
  });
})();
