// A wall: shows boards in turn for months, without a hand on it.
//
// Every three seconds it asks for the pulse (who lives, which incidents are open), and for its
// board every ten, or at once when the incidents changed. What it shows is never older than it
// says: whatever fails, a banner says since when. Nothing here grows with time.
(() => {
  const { body } = document;
  const set = body.dataset;
  if (!set.pulse) return;

  const PULSE = 3_000;
  const BOARD = 10_000;
  const SLOWEST = 30_000; // Between two tries while nothing answers.
  const PATIENCE = 10_000; // For one answer.
  const STALE = 15_000;
  const CALL = 60_000; // How long a new critical incident is called out.
  const SHIFT = 60_000;
  const IDLE = 4_000;
  const NIGHT = 4; // The hour, by the wall's clock, in which it loads itself again.
  const UP_BEFORE_NIGHT = 6 * 3_600_000;
  const BETWEEN_RELOADS = 600_000;
  const boards = set.boards.trim().split(/\s+/).filter(Boolean);
  const rotation = Number(set.rotation) * 1_000;
  const place = document.getElementById("board");
  const $ = (id) => document.getElementById(id);

  // --- Time: the server's, carried on by this machine's steady clock -------------------------

  let serverAt = Date.parse(set.now);
  let measuredAt = performance.now();
  const now = () => serverAt + (performance.now() - measuredAt);
  const language = document.documentElement.lang;
  const shape = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: set.zone };
  const clock = new Intl.DateTimeFormat(language, shape);
  const hour = new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone: set.zone });

  const { spoken } = window.kilowatch; // durations.js

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // --- Asking --------------------------------------------------------------------------------

  let heard = performance.now(); // The last whole answer.
  let boardRead = performance.now();
  let boardAsOf = null;
  let retry = PULSE;
  let stamp = null;
  let closed = false;

  async function ask(address) {
    const answer = await fetch(address, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 410) close();
    return answer;
  }

  async function pulse() {
    if (closed) return;
    let wait = PULSE;
    try {
      const answer = await ask(known ? `${set.pulse}?since=${encodeURIComponent(known.at)}` : set.pulse);
      const state = await answer.json();
      if (state.now) { serverAt = Date.parse(state.now); measuredAt = performance.now(); }
      if (state.beats) showBeats(state.beats);
      if (!answer.ok) throw new Error(String(answer.status));
      heard = performance.now();
      retry = PULSE;
      take(state);
    } catch {
      // With chance, so that a hundred walls don't come back in the same instant.
      wait = retry * (0.5 + Math.random());
      retry = Math.min(retry * 2, SLOWEST);
    }
    if (!closed) setTimeout(pulse, wait);
  }

  function take(state) {
    showCounts(state.incidents);
    notice(state);
    if (state.stamp !== stamp) {
      if (stamp !== null) due = 0;
      stamp = state.stamp;
    }
    if (state.version !== set.version) reload();
    else if (Number(hour.format(now())) === NIGHT && performance.now() > UP_BEFORE_NIGHT) reload();
  }

  async function reload() {
    const key = `kiosk-reloaded-${set.link}`;
    const last = Number(keep.get(key) || 0);
    if (Date.now() >= last && Date.now() - last < BETWEEN_RELOADS) return;
    try {
      // A page that isn't there now would leave the browser's own error on the wall for good.
      if (!(await ask(location.pathname)).ok) return;
    } catch { return; }
    keep.set(key, String(Date.now()));
    location.reload();
  }

  const keep = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* This page only. */ } },
  };

  // --- Boards --------------------------------------------------------------------------------

  let shown = 0;
  let turnAt = performance.now() + rotation;
  let due = 0; // When the board is to be asked for again.
  let asking = false;

  async function board() {
    if (asking || closed || !boards.length) return;
    asking = true;
    due = performance.now() + BOARD;
    const name = boards[shown];
    try {
      const answer = await ask(set.board.replace("NAME", name));
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (closed || name !== boards[shown]) { due = 0; return; }
      place.innerHTML = text;
      const section = place.querySelector("[data-as-of]");
      boardAsOf = section ? Date.parse(section.dataset.asOf) : now();
      boardRead = performance.now();
      body.classList.remove("is-starting");
    } catch {
      due = performance.now() + Math.min(retry, BOARD) * (0.5 + Math.random());
    } finally {
      asking = false;
    }
  }

  function show(index) {
    shown = (index + boards.length) % boards.length;
    turnAt = performance.now() + rotation;
    due = 0;
    for (const dot of document.querySelectorAll("[data-show]")) {
      if (dot.dataset.show === boards[shown]) dot.setAttribute("aria-current", "true");
      else dot.removeAttribute("aria-current");
    }
    board();
  }

  // --- What it shows around the board --------------------------------------------------------

  function showCounts(counts) {
    for (const item of document.querySelectorAll("[data-severity]")) {
      const number = counts ? counts[item.dataset.severity] : null;
      write(item.querySelector("strong"), number === null || number === undefined ? "–" : String(number));
      item.classList.toggle("is-none", !number);
    }
  }

  let beats = [];

  function showBeats(latest) {
    beats = latest;
    const list = $("beats");
    while (list.children.length > beats.length) list.lastChild.remove();
    while (list.children.length < beats.length) {
      const item = document.createElement("li");
      item.append(document.createElement("span"), document.createElement("small"));
      list.append(item);
    }
    beats.forEach((beat, index) => {
      const item = list.children[index];
      item.dataset.part = beat.name;
      item.classList.toggle("is-dead", !beat.alive);
      write(item.firstChild, beat.label);
    });
    tickBeats();
  }

  function tickBeats() {
    beats.forEach((beat, index) => {
      const age = beat.at ? spoken(now() - Date.parse(beat.at)) : set.textNever;
      write($("beats").children[index].lastChild, beat.alive ? age : `${set.textSilent} ${age}`);
    });
  }

  function banner(id, title, text) {
    const element = $(id);
    if (title) {
      write(element.querySelector("strong"), title);
      write(element.querySelector("span"), text);
    }
    element.hidden = !title;
  }

  function tick() {
    write($("clock"), clock.format(now()));
    for (const time of place.querySelectorAll("time[data-for]")) write(time, spoken(now() - Date.parse(time.dateTime)));
    if (boardAsOf !== null) write($("as-of"), clock.format(boardAsOf));
    tickBeats();
    if (closed) return;
    const silent = performance.now() - heard;
    const unread = performance.now() - boardRead;
    const lost = silent > STALE;
    const late = !lost && boards.length > 0 && unread > STALE + BOARD;
    body.classList.toggle("is-not-live", lost || late);
    const of = set.textSince.replace("%s", boardAsOf === null ? "–" : clock.format(boardAsOf));
    if (lost) banner("stale", set.textLost.replace("%s", spoken(silent)), of);
    else if (late) banner("stale", set.textBoard.replace("%s", spoken(unread)), of);
    else banner("stale", "");
    const dead = beats.filter((beat) => !beat.alive).map((beat) => beat.label);
    banner("own", dead.length && !lost ? set.textOwn.replace("%s", dead.join(", ")) : "", set.textOwnHint);
    if (performance.now() > callUntil) banner("call", "");
    if (rotation && boards.length > 1 && performance.now() > turnAt && performance.now() > callUntil) show(shown + 1);
    else if (performance.now() > due) board();
  }

  function close() {
    closed = true;
    keep.set(KNOWN, "");
    for (const id of ["stale", "own", "call"]) banner(id, "");
    beats = [];
    $("beats").replaceChildren();
    showCounts(null);
    const message = document.createElement("div");
    message.className = "wall-closed";
    message.setAttribute("role", "alert");
    const title = document.createElement("h2");
    const text = document.createElement("p");
    title.textContent = set.textClosed;
    text.textContent = set.textClosedHint;
    message.append(title, text);
    place.replaceChildren(message);
    boardAsOf = null;
    write($("as-of"), "–");
  }

  // --- New critical incidents: seen, called out, heard -----------------------------------------

  // Until when this wall knows what has opened, and the latest of it: some of that is told again.
  const KNOWN = `kiosk-known-${set.link}`;
  let known = null;
  let callUntil = 0;
  try {
    const kept = JSON.parse(keep.get(KNOWN));
    if (kept && Array.isArray(kept.keys)) known = kept;
  } catch { /* Then none is new. */ }

  function notice({ now: at, critical = [] }) {
    const fresh = known ? critical.filter((incident) => !known.keys.includes(incident.key)) : [];
    known = { at, keys: critical.map((incident) => incident.key) };
    keep.set(KNOWN, JSON.stringify(known));
    if (!fresh.length) return;
    const title = fresh.length === 1 ? set.textNew : set.textNews.replace("%s", String(fresh.length));
    const text = fresh.slice(0, 3).map((incident) => [incident.text, incident.where].filter(Boolean).join(" · ")).join("; ");
    banner("call", title, text);
    callUntil = performance.now() + CALL;
    if (boards.includes("incidents")) show(boards.indexOf("incidents"));
    sound();
  }

  const Audio = window.AudioContext || window.webkitAudioContext;
  const audio = Audio ? new Audio() : null;
  let muted = keep.get("kiosk-muted") === "yes";

  function showSound() {
    const button = $("sound");
    const ready = audio && audio.state === "running";
    const text = !audio ? set.textNone : muted ? set.textMuted : ready ? set.textOn : set.textClick;
    write(button.querySelector("span"), text);
    button.setAttribute("aria-pressed", String(Boolean(ready && !muted)));
    button.classList.toggle("wants-click", Boolean(audio && !ready && !muted));
    button.disabled = !audio;
  }

  function tone(frequency, start, length) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.5, start + 0.02);
    volume.gain.setValueAtTime(0.5, start + length - 0.05);
    volume.gain.linearRampToValueAtTime(0, start + length);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + length);
  }

  function sound() {
    if (!audio || muted || audio.state !== "running") return;
    for (let round = 0; round < 3; round += 1) {
      tone(880, audio.currentTime + round * 0.9, 0.3);
      tone(660, audio.currentTime + round * 0.9 + 0.35, 0.3);
    }
    $("sounded").textContent = set.textSounded.replace("%s", clock.format(now()));
  }

  async function allow() {
    if (!audio || audio.state === "running") return;
    await audio.resume();
    tone(660, audio.currentTime, 0.15); // So that one hears that it works.
  }

  if (audio) audio.addEventListener("statechange", showSound);
  document.addEventListener("click", (event) => {
    const dot = event.target.closest("[data-show]");
    if (dot) show(boards.indexOf(dot.dataset.show));
    if (event.target.closest("#whole")) toggleWhole();
    if (event.target.closest("#sound") && audio && (audio.state === "running" || muted)) mute(!muted);
    allow();
  });

  function mute(wanted) {
    muted = wanted;
    keep.set("kiosk-muted", muted ? "yes" : "no");
    showSound();
  }

  // --- The screen --------------------------------------------------------------------------------

  function toggleWhole() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
  }

  async function stayAwake() {
    if (!navigator.wakeLock || document.hidden) return;
    try { await navigator.wakeLock.request("screen"); } catch { /* The screen's own settings decide. */ }
  }

  let moved = performance.now();
  let shift = 0;
  const PATH = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1]];

  function move() {
    shift = (shift + 1) % PATH.length;
    $("frame").style.transform = `translate(${PATH[shift].map((step) => `${step * 0.3}rem`).join(",")})`;
  }

  document.addEventListener("pointermove", () => { moved = performance.now(); body.classList.remove("is-idle"); });
  document.addEventListener("visibilitychange", stayAwake);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "ArrowRight" && boards.length) show(shown + 1);
    else if (event.key === "ArrowLeft" && boards.length) show(shown - 1);
    else if (event.key === "f") toggleWhole();
    else if (event.key === "m") mute(!muted);
    allow();
  });

  setInterval(() => { if (performance.now() - moved > IDLE) body.classList.add("is-idle"); tick(); }, 1_000);
  setInterval(move, SHIFT);
  showSound();
  stayAwake();
  if (boards.length) show(0);
  tick();
  pulse();
})();
