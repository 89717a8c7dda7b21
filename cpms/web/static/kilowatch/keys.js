// The keyboard: "/" searches, "g" and a letter goes, "j" and "k" walk through lists, "?" shows all.
//
// Rows are walked through by their links' focus: a screen reader says where one is, Enter opens.
// Letters do nothing while one types or a dialog is open, and can be switched off (WCAG 2.1.4).
(() => {
  const OFF = "kw-keys-off";
  const GOES_WITHIN = 1_500;
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const page = window.kilowatch;
  let going = -Infinity;

  const isOff = () => { try { return localStorage.getItem(OFF) === "yes"; } catch { return false; } };
  const types = (target) => target.closest("input, textarea, select, [contenteditable]");

  // --- Lists -------------------------------------------------------------------------------

  const rows = () => [...document.querySelectorAll("main tbody tr, main [data-row]")]
    .filter((row) => row.offsetParent !== null && link(row));
  const link = (row) => (row.matches("a[href]") ? row : row.querySelector("a[href]"));
  const current = () => document.activeElement && document.activeElement.closest("main tbody tr, main [data-row]");

  function walk(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    link(all[next]).focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
    if (page.handOn) page.handOn(all[next]);
  }

  // --- What the keys do --------------------------------------------------------------------

  function search() {
    const fields = [...document.querySelectorAll("main input[type=search]"), document.getElementById("kw-search")];
    const field = fields.find((one) => one && one.offsetParent !== null);
    if (field) { field.focus(); field.select(); } else if (page.openPalette) page.openPalette();
  }

  function go(letter) {
    const place = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === letter);
    if (place) place.click();
    return Boolean(place);
  }

  function leave() {
    const toast = document.querySelector(".kw-toast:last-child button");
    if (toast) toast.click();
    else if (current()) document.activeElement.blur();
  }

  function help() {
    document.getElementById("keys-on").checked = !isOff();
    dialog.showModal();
  }

  page.lettersWork = () => !isOff();

  const keys = {
    "/": search,
    "?": help,
    g: () => { going = performance.now(); },
    j: () => walk(1),
    k: () => walk(-1),
    p: () => page.togglePause && page.togglePause(),
    t: () => page.toggleTimes(),
    x: leave,
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]") && !event.defaultPrevented) {
      if (types(event.target)) event.target.blur();
      else leave();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (types(event.target) || document.querySelector("dialog[open]") || (isOff() && event.key !== "?")) return;
    const goes = performance.now() - going < GOES_WITHIN;
    going = -Infinity;
    if (goes && go(event.key)) { event.preventDefault(); return; }
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.getElementById("keys-on").addEventListener("change", (event) => {
    try { localStorage.setItem(OFF, event.target.checked ? "no" : "yes"); } catch { /* Private mode. */ }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-show-keys]")) help(); });
})();
