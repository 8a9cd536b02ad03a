"use strict";

// Clicking a column header sorts: ascending, descending, original order. Cells without a value,
// where nothing was measured, stay last.

const NEXT_ORDER = { none: "ascending", ascending: "descending", descending: "none" };

function sortKey(row, column) {
  const cell = row.cells[column];
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  return cell.tagName === "TH" ? cell.textContent : null;
}

function compareKeys(a, b) {
  return typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
}

function sortTable(table, heads, column, rows) {
  const order = NEXT_ORDER[heads[column].getAttribute("aria-sort")];
  for (const head of heads) head.setAttribute("aria-sort", "none");
  heads[column].setAttribute("aria-sort", order);
  const sign = order === "descending" ? -1 : 1;
  const known = rows.filter((row) => sortKey(row, column) !== null);
  const missing = rows.filter((row) => sortKey(row, column) === null);
  known.sort((a, b) => sign * compareKeys(sortKey(a, column), sortKey(b, column)));
  table.tBodies[0].append(...(order === "none" ? rows : [...known, ...missing]));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.querySelectorAll("thead th[aria-sort]")];
  const rows = [...table.tBodies[0].rows];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortTable(table, heads, column, rows));
    head.append(button);
  });
}
