// The drawing above the plan's form: take a charger and move it with the arrow keys (or drag it);
// what is entered in the form and what is drawn are the same.
document.addEventListener("DOMContentLoaded", () => {
  const drawing = document.getElementById("plan-drawing");
  if (!drawing) return;
  const size = Number(drawing.dataset.size);
  const says = document.getElementById("plan-says");
  const fields = [...document.querySelectorAll(".kw-plan-place")];

  const letters = (column) => (column > 26 ? String.fromCharCode(64 + Math.floor((column - 1) / 26)) : "") + String.fromCharCode(65 + ((column - 1) % 26));
  const written = (column, row) => `${letters(column)}${row}`;

  function read(text) {
    const found = /^\s*([A-Za-z]{1,2})\s?(\d{1,2})\s*$/.exec(text);
    if (!found) return null;
    const column = [...found[1].toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
    const row = Number(found[2]);
    return column >= 1 && column <= size && row >= 1 && row <= size ? { column, row } : null;
  }

  function draw(focused) {
    const placed = new Map();
    let columns = 6;
    let rows = 3;
    for (const field of fields) {
      const place = read(field.value);
      if (!place) continue;
      placed.set(written(place.column, place.row), field);
      columns = Math.max(columns, place.column + 1);
      rows = Math.max(rows, place.row + 1);
    }
    const table = document.createElement("table");
    table.className = "kw-plan is-edited";
    const head = table.createTHead().insertRow();
    head.append(document.createElement("td"));
    for (let column = 1; column <= Math.min(columns, size); column++) head.append(header(letters(column), "col"));
    const body = table.createTBody();
    for (let row = 1; row <= Math.min(rows, size); row++) {
      const line = body.insertRow();
      line.append(header(String(row), "row"));
      for (let column = 1; column <= Math.min(columns, size); column++) line.append(square(column, row, placed));
    }
    drawing.replaceChildren(table);
    if (focused) drawing.querySelector(`[data-field="${focused}"]`)?.focus();
  }

  function header(text, scope) {
    const cell = document.createElement("th");
    cell.scope = scope;
    cell.textContent = text;
    return cell;
  }

  function square(column, row, placed) {
    const cell = document.createElement("td");
    const field = placed.get(written(column, row));
    if (field) cell.append(piece(field, column, row));
    cell.addEventListener("dragover", (event) => { if (!field) event.preventDefault(); });
    cell.addEventListener("drop", (event) => {
      event.preventDefault();
      const moved = fields.find((other) => other.name === event.dataTransfer.getData("text/plain"));
      if (moved && !field) put(moved, column, row);
    });
    return cell;
  }

  function piece(field, column, row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "kw-plan-piece";
    button.draggable = true;
    button.textContent = field.closest("tr").querySelector("[name^=bay-]").value || field.dataset.identity;
    button.title = `${field.dataset.identity}, ${written(column, row)}`;
    button.dataset.field = field.name;
    button.addEventListener("keydown", (event) => step(event, field, column, row));
    button.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", field.name));
    return button;
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  // Over others, to the next free place in that direction.
  function step(event, field, column, row) {
    if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); field.value = ""; draw(); tell(field); return; }
    const way = STEPS[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const taken = new Set(fields.filter((other) => other !== field).map((other) => other.value.trim().toUpperCase()));
    let [x, y] = [column + way[0], row + way[1]];
    while (x >= 1 && y >= 1 && x <= size && y <= size && taken.has(written(x, y))) { x += way[0]; y += way[1]; }
    if (x >= 1 && y >= 1 && x <= size && y <= size) put(field, x, y);
  }

  function put(field, column, row) {
    field.value = written(column, row);
    draw(field.name);
    tell(field);
  }

  function tell(field) {
    const place = read(field.value);
    const pattern = place ? says.dataset.at : says.dataset.off;
    says.textContent = pattern.replace("%1", field.dataset.identity).replace("%2", place ? written(place.column, place.row) : "");
  }

  document.getElementById("plan-form").addEventListener("input", () => draw());
  draw();
});
