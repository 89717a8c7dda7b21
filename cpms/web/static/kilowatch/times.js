// Keeps "3 min ago" true, by the server's clock: this machine's may be wrong.
// "t" (keys.js) writes all of them out instead, with
// their zone, and back; kept in this browser.
(() => {
  const meta = document.querySelector('meta[name="server-time"]');
  const ahead = meta ? Date.now() - Date.parse(meta.content) : 0;
  const WHOLE = "kw-times-whole";
  const patterns = { lasting: "%s", ago: document.documentElement.dataset.ago || "%s" };

  const { spoken } = window.kilowatch; // durations.js
  const isWhole = () => { try { return localStorage.getItem(WHOLE) === "yes"; } catch { return false; } };

  // The tip has taken the title away while it is shown (tips.js).
  const written = (time) => (whole ? time.title || time.dataset.whole || "" : "");

  let whole = isWhole();

  function toggle() {
    whole = !whole;
    try { localStorage.setItem(WHOLE, whole ? "yes" : "no"); } catch { /* Private mode: this page only. */ }
    refresh();
  }

  function refresh() {
    const now = Date.now() - ahead;
    for (const time of document.querySelectorAll("time[data-relative]")) {
      if (!time.dateTime) continue;
      const text = written(time) || patterns[time.dataset.relative].replace("%s", spoken(now - Date.parse(time.dateTime)));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  window.kilowatch = Object.assign(window.kilowatch || {}, { now: () => Date.now() - ahead, refreshTimes: refresh, toggleTimes: toggle });
  setInterval(() => { if (!document.hidden) refresh(); }, 1000);
  document.addEventListener("visibilitychange", refresh);
  document.addEventListener("DOMContentLoaded", refresh);
  document.addEventListener("htmx:afterSettle", refresh);
})();
