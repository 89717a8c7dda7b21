// Charts of what a charger allows over the next day: a figure per port, the limit that counts
// as a filled stair, each profile by itself as a dashed one.
(() => {
  const HEIGHT = 190;
  const OFTEN = 5_000;
  const LAYERS = ["--c-reserved", "--c-occupied", "--c-faulted", "--c-available", "--c-offline", "--kw-quiet"];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = (extra) => ({ stroke: css("--kw-quiet"), font: "12px system-ui", grid: { stroke: css("--kw-line"), width: 1 }, ticks: { show: false }, ...extra });
  const { number, timeIn } = window.kilowatch; // times.js
  const written = (_plot, value) => (value === null || value === undefined ? "–" : `${number(value, 1)} kW`);

  function drawn(place, words, canvas) {
    const stairs = uPlot.paths.stepped({ align: 1 });
    const shown = timeIn(words.zone);
    const line = (label, colour, extra) => ({ label, stroke: css(colour), paths: stairs, points: { show: false }, value: written, ...extra });
    return new uPlot({
      width: canvas.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), words.zone),
      cursor: { points: { size: 6 } },
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, (high || 0) * 1.15)] } },
      axes: [
        axis({ values: "{HH}:{mm}", space: 70 }),
        axis({ size: 60, values: (_plot, ticks) => ticks.map((tick) => `${number(tick)} kW`) }),
      ],
      series: [
        { label: words.time, value: (_plot, seconds) => (seconds === null ? "–" : shown(new Date(seconds * 1000))) },
        line(words.limit, "--c-charging", { width: 2.2, fill: css("--c-charging-tint") }),
        ...place.layers.map((layer, index) => line(layer.name, LAYERS[index % LAYERS.length], { width: 1.3, dash: [6, 4] })),
      ],
    }, [place.times, place.limit, ...place.layers.map((layer) => layer.limit)], canvas);
  }

  function outlook(element) {
    const failed = element.querySelector(".kw-chart-failed");
    let charts = [];
    let data = null;
    let timer = null;

    function draw() {
      charts.forEach((chart) => chart.destroy());
      element.querySelectorAll("figure").forEach((figure) => figure.remove());
      const canvases = data.places.map((place) => {
        const figure = document.createElement("figure");
        const caption = document.createElement("figcaption");
        caption.textContent = place.name;
        const canvas = document.createElement("div");
        canvas.className = "kw-chart-canvas";
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", element.dataset.label.replace("%s", place.name));
        figure.append(caption, canvas);
        element.append(figure);
        return canvas;
      });
      charts = data.places.map((place, index) => drawn(place, element.dataset, canvases[index]));
    }

    async function refresh() {
      timer = null;
      try {
        const response = await fetch(element.dataset.url, { headers: { Accept: "application/json" } });
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        data = await response.json();
        failed.hidden = true;
        element.hidden = data.places.length === 0;
        draw();
      } catch {
        element.hidden = failed.hidden = false;
      }
    }

    document.addEventListener("kw:changed", (event) => {
      const change = event.detail[element.dataset.charger];
      if (change && change.kinds.includes("command") && !timer) timer = setTimeout(refresh, OFTEN);
    });
    document.addEventListener("kw:theme", () => { if (data) draw(); });
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(element.clientWidth - width) < 2) return;
      width = element.clientWidth;
      if (data) draw();
    }).observe(element);
    refresh();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const element = document.getElementById("outlook");
    if (element) outlook(element);
  });
})();
