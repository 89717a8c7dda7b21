// The flight recorder's tab: frames that pass now on top, each answer put to its request, JSON
// coloured when it is opened. What chargers say is only ever text, never HTML.
(() => {
  const MOST = 400; // Rows kept on the page while it is live.
  const WRITTEN = 6_000; // By then the recorder has written what passed before the page was live.
  const LARGEST = 200_000; // Characters that are coloured.
  // What a frame begins with; monitoring/exchanges.py says the same.
  const FRAME = /^\s*\[\s*([2-6])\s*,\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*(?:,\s*"((?:[^"\\]|\\.){0,100})"(?=\s*[,\]]))?/;

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("frames");
    if (!place) return;
    const texts = place.dataset;
    prepare(place);
    keyboard(place);
    reveal();
    if (texts.liveTail === "yes") follow(place, texts);
  });

  // --- Reading one exchange -----------------------------------------------------------------

  function prepare(place) {
    place.addEventListener("toggle", (event) => {
      if (event.target.open) for (const code of event.target.querySelectorAll("pre code:not([data-painted])")) paint(code);
    }, true);
    for (const code of place.querySelectorAll("details[open] pre code")) paint(code);
  }

  function paint(code) {
    const text = code.textContent;
    code.dataset.painted = "yes";
    code.rawText = text;
    if (text.length > LARGEST) return;
    let value;
    try { value = JSON.parse(text); } catch { return; }
    const made = document.createDocumentFragment();
    write(made, value, "");
    code.replaceChildren(made);
  }

  function token(into, kind, text) {
    const span = document.createElement("span");
    span.className = `kw-json-${kind}`;
    span.textContent = text;
    into.append(span);
  }

  // As JSON.stringify(value, null, 2), but the message's own array on one line as far as it goes.
  function write(into, value, indent) {
    if (Array.isArray(value)) list(into, value, indent);
    else if (value !== null && typeof value === "object") object(into, value, indent);
    else token(into, value === null ? "null" : typeof value, JSON.stringify(value));
  }

  function list(into, values, indent) {
    const flat = values.every((value) => value === null || typeof value !== "object") || (indent === "" && values.length <= 5);
    into.append("[");
    values.forEach((value, number) => {
      if (number) into.append(flat ? ", " : ",");
      if (!flat) into.append(`\n${indent}  `);
      write(into, value, flat ? indent : `${indent}  `);
    });
    into.append(flat || !values.length ? "]" : `\n${indent}]`);
  }

  function object(into, value, indent) {
    const names = Object.keys(value);
    into.append("{");
    names.forEach((name, number) => {
      into.append(`${number ? "," : ""}\n${indent}  `);
      token(into, "key", JSON.stringify(name));
      into.append(": ");
      write(into, value[name], `${indent}  `);
    });
    into.append(names.length ? `\n${indent}}` : "}");
  }

  function reveal() {
    const linked = document.querySelector(".kw-exchange.is-linked");
    if (linked) { linked.scrollIntoView({ block: "center" }); linked.querySelector("summary").focus({ preventScroll: true }); }
  }

  // --- Keyboard: j and k through the rows ----------------------------------------------------

  function keyboard(place) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
      const within = place.contains(document.activeElement);
      const letters = window.kilowatch.lettersWork() ? { j: 1, k: -1 } : {};
      const step = { ...letters, ...(within ? { ArrowDown: 1, ArrowUp: -1 } : {}) }[event.key];
      if (step && !document.activeElement?.closest("pre")) { move(place, step); event.preventDefault(); }
    });
  }

  function move(place, step) {
    const rows = [...place.querySelectorAll("summary")];
    const at = rows.indexOf(document.activeElement?.closest("details")?.querySelector("summary"));
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next) next.focus();
  }

  // --- What passes now ----------------------------------------------------------------------

  function follow(place, texts) {
    const rows = document.getElementById("frame-rows");
    const blank = document.getElementById("frame-row").content;
    const state = document.getElementById("frames-state");
    const pause = document.getElementById("frames-pause");
    const findings = JSON.parse(document.getElementById("frame-findings").textContent);
    const open = new Map(); // way of the answer + id -> the row that waits for it
    const waiting = [];
    let paused = false;
    let dropped = 0;

    const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23", timeZone: texts.zone,
    });

    const whole = window.kilowatch.timeIn(texts.zone, true);

    function read(text) {
      const head = FRAME.exec(text);
      if (!head) return { kind: "0", id: "", word: "" };
      return { kind: head[1], id: head[2].replace(/^"|"$/g, ""), word: head[3] || "" };
    }

    function wanted(frame, head) {
      if (texts.action && head.word.toLowerCase() !== texts.action.toLowerCase()) return false;
      if (texts.way && frame.direction !== texts.way) return false;
      return !texts.text || frame.text.toLowerCase().includes(texts.text.toLowerCase());
    }

    function stamp(time, at) {
      time.textContent = clock.format(new Date(at));
      time.dateTime = at;
      time.title = whole(new Date(at));
    }

    function side(element, direction) {
      const other = direction === "in" ? "out" : "in";
      for (const mark of element.querySelectorAll(`[data-${other}]`)) mark.remove();
    }

    function said(row, frame, first) {
      const body = row.querySelector(".kw-exchange-body");
      const section = first ? body.querySelector("[data-said]") : blank.querySelector("[data-said]").cloneNode(true);
      side(section, frame.direction);
      section.classList.add(`is-${frame.direction}`);
      stamp(section.querySelector("time"), frame.at);
      const code = section.querySelector("code");
      code.textContent = frame.text;
      if (!first) body.insertBefore(section, body.querySelector(".kw-exchange-links"));
      if (row.querySelector("details").open) paint(code);
    }

    function note(row, found) {
      if (!found || !found.length) return;
      const list = row.querySelector(".kw-exchange-findings");
      for (const [kind, path, detail] of found) {
        const line = document.createElement("li");
        line.textContent = (findings[kind] || kind).replace("%(path)s", path || "").replace("%(detail)s", detail || "");
        list.append(line);
      }
      list.hidden = false;
      const mark = row.querySelector(".kw-exchange-found");
      mark.hidden = false;
      mark.lastElementChild.textContent = texts.problems.replace("%s", String(found.length));
    }

    function begin(frame, head) {
      const row = blank.firstElementChild.cloneNode(true);
      const call = head.kind === "2" || head.kind === "6";
      row.dataset.at = new Date(frame.at).toISOString();
      row.kwText = key(frame.direction, frame.text);
      row.querySelector("details").classList.add(`is-${frame.direction}`, head.kind === "2" ? "fate-waiting" : head.kind === "0" ? "fate-unreadable" : "fate-stray");
      row.querySelector("summary strong").textContent = call ? head.word || texts.none : head.kind === "0" ? texts.none : head.kind === "3" ? texts.answer : texts.error.replace("%s", head.word);
      row.querySelector(".kw-exchange-fate").textContent = head.kind === "2" ? texts.waiting : head.kind === "3" || head.kind === "4" ? texts.stray : "";
      row.querySelector(".kw-frame-start").textContent = frame.text.replace(FRAME, "").replace(/^[, ]+/, "").slice(0, 300);
      row.querySelector(".kw-exchange-links a").href = `?at=${encodeURIComponent(row.dataset.at)}`;
      side(row.querySelector("summary"), frame.direction);
      stamp(row.querySelector("time"), frame.at);
      said(row, frame, true);
      note(row, frame.findings);
      if (head.kind === "2") open.set(`${frame.direction === "in" ? "out" : "in"} ${head.id}`, { row, at: frame.at });
      return row;
    }

    // Puts an answer to its request; false where nothing on the page asked for it.
    function finish(frame, head) {
      const asked = open.get(`${frame.direction} ${head.id}`);
      if (!asked) return false;
      open.delete(`${frame.direction} ${head.id}`);
      const took = Math.max(0, new Date(frame.at) - new Date(asked.at));
      const spoken = took < 1 ? texts.instant : took < 1_000 ? texts.ms.replace("%s", String(Math.round(took))) : texts.seconds.replace("%s", window.kilowatch.number(took / 1_000, 1));
      const refused = head.kind === "4";
      asked.row.querySelector("details").classList.replace("fate-waiting", refused ? "fate-refused" : "fate-answered");
      asked.row.querySelector(".kw-exchange-fate").textContent = refused ? `${head.word} · ${spoken}` : spoken;
      said(asked.row, frame, false);
      return true;
    }

    function take(frame) {
      const head = read(frame.text);
      if ((head.kind === "3" || head.kind === "4") && finish(frame, head)) return;
      const asked = recorded(frame, head);
      if (asked || !wanted(frame, head)) return;
      if (head.kind === "3" || head.kind === "4") return; // Its request is filtered out, or older.
      rows.prepend(begin(frame, head));
    }

    const key = (direction, text) => `${direction} ${text}`;
    const known = () => new Set([...rows.children].map((row) => row.kwText ?? keyOf(row)));
    function keyOf(row) {
      const details = row.querySelector("details");
      if (!details) return row.textContent + row.dataset.at;
      const code = row.querySelector("code");
      return key(details.classList.contains("is-in") ? "in" : "out", code.rawText ?? code.textContent);
    }
    // The recorder may have written it already when the page was made.
    function recorded(frame, head) {
      if (head.kind !== "2") return false;
      const top = rows.querySelector("details");
      return Boolean(top) && [...rows.children].slice(0, 10).some((row) => keyOf(row) === key(frame.direction, frame.text) && Math.abs(new Date(row.dataset.at) - new Date(frame.at)) < 5);
    }

    function show(frames) {
      const none = place.querySelector(".kw-recorder-none");
      if (none && frames.length) none.remove();
      for (const frame of frames) take(frame);
      while (rows.children.length > MOST) rows.lastElementChild.remove();
    }

    function say() {
      state.textContent = paused ? state.dataset.paused.replace("%s", String(waiting.length))
        : dropped ? state.dataset.dropped.replace("%s", String(dropped)) : state.dataset.flowing;
    }

    document.addEventListener("kw:frames", (event) => {
      dropped += event.detail.dropped;
      if (paused) {
        waiting.push(...event.detail.frames);
        waiting.splice(0, Math.max(0, waiting.length - MOST));
      } else show(event.detail.frames);
      say();
    });

    function hold(wanted) {
      paused = wanted;
      pause.setAttribute("aria-pressed", String(paused));
      pause.classList.toggle("active", paused);
      if (!paused) show(waiting.splice(0));
      say();
    }

    pause.addEventListener("click", () => hold(!paused));
    // Who holds the whole page (refresh.js, key p) holds the tail with it.
    let held = document.body.classList.contains("is-paused");
    new MutationObserver(() => {
      if (held === document.body.classList.contains("is-paused")) return;
      held = !held;
      hold(held);
    }).observe(document.body, { attributes: true, attributeFilter: ["class"] });

    // What the recorder had not written yet when the page was made, and what a lost connection
    // has cost: the list as it is recorded, put between the rows that are here.
    async function catchUp() {
      if (paused) { setTimeout(catchUp, WRITTEN); return; }
      let answer;
      try { answer = await fetch(texts.newest, { headers: { "HX-Request": "true", "HX-Target": "frames" } }); } catch { return; }
      if (!answer.ok || answer.redirected) return;
      const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
      const here = known();
      for (const row of fetched.querySelectorAll("#frame-rows > *")) {
        if (here.has(keyOf(row))) continue;
        const after = [...rows.children].find((other) => other.dataset.at <= row.dataset.at);
        if (after) after.before(row); else rows.append(row);
      }
      const none = place.querySelector(".kw-recorder-none");
      if (none && rows.children.length) none.remove();
    }
    setTimeout(catchUp, WRITTEN);
    document.addEventListener("kw:resync", () => setTimeout(catchUp, WRITTEN));

    window.kilowatch.watchFrames(texts.identity);
    say();
  }
})();
