// The map of all sites: clustered markers by worst state, a list of what is in view, filters and
// view in the address. The sites come as one file; news of a change fetches only what changed.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("map");
  if (!place) return;
  const texts = place.dataset;
  const written = window.kilowatch.number; // times.js
  const STATES = [...place.querySelectorAll("template[data-state]")].map((one) => one.dataset.state);
  const drawn = (name) => place.querySelector(`template[data-state="${name}"], template[data-icon="${name}"]`).innerHTML.trim();
  const ICONS = Object.fromEntries([...STATES, "empty", "plus", "minus", "all", "show"].map((name) => [name, drawn(name)]));
  const LABELS = Object.fromEntries(STATES.map((name) => [name, place.querySelector(`template[data-state="${name}"]`).dataset.label]));
  const BROKEN = 4; // The first states, unknown among them, are worth an icon in a cluster.
  const MOST_ROWS = 100;
  const NAMES_FROM = 8;
  const LAST_CLUSTERED = 14;
  const RESTS_AFTER = 150;
  const SOONEST = 1_000;
  const MOST_ASKED = 200;

  const form = document.getElementById("map-filters");
  const count = document.getElementById("map-count");
  const list = document.getElementById("map-rows");
  const sites = new Map();
  let index = null;
  let shown = [];
  let markers = new Map();
  let popup = null;

  // --- The map ------------------------------------------------------------------------------

  const asked = new URLSearchParams(location.search);
  const view = /^(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?),(\d{1,2})$/.exec(asked.get("at") || "");
  place.replaceChildren();
  const map = kilowatch.mapIn(place, {});
  if (view) map.setView([Number(view[1]), Number(view[2])], Number(view[3]));
  else map.setView([50, 10], 4);
  window.kilowatch.map = map;

  const Buttons = L.Control.extend({
    options: { position: "topright" },
    onAdd() {
      const bar = L.DomUtil.create("div", "kw-map-buttons");
      for (const [icon, label, act] of [["plus", texts.zoomIn, () => map.zoomIn()], ["minus", texts.zoomOut, () => map.zoomOut()], ["all", texts.showAll, () => fit(shown)]]) {
        const button = L.DomUtil.create("button", "", bar);
        button.type = "button";
        button.title = label;
        button.innerHTML = ICONS[icon];
        button.setAttribute("aria-label", label);
        L.DomEvent.on(button, "click", act);
      }
      L.DomEvent.disableClickPropagation(bar);
      return bar;
    },
  });
  map.addControl(new Buttons());

  function fit(some) {
    const points = some.filter((site) => site.at).map((site) => site.at);
    if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [40, 40], maxZoom: 12, animate: false });
  }

  // --- The sites ----------------------------------------------------------------------------

  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function take(file) {
    for (const [key, name, town, region, organisation, latitude, longitude, counts] of file.sites) {
      const [tenant, tenantName] = file.organisations[organisation];
      const worst = counts.findIndex((number) => number > 0);
      sites.set(key, {
        key, name, town, tenant, region: file.regions[region], counts,
        worst: worst < 0 ? STATES.length : worst,
        at: latitude === null || longitude === null ? null : [latitude, longitude],
        text: folded([name, town, file.regions[region], tenantName].join(" ")),
      });
    }
  }

  function passes(site, wanted) {
    if (wanted.organisation && site.tenant !== Number(wanted.organisation)) return false;
    if (wanted.region && site.region !== wanted.region) return false;
    if (wanted.state === "empty" && site.worst < STATES.length) return false;
    if (wanted.state && wanted.state !== "empty" && !site.counts[STATES.indexOf(wanted.state)]) return false;
    return folded(wanted.q || "").split(/\s+/).every((word) => site.text.includes(word));
  }

  const wanted = () => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));

  function rebuild() {
    const filters = wanted();
    shown = [...sites.values()].filter((site) => passes(site, filters)).sort((one, other) => one.worst - other.worst || one.name.localeCompare(other.name));
    index = new Supercluster({
      radius: 56, maxZoom: LAST_CLUSTERED,
      map: (site) => ({ worsts: STATES.concat("").map((_state, rank) => Number(rank === site.worst)) }),
      reduce: (sum, more) => { sum.worsts = sum.worsts.map((number, rank) => number + more.worsts[rank]); },
    });
    index.load(shown.filter((site) => site.at).map((site) => ({
      type: "Feature", properties: site, geometry: { type: "Point", coordinates: [site.at[1], site.at[0]] },
    })));
    document.getElementById("map-clear").hidden = !Object.values(filters).some(Boolean);
    draw();
  }

  // --- Markers ------------------------------------------------------------------------------

  const plural = (number, one, many) => (number === 1 ? one : many.replace("%s", written(number)));
  const inWords = (counts) => counts.map((number, rank) => (number ? `${written(number)} ${rank < STATES.length ? LABELS[STATES[rank]] : texts.none}` : "")).filter(Boolean).join(", ");

  function siteIcon(site) {
    const state = STATES[site.worst];
    const face = document.createElement("span");
    face.className = `kw-pin ${state ? `state-${state}` : "is-empty"}`;
    face.innerHTML = ICONS[state || "empty"];
    const whole = document.createElement("div");
    whole.append(face);
    if (map.getZoom() >= NAMES_FROM) {
      const name = document.createElement("span");
      name.className = "kw-pin-name";
      name.dir = "auto";
      name.textContent = site.name;
      whole.append(name);
    }
    return whole;
  }

  function clusterIcon(total, worsts) {
    const size = total < 10 ? 38 : total < 100 ? 44 : total < 1_000 ? 52 : 60;
    const radius = 15.915; // A circumference of 100.
    let begun = 25;
    const ring = worsts.map((number, rank) => {
      if (!number) return "";
      const share = (number / total) * 100;
      const arc = `<circle class="${rank < STATES.length ? `state-${STATES[rank]}` : "is-empty"}" cx="21" cy="21" r="${radius}" stroke-dasharray="${share} ${100 - share}" stroke-dashoffset="${begun}"/>`;
      begun -= share;
      return arc;
    }).join("");
    const worst = worsts.findIndex((number) => number > 0);
    const whole = document.createElement("div");
    whole.innerHTML = `<svg class="kw-cluster" viewBox="0 0 42 42" width="${size}" height="${size}" aria-hidden="true"><circle class="kw-cluster-face" cx="21" cy="21" r="18.5"/>${ring}</svg><span class="kw-cluster-count ${worst < BROKEN ? `state-${STATES[worst]}` : ""}">${worst < BROKEN ? ICONS[STATES[worst]] : ""}${written(total)}</span>`;
    return { whole, size };
  }

  function markerOf(feature) {
    const { cluster, cluster_id: group, point_count: total, worsts } = feature.properties;
    const at = [feature.geometry.coordinates[1], feature.geometry.coordinates[0]];
    const site = cluster ? null : feature.properties;
    const { whole, size } = cluster ? clusterIcon(total, worsts) : { whole: siteIcon(site), size: 30 };
    const label = cluster ? `${plural(total, texts.siteOne, texts.sitesOf)}: ${inWords(worsts)}` : `${site.name}: ${inWords(site.counts) || texts.none}`;
    const icon = L.divIcon({ html: whole, className: "kw-marker", iconSize: [size, size] });
    const marker = L.marker(at, { icon, title: label, riseOnHover: true, zIndexOffset: cluster ? 0 : (STATES.length - site.worst) * 10 });
    marker.on("click keypress", (event) => {
      if (event.type === "keypress" && event.originalEvent.key !== "Enter") return;
      if (cluster) map.setView(at, Math.min(index.getClusterExpansionZoom(group), LAST_CLUSTERED + 2));
      else open(site);
    });
    marker.on("add", () => marker.getElement().setAttribute("aria-label", label));
    return marker;
  }

  // What is there already and the same stays, with its focus.
  function keyOf({ properties: one }) {
    return one.cluster ? `c${one.point_count}/${one.worsts}/${one.cluster_id}` : `s${one.key}/${one.counts}/${map.getZoom() >= NAMES_FROM}`;
  }

  function draw() {
    if (!index) return;
    const bounds = map.getBounds().pad(0.1);
    const box = [Math.max(-180, bounds.getWest()), Math.max(-85, bounds.getSouth()), Math.min(180, bounds.getEast()), Math.min(85, bounds.getNorth())];
    const features = index.getClusters(box, map.getZoom());
    const next = new Map();
    for (const feature of features) {
      const key = keyOf(feature) + feature.geometry.coordinates;
      next.set(key, markers.get(key) || markerOf(feature).addTo(map));
    }
    for (const [key, marker] of markers) if (!next.has(key)) marker.remove();
    markers = next;
    writeSoon();
  }

  // --- The list of what is in view ----------------------------------------------------------

  // The list follows when the map rests: while it moves nobody reads.
  let toWrite = null;
  function writeSoon() {
    clearTimeout(toWrite);
    toWrite = setTimeout(write, RESTS_AFTER);
  }

  function write() {
    const bounds = map.getBounds();
    const placed = shown.filter((site) => site.at);
    const [south, west, north, east] = [bounds.getSouth(), bounds.getWest(), bounds.getNorth(), bounds.getEast()];
    const visible = placed.filter(({ at: [latitude, longitude] }) => latitude >= south && latitude <= north && longitude >= west && longitude <= east);
    const unplaced = shown.filter((site) => !site.at);
    count.textContent = texts.inView.replace("%1", written(visible.length)).replace("%2", written(shown.length));
    fill(list, visible);
    document.getElementById("map-nothing").hidden = visible.length > 0 || !sites.size;
    document.getElementById("map-no-sites").hidden = sites.size > 0;
    const rest = document.getElementById("map-unplaced");
    rest.hidden = !unplaced.length;
    fill(rest.querySelector("ul"), unplaced);
  }

  function fill(where, some) {
    const rows = some.slice(0, MOST_ROWS).map(rowOf);
    if (some.length > MOST_ROWS) {
      const more = document.createElement("li");
      more.className = "kw-map-more";
      more.textContent = texts.more.replace("%s", written(some.length - MOST_ROWS));
      rows.push(more);
    }
    const focused = where.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    where.replaceChildren(...rows);
    if (focused) where.querySelector(`[data-focus="${focused}"]`)?.focus();
  }

  function rowOf(site) {
    const row = document.createElement("li");
    const state = STATES[site.worst];
    row.className = state ? `state-${state}` : "is-empty";
    const mark = document.createElement("span");
    mark.className = "kw-map-mark";
    mark.innerHTML = ICONS[state || "empty"];
    const link = document.createElement("a");
    link.href = address(texts.page, site);
    link.dir = "auto";
    link.textContent = site.name;
    link.dataset.focus = `a${site.key}`;
    const sub = document.createElement("span");
    sub.className = "sub";
    sub.dir = "auto";
    sub.textContent = [site.town, inWords(site.counts) || texts.none].filter(Boolean).join(" · ");
    const name = document.createElement("div");
    name.append(link, sub);
    row.append(mark, name);
    if (site.at) row.append(showButton(site));
    return row;
  }

  function showButton(site) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-icon btn-sm";
    button.innerHTML = ICONS.show;
    button.title = texts.show.replace("%s", site.name);
    button.setAttribute("aria-label", button.title);
    button.dataset.focus = `b${site.key}`;
    button.addEventListener("click", () => {
      map.setView(site.at, Math.max(map.getZoom(), 10), { animate: false });
      open(site);
    });
    return button;
  }

  const address = (pattern, site) => pattern.replace("/0/", `/${site.key}/`);

  // --- A site's card ------------------------------------------------------------------------

  function open(site) {
    const card = document.createElement("div");
    card.className = "kw-map-popup";
    card.textContent = texts.loading;
    const before = document.activeElement;
    popup = L.popup({ maxWidth: 320, minWidth: 260, autoPanPadding: [24, 24], offset: [0, -10] }).setLatLng(site.at).setContent(card);
    popup.site = site.key;
    popup.openOn(map);
    const close = popup.getElement().querySelector(".leaflet-popup-close-button");
    close.setAttribute("aria-label", texts.close);
    popup.getElement().addEventListener("keydown", (event) => { if (event.key === "Escape") map.closePopup(); });
    popup.on("remove", () => { popup = null; if (before && before.isConnected) before.focus(); else place.focus(); });
    fillCard(card, site, true);
  }

  async function fillCard(card, site, first) {
    try {
      const response = await fetch(address(texts.card, site), { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      const elsewhere = response.headers.get("HX-Redirect");
      if (elsewhere) { location.href = elsewhere; return; }
      if (!response.ok) throw new Error(String(response.status));
      card.innerHTML = await response.text();
      kilowatch.refreshTimes();
    } catch { if (first) card.textContent = texts.failed; }
    if (!popup || popup.getContent() !== card) return;
    popup.update();
    if (first) card.querySelector("a")?.focus({ preventScroll: true });
  }

  // --- The address ----------------------------------------------------------------------------

  let writing = null;
  function remember() {
    clearTimeout(writing);
    writing = setTimeout(() => {
      const parameters = new URLSearchParams(Object.entries(wanted()).filter(([, value]) => value));
      const middle = map.getCenter();
      const digits = map.getZoom() > 9 ? 4 : 2;
      const at = `${middle.lat.toFixed(digits)},${middle.lng.toFixed(digits)},${map.getZoom()}`;
      const rest = parameters.toString();
      history.replaceState(null, "", `?${rest}${rest && "&"}at=${at}`);
    }, 150);
  }

  map.on("moveend", () => { draw(); remember(); });
  function filter() {
    rebuild();
    if (shown.some((site) => site.at) && !shown.some((site) => site.at && map.getBounds().contains(site.at))) fit(shown);
    remember();
  }
  let typing = null;
  form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filter, 120); });
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of form.elements) if (field.name) field.value = "";
    filter();
    form.elements.q.focus();
  });

  // --- What changes ---------------------------------------------------------------------------

  const stale = new Set();
  let everything = true;
  let busy = false;
  let fetchedAt = -Infinity;
  let pace = SOONEST;
  let timer = null;

  async function refresh() {
    timer = null;
    const some = everything || stale.size > MOST_ASKED ? "" : `?site=${[...stale].join(",")}`;
    const first = !sites.size;
    const began = performance.now();
    everything = false;
    stale.clear();
    busy = true;
    try {
      const response = await fetch(texts.sites + some, { headers: { Accept: "application/json", "HX-Request": "true", "HX-Current-URL": location.href } });
      const elsewhere = response.headers.get("HX-Redirect");
      if (elsewhere) { location.href = elsewhere; return; }
      if (!response.ok) throw new Error(String(response.status));
      const file = await response.json();
      if (!some) sites.clear();
      take(file);
      rebuild();
      if (first && !view) fit(shown);
      if (popup) fillCard(popup.getContent(), sites.get(popup.site), false);
      place.dataset.ready = "true";
    } catch {
      everything = true;
      pace = 10_000;
      if (first) count.textContent = texts.failed;
    } finally {
      busy = false;
      fetchedAt = performance.now();
      if (!everything) pace = Math.max(SOONEST, (fetchedAt - began) * 5);
      if (everything || stale.size) soon();
    }
  }

  function soon() {
    if (timer || busy || document.hidden) return;
    timer = setTimeout(refresh, Math.max(0, fetchedAt + pace - performance.now()));
  }

  document.addEventListener("kw:changed", (event) => {
    for (const change of Object.values(event.detail)) {
      if (!change.kinds.includes("status") && !change.kinds.includes("connection")) continue;
      if (change.site) stale.add(change.site);
      else everything = true;
    }
    if (everything || stale.size) soon();
  });
  document.addEventListener("kw:resync", () => { everything = true; soon(); });
  document.addEventListener("visibilitychange", () => { if (everything || stale.size) soon(); });
  refresh();
});
