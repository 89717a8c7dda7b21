// The bars of a charger's history: a line shows the time under the pointer, dragging looks
// closer. The address says from when to when, so it can be shared and gone back from; the
// inputs above the bars do the same by keyboard.
(() => {
  const SHORTEST = 8; // Pixels: less is a click.
  let drag = null;

  const lanes = () => document.getElementById("lanes");

  // Where a bar begins and ends on the screen: beside their names, or below them on a phone.
  function track() {
    const bar = lanes() && lanes().querySelector(".kw-timeline-bar");
    return bar ? bar.getBoundingClientRect() : null;
  }

  function at(x) {
    const { left, width } = track();
    const { start, end } = lanes().dataset;
    const share = Math.min(1, Math.max(0, (x - left) / width));
    return Number(start) + share * (Number(end) - Number(start));
  }

  function zone() {
    const input = document.querySelector('.kw-between input[name="zone"]');
    return input ? input.value : "UTC";
  }

  const written = (seconds) => window.kilowatch.timeIn(zone())(new Date(seconds * 1000));

  function mark(from, to) {
    const brush = document.querySelector(".kw-brush");
    const time = document.querySelector(".kw-brush-time");
    if (!brush) return;
    const box = lanes().getBoundingClientRect();
    const left = Math.min(from, to);
    brush.hidden = time.hidden = false;
    brush.style.left = `${left - box.left}px`;
    brush.style.width = `${Math.max(Math.abs(to - from), 1)}px`;
    time.textContent = from === to ? written(at(to)) : `${written(at(left))} – ${written(at(Math.max(from, to)))}`;
    time.style.left = `${Math.min(Math.max(left - box.left, 0), box.width - time.offsetWidth)}px`;
  }

  function unmark() {
    for (const part of document.querySelectorAll(".kw-brush, .kw-brush-time")) part.hidden = true;
  }

  function inside(event) {
    const box = track();
    return Boolean(box && lanes().contains(event.target) && event.clientX >= box.left - 4 && event.clientX <= box.right + 4);
  }

  function clamp(x) {
    const { left, right } = track();
    return Math.min(right, Math.max(left, x));
  }

  document.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || !lanes() || !inside(event)) return;
    drag = clamp(event.clientX);
  });

  document.addEventListener("pointermove", (event) => {
    if (!lanes() || event.pointerType === "touch") return;
    if (drag !== null) { mark(drag, clamp(event.clientX)); event.preventDefault(); }
    else if (inside(event)) mark(clamp(event.clientX), clamp(event.clientX));
    else unmark();
  });

  document.addEventListener("pointerup", (event) => {
    if (drag === null) return;
    const from = Math.min(drag, clamp(event.clientX));
    const to = Math.max(drag, clamp(event.clientX));
    drag = null;
    unmark();
    if (to - from < SHORTEST) return;
    event.preventDefault();
    const stamp = (x) => new Date(Math.round(at(x)) * 1000).toISOString().replace(/\.\d+Z$/, "Z");
    location.assign(`?from=${encodeURIComponent(stamp(from))}&to=${encodeURIComponent(stamp(to))}${lanes().dataset.kept}`);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag !== null) { drag = null; unmark(); }
  });
  document.addEventListener("dragstart", (event) => { if (lanes() && lanes().contains(event.target)) event.preventDefault(); });
})();
