// A site's page: the weather's numbers for whoever points at a day or walks there by keyboard.
// One day is in the tab order; arrow keys, Home and End move on.
(() => {
  const table = () => document.querySelector(".kw-weather");
  const says = () => document.getElementById("weather-says");

  function name(cell) {
    return cell.parentElement.querySelector("th").textContent.trim();
  }

  function tell(cell) {
    const output = says();
    if (output) output.textContent = cell ? `${name(cell)}, ${cell.dataset.says}` : output.dataset.nothing;
  }

  function enter() {
    if (table() && !table().querySelector('td[tabindex="0"]')) table().querySelector("td[data-says]")?.setAttribute("tabindex", "0");
  }

  function go(from, to) {
    if (!to || !to.dataset.says) return;
    from.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  }

  function beside(cell, rows) {
    const all = [...table().tBodies[0].rows];
    const row = all[all.indexOf(cell.parentElement) + rows];
    return row && row.cells[cell.cellIndex];
  }

  const STEPS = {
    ArrowLeft: (cell) => cell.previousElementSibling,
    ArrowRight: (cell) => cell.nextElementSibling,
    ArrowUp: (cell) => beside(cell, -1),
    ArrowDown: (cell) => beside(cell, 1),
    Home: (cell) => cell.parentElement.querySelector("td[data-says]"),
    End: (cell) => [...cell.parentElement.querySelectorAll("td[data-says]")].pop(),
  };

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".kw-weather td[data-says]");
    if (!cell || !STEPS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(cell, STEPS[event.key](cell));
  });
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest(".kw-weather td[data-says]");
    if (cell) tell(cell);
  });
  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest(".kw-weather td[data-says]");
    if (cell) tell(cell);
    else if (event.target.closest(".kw-weather")) tell(document.activeElement.closest(".kw-weather td[data-says]"));
  });
  // The little map beside the address: a picture that leads to the large one.
  function drawMap() {
    const place = document.getElementById("site-map");
    if (!place) return;
    const at = [Number(place.dataset.latitude), Number(place.dataset.longitude)];
    const pin = document.createElement("span");
    pin.className = "kw-pin tone-info";
    pin.innerHTML = place.querySelector("template").innerHTML;
    place.replaceChildren();
    const map = kilowatch.mapIn(place, { dragging: false, keyboard: false, scrollWheelZoom: false, doubleClickZoom: false, touchZoom: false, boxZoom: false });
    map.setView(at, 8);
    L.marker(at, { icon: L.divIcon({ html: pin, className: "kw-marker", iconSize: [30, 30] }), interactive: false, keyboard: false }).addTo(map);
  }

  document.addEventListener("htmx:afterSettle", enter);
  document.addEventListener("DOMContentLoaded", () => { enter(); drawMap(); });
})();
