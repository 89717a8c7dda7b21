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
      use.setAttribute("href", `${list.dataset.icons}#${name}`);
      svg.append(use);
      return svg;
    }

    function row(frame) {
      const line = document.createElement("div");
      line.className = `kw-frame is-${frame.direction === "in" ? "in" : "out"} is-new`;
      const time = document.createElement("time");
      time.dateTime = frame.at;
      time.title = frame.at;
      time.textContent = clock.format(new Date(frame.at));
      const way = document.createElement("span");
      way.className = "kw-frame-way";
      const said = document.createElement("span");
      said.className = "visually-hidden";
      said.textContent = frame.direction === "in" ? list.dataset.in : list.dataset.out;
      way.append(icon(frame.direction === "in" ? "arrow-down-left" : "arrow-up-right"), said);
      const text = document.createElement("code");
      text.textContent = frame.text;
      line.append(time, way, text);
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
