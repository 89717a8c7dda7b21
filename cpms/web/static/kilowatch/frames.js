// The live tail of a charger's frames: new ones on top, text only, never HTML.
(() => {
  const MOST = 300;

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.getElementById("frames");
    if (!list) return;
    const state = document.getElementById("frames-state");
    const pause = document.getElementById("frames-pause");
    const waiting = [];
    let paused = false;
    let dropped = 0;

    const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: list.dataset.zone,
    });

    function icon(name) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      svg.setAttribute("class", "icon");
      svg.setAttribute("aria-hidden", "true");
      use.setAttribute("href", `#i-${name}`);
      svg.append(use);
      return svg;
    }

    // What a frame is: a CALL's action, or that it answers (monitoring/words.py says the same).
    const FRAME = /^\s*\[\s*([2-6])\s*,\s*"[^"]*"\s*(?:,\s*"([^"]{1,60})")?/;

    function kind(text) {
      const named = FRAME.exec(text);
      if (!named) return list.dataset.none;
      if (named[1] === "2" || named[1] === "6") return named[2] || "";
      return named[1] === "3" ? list.dataset.answer : list.dataset.error.replace("%s", named[2] || "");
    }

    function element(name, className, text) {
      const made = document.createElement(name);
      if (className) made.className = className;
      if (text !== undefined) made.textContent = text;
      return made;
    }

    function row(frame) {
      const inward = frame.direction === "in";
      const line = element("details", `kw-frame is-${inward ? "in" : "out"} is-new`);
      const head = element("summary");
      const time = element("time", "", clock.format(new Date(frame.at)));
      time.dateTime = time.title = frame.at;
      const way = element("span", "kw-frame-way");
      way.append(icon(inward ? "arrow-down-left" : "arrow-up-right"),
        element("span", "visually-hidden", inward ? list.dataset.in : list.dataset.out));
      head.append(time, way, element("strong", "", kind(frame.text)),
        element("span", "kw-frame-start", frame.text.replace(FRAME, "").replace(/^[, ]+/, "").slice(0, 300)));
      line.append(head, element("code", "", frame.text));
      return line;
    }

    function show(frames) {
      const none = list.querySelector(".kw-frames-none");
      if (none) none.remove();
      for (const frame of frames) list.prepend(row(frame));
      while (list.children.length > MOST) list.lastElementChild.remove();
    }

    function say() {
      const texts = state.dataset;
      state.textContent = paused ? texts.paused.replace("%s", String(waiting.length))
        : dropped ? texts.dropped.replace("%s", String(dropped)) : texts.flowing;
    }

    document.addEventListener("kw:frames", (event) => {
      dropped += event.detail.dropped;
      if (paused) {
        waiting.push(...event.detail.frames);
        waiting.splice(0, Math.max(0, waiting.length - MOST));
      } else show(event.detail.frames);
      say();
    });

    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      pause.classList.toggle("active", paused);
      if (!paused) show(waiting.splice(0));
      say();
    });

    // The tail begins once the recorded frames are there, so that none comes before them.
    list.addEventListener("htmx:afterSettle", () => { window.kilowatch.watchFrames(list.dataset.identity); say(); }, { once: true });
  });
})();
