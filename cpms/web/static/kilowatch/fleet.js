// The fleet's list: its address says everything that narrows, orders and lays it out. Filters,
// tiles and chips change the address and have the list fetched; everything else follows it.
(() => {
  const list = () => document.getElementById("fleet");
  const form = () => document.getElementById("fleet-filters");
  const asked = () => new URLSearchParams(location.search);

  // --- Going somewhere ----------------------------------------------------------------------

  function go(parameters) {
    const query = parameters.toString();
    htmx.ajax("GET", form().getAttribute("action") + (query ? `?${query}` : ""), {
      source: "#fleet-visit", target: "#fleet", swap: "morph:outerHTML",
    });
  }

  function toggle(parameters, name, value, chosen) {
    const others = parameters.getAll(name).filter((other) => other !== value);
    parameters.delete(name);
    parameters.delete("page");
    for (const other of others) parameters.append(name, other);
    if (chosen) parameters.append(name, value);
    return parameters;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#fleet a[data-visit], #fleet .kw-sort, #fleet .kw-pagination a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && !link.dataset.add) return;
    event.preventDefault();
    if (event.shiftKey) {
      const [name, value] = link.dataset.add.split("=");
      go(toggle(asked(), name, value, !asked().getAll(name).includes(value)));
      return;
    }
    go(new URLSearchParams(new URL(link.href).search));
    if (link.closest(".kw-pagination")) list().scrollIntoView();
  });

  // An empty search is none.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt === form() && !event.detail.parameters.q) delete event.detail.parameters.q;
  });

  // --- What one filter offers ---------------------------------------------------------------

  function offer(facet) {
    const choices = facet.querySelector(".kw-choices");
    const find = facet.querySelector("[data-find]");
    const parameters = asked();
    if (find && find.value) parameters.set("find", find.value);
    htmx.ajax("GET", `${choices.dataset.url}?${parameters}`, { source: choices, target: choices, swap: "innerHTML" });
  }

  document.addEventListener("show.bs.dropdown", (event) => {
    const facet = event.target.closest(".kw-facet");
    if (facet) offer(facet);
  });
  document.addEventListener("shown.bs.dropdown", (event) => {
    const find = event.target.closest(".kw-facet")?.querySelector("[data-find]");
    if (find) find.focus();
  });
  let typing = null;
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-find]")) return;
    clearTimeout(typing);
    typing = setTimeout(() => offer(event.target.closest(".kw-facet")), 200);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-find]")) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches(".kw-choices input")) return;
    const parameters = asked();
    if ("single" in box.dataset) {
      parameters.delete(box.dataset.name);
      for (const other of box.closest(".kw-choices").querySelectorAll("input")) other.checked &&= other === box;
    }
    go(toggle(parameters, box.dataset.name, box.value, box.checked));
  });

  document.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more-facets]");
    if (!more) return;
    const open = form().classList.toggle("has-more");
    more.setAttribute("aria-expanded", String(open));
  });

  // --- Columns and dialogs ------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-view-dialog]");
    if (opener) document.getElementById(opener.dataset.viewDialog).showModal();
    if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog.kw-dialog")) event.target.closest("dialog").close();
  });
  document.addEventListener("submit", (event) => {
    if ("viewQuery" in event.target.dataset) event.target.elements.query.value = location.search;
    if (event.target.id !== "fleet-layout") return;
    event.preventDefault();
    event.target.closest("dialog").close();
    layOut(event.target);
  });

  function layOut(chosen) {
    const columns = [...chosen.querySelectorAll("[name=columns]:checked")].map((box) => box.value).join(",");
    const density = chosen.elements.density.checked ? "compact" : "comfortable";
    const said = new FormData(chosen);
    said.set("columns", columns);
    said.set("density", density);
    fetch(form().dataset.layoutUrl, { method: "POST", body: said }).catch(() => {});
    const parameters = asked();
    parameters.set("columns", columns);
    parameters.set("density", density);
    go(parameters);
  }

  // --- Everything follows the address -------------------------------------------------------

  function follow() {
    if (!form()) return;
    const parameters = asked();
    const search = document.getElementById("filter-q");
    if (document.activeElement !== search) search.value = parameters.get("q") || "";
    const hidden = [...parameters].filter(([name]) => name !== "q" && name !== "page").map(([name, value]) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      return input;
    });
    document.getElementById("fleet-parameters").replaceChildren(...hidden);
    for (const facet of document.querySelectorAll(".kw-facet")) mark(facet, parameters.getAll(facet.dataset.facet));
    markView(parameters);
  }

  function mark(facet, values) {
    const count = facet.querySelector(".kw-facet-count");
    count.hidden = !values.length;
    count.textContent = values.length;
    facet.classList.toggle("is-active", values.length > 0);
    for (const box of facet.querySelectorAll(".kw-choices input")) box.checked = values.includes(box.value);
  }

  function words(query) {
    const pairs = [...new URLSearchParams(query)].filter(([name, value]) => value && name !== "view" && name !== "page");
    return JSON.stringify(pairs.sort());
  }

  function markView(parameters) {
    const now = words(parameters);
    const key = parameters.get("view") || "";
    const tabs = [...document.querySelectorAll(".kw-view")];
    const named = tabs.find((tab) => key && key !== "all" && tab.dataset.view === key);
    const current = named || tabs.find((tab) => words(tab.dataset.query) === now);
    for (const tab of tabs) {
      tab.classList.toggle("is-current", tab === current);
      if (tab === current) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const modified = document.querySelector(".kw-view-modified");
    if (modified) modified.hidden = !named || words(named.dataset.query) === now;
  }

  for (const event of ["htmx:pushedIntoHistory", "htmx:historyRestore", "DOMContentLoaded"]) document.addEventListener(event, follow);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "fleet") follow(); });
})();
