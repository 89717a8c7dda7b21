// The command palette (Ctrl-K): pages, what the open page can do, chargers, sites, incidents.
// A combobox with a list, after the ARIA authoring practices: the focus stays in the field.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = document.getElementById("palette-field");
  const list = document.getElementById("palette-list");
  const status = document.getElementById("palette-status");
  const page = window.kilowatch;
  const WAIT = 120;

  let options = [];
  let chosen = -1;
  let timer = null;
  let request = null;
  let answer = { text: "", groups: [] };

  // --- What can be chosen ------------------------------------------------------------------

  const plain = (text) => text.replace(/\s+/g, " ").trim();

  function places() {
    return [...document.querySelectorAll("#places a[href], .kw-user a[href]")].map((place) => ({
      label: plain((place.querySelector(".nav-link-title") || place).textContent),
      detail: place.dataset.key ? `g ${place.dataset.key}` : "",
      run: () => place.click(),
    }));
  }

  function isPlace(link) {
    return link.matches("a") && [...document.querySelectorAll("#places a[href], .kw-user a[href]")].some((place) => place.pathname + place.search === link.pathname + link.search);
  }

  function actions() {
    const found = document.querySelectorAll("main .kw-actions a[href], main .kw-actions button, main [data-palette], .kw-theme button, [data-show-keys]");
    return [...found].filter((one) => !one.disabled && (one.offsetParent !== null || !one.closest("main")) && !isPlace(one)).map((one) => ({
      label: plain(one.dataset.palette || one.getAttribute("aria-label") || one.textContent),
      detail: one.closest(".kw-theme") ? dialog.dataset.theme : "",
      run: () => one.click(),
    })).filter((one) => one.label);
  }

  function matching(all, text) {
    const wanted = text.toLocaleLowerCase().split(/\s+/);
    return all.filter((one) => wanted.every((word) => `${one.label} ${one.detail}`.toLocaleLowerCase().includes(word)));
  }

  function groups() {
    const text = field.value.trim();
    const found = answer.text === text ? answer.groups : [];
    return [
      ...found.map((group) => ({ label: group.label, items: group.items.map((item) => ({ ...item, run: () => location.assign(item.url) })) })),
      { label: dialog.dataset.pages, items: matching(places(), text) },
      { label: dialog.dataset.actions, items: matching(actions(), text) },
    ].filter((group) => group.items.length);
  }

  // --- Showing it --------------------------------------------------------------------------

  function show() {
    options = [];
    list.replaceChildren(...groups().map(shownGroup));
    choose(options.length ? 0 : -1);
    const waiting = field.value.trim() && answer.text !== field.value.trim();
    document.getElementById("palette-none").hidden = options.length > 0 || Boolean(waiting);
    if (!waiting) status.textContent = dialog.dataset.found.replace("%s", options.length);
  }

  function shownGroup(group, number) {
    const shown = document.createElement("div");
    shown.setAttribute("role", "group");
    shown.setAttribute("aria-labelledby", `palette-group-${number}`);
    const title = document.createElement("div");
    title.className = "kw-palette-group";
    title.id = `palette-group-${number}`;
    title.textContent = group.label;
    const items = group.items.map(shownItem);
    shown.append(title, ...items);
    return shown;
  }

  function shownItem(item) {
    const shown = document.createElement("div");
    shown.className = "kw-palette-item";
    shown.id = `palette-option-${options.length}`;
    shown.setAttribute("role", "option");
    const label = document.createElement("bdi");
    label.textContent = item.label;
    const detail = document.createElement("bdi");
    detail.className = "kw-palette-detail";
    detail.textContent = item.detail || "";
    shown.append(label, detail);
    const number = options.length;
    shown.addEventListener("click", () => run(number));
    shown.addEventListener("pointermove", () => { if (chosen !== number) choose(number); });
    options.push({ ...item, shown });
    return shown;
  }

  function choose(number) {
    chosen = number;
    options.forEach((option, at) => option.shown.setAttribute("aria-selected", String(at === number)));
    if (number < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", options[number].shown.id);
      options[number].shown.scrollIntoView({ block: "nearest" });
    }
  }

  function run(number) {
    const option = options[number];
    if (!option) return;
    dialog.close();
    option.run();
  }

  // --- Asking the server -------------------------------------------------------------------

  async function ask() {
    const text = field.value.trim();
    if (request) request.abort();
    if (!text) { answer = { text: "", groups: [] }; show(); return; }
    const mine = request = new AbortController();
    try {
      const found = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(text)}`, { signal: mine.signal });
      if (found.status === 401) { dialog.close(); page.sessionEnded(); return; }
      answer = { text, groups: found.ok ? (await found.json()).groups : [] };
      if (field.value.trim() === text) show();
      if (!found.ok) status.textContent = dialog.dataset.failed;
    } catch (problem) {
      if (problem.name !== "AbortError") status.textContent = dialog.dataset.failed;
    }
  }

  // --- Keys --------------------------------------------------------------------------------

  field.addEventListener("input", () => { show(); clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  field.addEventListener("keydown", (event) => {
    const last = options.length - 1;
    const moves = { ArrowDown: chosen >= last ? 0 : chosen + 1, ArrowUp: chosen <= 0 ? last : chosen - 1, PageDown: Math.min(last, chosen + 8), PageUp: Math.max(0, chosen - 8) };
    if (event.key in moves && options.length) { event.preventDefault(); choose(moves[event.key]); }
    else if (event.key === "Enter") { event.preventDefault(); run(chosen); }
  });

  function open() {
    if (dialog.open) { dialog.close(); return; }
    if (document.querySelector("dialog[open]")) return;
    field.value = "";
    answer = { text: "", groups: [] };
    dialog.showModal();
    show();
    field.focus();
  }

  page.openPalette = open;
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-palette]")) open();
    else if (event.target === dialog) dialog.close();
  });
})();
