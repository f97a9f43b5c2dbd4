"use strict";
// Sorts and filters the table of students. Without scripts the page shows everything, sorted by name.
(() => {
  const table = document.getElementById("students");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows).map((row) => ({
    row,
    text: row.cells[0].textContent.toLowerCase(),
    flags: row.dataset.flags.split(" "),
    values: Array.from(row.cells, (cell) => cell.dataset.value),
  }));
  const search = document.getElementById("search");
  const state = document.getElementById("state");
  const shown = document.getElementById("shown");
  const tools = document.getElementById("tools");
  tools.hidden = false;

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, text, flags } of rows) {
      const fits = words.every((word) => text.includes(word)) && (!state.value || flags.includes(state.value));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length} shown`;
  };

  const letters = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const compare = (column, numeric) => (a, b) => {
    const [x, y] = [a.values[column], b.values[column]];
    if (numeric) return (x === "" ? -1 : Number(x)) - (y === "" ? -1 : Number(y));
    return letters.compare(x, y);
  };

  const sort = (head, column) => {
    const numeric = head.dataset.kind === "number";
    const current = head.getAttribute("aria-sort");
    const descending = current ? current === "ascending" : numeric;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const order = compare(column, numeric);
    rows.sort((a, b) => (descending ? order(b, a) : order(a, b)));
    const all = document.createDocumentFragment();
    for (const { row } of rows) all.append(row);
    body.append(all);
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, column));
  });
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 80);
  });
  state.addEventListener("change", filter);
  filter();
})();
