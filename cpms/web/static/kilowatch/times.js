// Keeps "3 min ago" true, by the server's clock: this machine's may be wrong.
// "t" (keys.js) writes all of them out instead, with their zone, and back; kept in this browser.
// And writes scripts' times and numbers as the page's language does.
(() => {
  const meta = document.querySelector('meta[name="server-time"]');
  const ahead = meta ? Date.now() - Date.parse(meta.content) : 0;
  const WHOLE = "kw-times-whole";
  const patterns = { lasting: "%s", ago: document.documentElement.dataset.ago || "%s" };

  const { spoken } = window.kilowatch; // durations.js

  // The server's English has the day before the month, and 24 hours, as in Britain.
  const { lang } = document.documentElement;
  const locale = lang.startsWith("en") ? "en-GB" : lang;

  // Return what writes a Date in `zone`: its day and minute, or all of it with the zone.
  function timeIn(zone, whole) {
    const more = whole ? { year: "numeric", second: "2-digit", timeZoneName: "short" } : {};
    const form = new Intl.DateTimeFormat(locale, {
      timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...more,
    });
    return (at) => form.format(at) + (whole ? ` (${zone})` : "");
  }

  // `places` decimals; without, as many as the number has.
  const number = (value, places) => value.toLocaleString(locale, { minimumFractionDigits: places, maximumFractionDigits: places });
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

  window.kilowatch = Object.assign(window.kilowatch || {}, { now: () => Date.now() - ahead, refreshTimes: refresh, toggleTimes: toggle, timeIn, number });
  setInterval(() => { if (!document.hidden) refresh(); }, 1000);
  document.addEventListener("visibilitychange", refresh);
  document.addEventListener("DOMContentLoaded", refresh);
  document.addEventListener("htmx:afterSettle", refresh);
})();
