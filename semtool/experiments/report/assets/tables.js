// Tables that sort by any column, within each group of rows and, where asked for, filter by a word.

for (const table of document.querySelectorAll("table.sortable")) {
  const groups = [...table.tBodies].map(tbody => [tbody, [...tbody.rows].filter(row => !row.classList.contains("head"))]);
  const original = groups.flatMap(([, rows]) => rows);
  const keyOf = (row, column) => {
    const td = row.cells[column];
    return td.dataset.value !== undefined ? Number(td.dataset.value) : td.textContent.trim().toLowerCase();
  };
  [...table.tHead.rows[0].cells].forEach((th, column) => {
    if ("fixed" in th.dataset) return;
    const button = el("button.sort", { type: "button" }, th.textContent);
    button.addEventListener("click", () => {
      const down = th.getAttribute("aria-sort") === "descending" ? "ascending" : th.getAttribute("aria-sort") === "ascending" ? null : "descending";
      [...th.parentNode.cells].forEach(other => other.removeAttribute("aria-sort"));
      if (down) th.setAttribute("aria-sort", down);
      for (const [tbody, rows] of groups) {
        const found = [...rows];
        if (down) found.sort((a, b) => {
          const x = keyOf(a, column), y = keyOf(b, column);
          const order = typeof x === "number" ? x - y : x.localeCompare(y);
          return down === "ascending" ? order : -order;
        });
        tbody.append(...found);
      }
    });
    th.replaceChildren(button);
  });
  if (table.dataset.filter) {
    const key = table.dataset.filter;
    const found = [...new Set(original.map(row => row.dataset[key]))];
    const pick = choice(`${key[0].toUpperCase()}${key.slice(1)}`, [["", "all"], ...found.map(v => [v, v])], value => {
      original.forEach(row => { row.hidden = Boolean(value) && row.dataset[key] !== value; });
    });
    if (found.length > 1) table.closest(".scroll").before(el("div.controls", {}, pick));
  }
}
for (const link of document.querySelectorAll("a[data-cell]")) {
  link.addEventListener("click", event => {
    event.preventDefault();
    showCell(Number(link.dataset.cell));
    document.getElementById("confusion").scrollIntoView();
    document.getElementById("cell").focus({ preventScroll: true });
  });
}
