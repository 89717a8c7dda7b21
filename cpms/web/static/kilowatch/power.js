// The power chart of a charger's page: the last 24 h per port, drawn by uPlot.
(() => {
  const COLOURS = ["--c-charging", "--c-reserved", "--c-occupied", "--c-faulted"];
  const OFTEN = 10_000; // Meter values come more often than a chart of a day changes.

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("power");
    if (!place) return;
    const canvas = place.querySelector(".kw-chart-canvas");
    const none = place.querySelector(".kw-chart-none");
    let chart = null;
    let data = null;
    let fetched = -Infinity;
    let timer = null;

    const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const width = () => canvas.clientWidth;

    function axis(extra) {
      return { stroke: css("--kw-quiet"), font: "12px system-ui", grid: { stroke: css("--kw-line"), width: 1 }, ticks: { show: false }, ...extra };
    }

    function draw() {
      if (!data) return;
      if (chart) chart.destroy();
      const metered = data.ports.some((port) => port.power.some((value) => value !== null));
      none.hidden = metered;
      canvas.hidden = !metered;
      if (!metered) { chart = null; return; }
      const series = data.ports.map((port, index) => ({
        label: `${place.dataset.port} ${port.number}`,
        stroke: css(COLOURS[index % COLOURS.length]),
        fill: data.ports.length === 1 ? css("--c-charging-tint") : undefined,
        dash: index >= COLOURS.length ? [6, 4] : undefined,
        width: 1.6,
        points: { show: false },
        value: (_plot, value) => (value === null ? "–" : `${value.toFixed(1)} kW`),
      }));
      chart = new uPlot({
        width: width(),
        height: 220,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), place.dataset.zone),
        cursor: { points: { size: 6 } },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          axis({ values: "{HH}:{mm}" , space: 70 }),
          axis({ size: 56, values: (_plot, ticks) => ticks.map((tick) => `${tick} kW`) }),
        ],
        series: [{ value: "{DD}.{MM}. {HH}:{mm}" }, ...series],
      }, [data.times, ...data.ports.map((port) => port.power)], canvas);
    }

    async function refresh() {
      timer = null;
      fetched = performance.now();
      const response = await fetch(place.dataset.url, { headers: { Accept: "application/json" } });
      if (!response.ok || response.redirected) return;
      data = await response.json();
      draw();
    }

    function soon() {
      if (timer || document.hidden) return;
      timer = setTimeout(() => refresh().catch(() => {}), Math.max(0, fetched + OFTEN - performance.now()));
    }

    document.addEventListener("kw:changed", (event) => {
      const change = event.detail[place.dataset.liveChart];
      if (change && change.kinds.includes("meter")) soon();
    });
    document.addEventListener("kw:resync", soon);
    document.addEventListener("visibilitychange", soon);
    document.addEventListener("kw:theme", draw);
    new ResizeObserver(() => { if (chart && chart.width !== width()) chart.setSize({ width: width(), height: 220 }); }).observe(canvas);
    soon();
  });
})();
