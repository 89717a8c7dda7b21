// Charts of a charger's page, drawn by uPlot: power of the last 24 h per port (#power), and
// power, energy and state of charge of sessions ([data-curves]).
(() => {
  const COLOURS = ["--c-charging", "--c-reserved", "--c-occupied", "--c-faulted"];
  const OFTEN = 10_000; // Meter values come more often than a chart changes.
  const HEIGHT = 220;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = (extra) => ({ stroke: css("--kw-quiet"), font: "12px system-ui", grid: { stroke: css("--kw-line"), width: 1 }, ticks: { show: false }, ...extra });
  const zoned = (zone) => (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone);
  const { number, timeIn } = window.kilowatch; // times.js
  const written = (unit, places = 1) => (_plot, value) => (value === null || value === undefined ? "–" : `${number(value, places)} ${unit}`);
  const ticksIn = (unit) => (_plot, ticks) => ticks.map((tick) => `${number(tick)} ${unit}`);
  // What the legend says of the time under the pointer.
  function clock({ zone, time }) {
    const shown = timeIn(zone);
    return { label: time, value: (_plot, seconds) => (seconds === null ? "–" : shown(new Date(seconds * 1000))) };
  }
  const measured = (values) => values.some((value) => value !== null);

  // Fetches when the page is opened and when news say so, and has everything drawn again
  // when the theme or the width changes.
  function place(element, url, draw) {
    let data = null;
    let fetched = -Infinity;
    let timer = null;
    const charger = element.dataset.liveChart;
    const failed = element.querySelector(".kw-chart-failed");

    async function refresh() {
      timer = null;
      fetched = performance.now();
      try {
        const response = await fetch(url, { headers: { Accept: "application/json" } });
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        data = await response.json();
      } catch {
        failed.hidden = false;
        setTimeout(soon, OFTEN);
        return;
      }
      failed.hidden = true;
      draw(data);
    }

    function soon() {
      if (timer || document.hidden) return;
      timer = setTimeout(refresh, Math.max(0, fetched + OFTEN - performance.now()));
    }

    document.addEventListener("kw:changed", (event) => {
      const change = charger && event.detail[charger];
      if (change && (change.kinds.includes("meter") || change.kinds.includes("session"))) soon();
    });
    if (charger) {
      document.addEventListener("kw:resync", soon);
      document.addEventListener("visibilitychange", soon);
    }
    document.addEventListener("kw:theme", () => { if (data) draw(data); });
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(element.clientWidth - width) < 2) return;
      width = element.clientWidth;
      if (data) draw(data);
    }).observe(element);
    soon();
  }

  function lastDay(element) {
    const canvas = element.querySelector(".kw-chart-canvas");
    const none = element.querySelector(".kw-chart-none");
    let chart = null;
    place(element, element.dataset.url, (data) => {
      if (chart) { chart.destroy(); chart = null; }
      const used = data.ports.filter((port) => measured(port.power));
      none.hidden = used.length > 0;
      canvas.hidden = !used.length;
      if (!used.length) return;
      const series = used.map((port, index) => ({
        label: `${element.dataset.port} ${port.number}`,
        stroke: css(COLOURS[index % COLOURS.length]),
        fill: used.length === 1 ? css("--c-charging-tint") : undefined,
        dash: index >= COLOURS.length ? [6, 2 + 2 * Math.floor(index / COLOURS.length)] : undefined,
        width: 1.6,
        points: { show: false },
        value: written("kW"),
      }));
      chart = new uPlot({
        width: canvas.clientWidth,
        height: HEIGHT,
        tzDate: zoned(element.dataset.zone),
        cursor: { points: { size: 6 } },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          axis({ values: "{HH}:{mm}", space: 70 }),
          axis({ size: 56, values: ticksIn("kW") }),
        ],
        series: [clock(element.dataset), ...series],
      }, [data.times, ...used.map((port) => port.power)], canvas);
    });
  }

  function curve(element, canvas, session) {
    const words = element.dataset;
    const lines = [
      { key: "power", label: words.power, unit: "kW", scale: "kW", colour: "--c-charging", fill: true },
      { key: "energy", label: words.energy, unit: "kWh", scale: "kWh", colour: "--c-reserved", dash: [6, 3] },
      { key: "soc", label: words.soc, unit: "%", scale: "%", colour: "--c-available", dash: [2, 3] },
    ].filter((line) => measured(session[line.key]));
    const upTo = (_plot, _low, high) => [0, Math.max(1, (high || 0) * 1.1)];
    const side = (line, index) => axis({
      scale: line.scale, side: index ? 1 : 3, size: 68, grid: { show: !index, stroke: css("--kw-line"), width: 1 },
      values: ticksIn(line.unit),
    });
    return new uPlot({
      width: canvas.clientWidth,
      height: HEIGHT,
      tzDate: zoned(words.zone),
      scales: { kW: { range: upTo }, kWh: { range: upTo }, "%": { range: [0, 100] } },
      axes: [axis({ values: session.times.at(-1) - session.times[0] < 600 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}", space: 70 }), ...lines.map(side).slice(0, canvas.clientWidth > 560 ? 3 : 1)],
      series: [clock(words), ...lines.map((line) => ({
        label: line.label, scale: line.scale, stroke: css(line.colour), width: 1.8, dash: line.dash,
        fill: line.fill ? css("--c-charging-tint") : undefined, points: { show: false }, spanGaps: true,
        value: written(line.unit, line.unit === "%" ? 0 : 1),
      }))],
    }, [session.times, ...lines.map((line) => session[line.key])], canvas);
  }

  // One canvas is there already (a session's own page), or one is made per running session.
  function curves(element) {
    const none = element.querySelector(".kw-chart-none");
    let charts = [];
    place(element, element.dataset.curves, ({ sessions }) => {
      charts.forEach((chart) => chart.destroy());
      // One point is no curve: what it says stands in words above.
      const drawn = sessions.filter((session) => session.times.length > 1).filter((session) => measured(session.power) || measured(session.energy) || measured(session.soc));
      none.hidden = drawn.length > 0;
      const card = element.closest("section[hidden], #running");
      if (card) card.hidden = !sessions.length;
      for (const old of element.querySelectorAll("figure")) {
        if (!drawn.some((session) => old.dataset.session === String(session.id))) old.remove();
      }
      // All places are made first: a chart takes its width from what it then has.
      const places = drawn.map((session) => canvasOf(element, session));
      charts = drawn.map((session, index) => curve(element, places[index], session));
    });
  }

  function canvasOf(element, session) {
    const own = element.querySelector(`[data-session="${session.id}"].kw-chart-canvas, [data-session="${session.id}"] .kw-chart-canvas`);
    if (own) return own;
    const figure = document.createElement("figure");
    figure.dataset.session = session.id;
    const caption = document.createElement("figcaption");
    caption.textContent = `${element.dataset.port} ${session.port ?? "–"}`;
    const canvas = document.createElement("div");
    canvas.className = "kw-chart-canvas";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", element.dataset.label.replace("%s", session.port ?? "–"));
    figure.append(caption, canvas);
    element.append(figure);
    return canvas;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const power = document.getElementById("power");
    if (power) lastDay(power);
    for (const element of document.querySelectorAll("[data-curves]")) curves(element);
  });
})();
