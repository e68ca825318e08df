// A square of coloured cells with labels: confusion and similarity. Mouse and arrow keys move a cursor.

/**
 * @param host element to fill
 * @param label what a screen reader calls it
 * @param show ({row, column}) -> nodes for the readout
 * @param act ({row, column}) -> nothing: Enter or click
 */
function matrix(host, { label, show, act }) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-roledescription": "matrix", "aria-label": `${label}. Arrow keys move, Enter opens the class.` });
  const readout = el("p.readout", { "aria-live": "polite" });
  const stage = el("div.stage", {}, canvas);
  host.append(stage, readout);
  const view = { rows: [], columns: [], colour: () => "#888", mark: () => false, number: () => "", side: 0, left: 0, top: 0 };
  let cursor = null, pinned = false;

  function draw() {
    const c = colours(), n = view.rows.length, m = view.columns.length;
    const room = Math.max(260, stage.clientWidth - 2);
    view.left = Math.min(190, Math.max(110, room * 0.24));
    view.top = Math.min(150, view.left) * 0.78;
    const slant = Math.round(view.top * 0.66);
    view.side = Math.max(8, Math.min(m > 8 ? 30 : 46, Math.floor((room - view.left - slant) / Math.max(m, 1))));
    const size = Math.min(13, Math.max(8, view.side * 0.86));
    const width = view.left + view.side * m + slant, height = view.top + view.side * n + 8;
    const context = prepare(canvas, width, height);
    context.font = font(size);
    context.textBaseline = "middle";
    if (!n) {
      context.fillStyle = c.soft; context.font = font(14);
      context.fillText("No class fits the filter.", 16, 24);
      return;
    }
    const gap = view.side > 12 ? 1 : 0.5;
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
      context.fillStyle = view.colour(view.rows[i], view.columns[j]);
      context.fillRect(view.left + j * view.side, view.top + i * view.side, view.side - gap, view.side - gap);
      const shown = view.side >= 22 ? view.number(view.rows[i], view.columns[j]) : "";
      if (shown !== "") {
        const [r, g, b] = parts(context.fillStyle.startsWith("#") ? hexed(context.fillStyle) : context.fillStyle);
        context.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#15181b" : "#ffffff";
        context.font = font(Math.min(12, view.side * 0.44)); context.textAlign = "center";
        context.fillText(shown, view.left + (j + 0.5) * view.side, view.top + (i + 0.52) * view.side);
      }
    }
    view.rows.forEach((id, i) => {
      const at = cursor && cursor.i === i;
      context.fillStyle = at ? c.accent : view.mark(id) ? c.ink : c.soft;
      context.font = (at ? "600 " : "") + font(size);
      context.textAlign = "right";
      context.fillText(shortened(context, className(id), view.left - 14), view.left - 6, view.top + (i + 0.5) * view.side);
    });
    view.columns.forEach((id, j) => {
      const at = cursor && cursor.j === j;
      context.save();
      context.translate(view.left + (j + 0.5) * view.side, view.top - 6);
      context.rotate(-Math.PI / 3.2);
      context.fillStyle = at ? c.accent : view.mark(id) ? c.ink : c.soft;
      context.font = (at ? "600 " : "") + font(size);
      context.textAlign = "left";
      context.fillText(shortened(context, className(id), view.top * 1.06), 0, 0);
      context.restore();
    });
    if (cursor) {
      context.strokeStyle = c.ink; context.lineWidth = 2;
      context.strokeRect(view.left + cursor.j * view.side - 1, view.top + cursor.i * view.side - 1, view.side + 1, view.side + 1);
    }
  }
  function place(i, j) {
    cursor = i === null ? null : { i, j };
    readout.replaceChildren(...(cursor ? show({ row: view.rows[i], column: view.columns[j] }) : [view.hint || ""]));
    draw();
  }
  function hit(event) {
    const box = canvas.getBoundingClientRect();
    const j = Math.floor((event.clientX - box.left - view.left) / view.side), i = Math.floor((event.clientY - box.top - view.top) / view.side);
    return i >= 0 && j >= 0 && i < view.rows.length && j < view.columns.length ? { i, j } : null;
  }
  canvas.addEventListener("pointermove", event => { const at = hit(event); if (at && !pinned) place(at.i, at.j); });
  canvas.addEventListener("click", event => { const at = hit(event); if (!at) return; pinned = !(pinned && cursor && cursor.i === at.i && cursor.j === at.j); place(at.i, at.j); });
  canvas.addEventListener("dblclick", event => { const at = hit(event); if (at && act) act({ row: view.rows[at.i], column: view.columns[at.j] }); });
  canvas.addEventListener("keydown", event => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const { i, j } = cursor || { i: 0, j: 0 }, last = view.rows.length - 1, end = view.columns.length - 1;
    if (last < 0) return;
    if (step) place(cursor ? Math.max(0, Math.min(last, i + step[0])) : 0, cursor ? Math.max(0, Math.min(end, j + step[1])) : 0);
    else if (event.key === "Home") place(i, 0);
    else if (event.key === "End") place(i, end);
    else if (event.key === "Enter" && cursor && act) act({ row: view.rows[i], column: view.columns[j] });
    else if (event.key === "Escape") { pinned = false; place(null); }
    else return;
    event.preventDefault();
    if (cursor) keepInSight();
  });
  function keepInSight() {
    const x = view.left + cursor.j * view.side;
    if (x < stage.scrollLeft + 20) stage.scrollLeft = x - view.left;
    if (x + view.side > stage.scrollLeft + stage.clientWidth - 20) stage.scrollLeft = x + view.side - stage.clientWidth + 40;
  }
  onPaint(draw);
  return {
    canvas,
    set(next) {
      Object.assign(view, next);
      cursor = null; pinned = false;
      canvas.dataset.rows = view.rows.join(" ");
      place(null);
    },
    point(row, column) {
      const i = view.rows.indexOf(row), j = view.columns.indexOf(column);
      if (i >= 0 && j >= 0) { pinned = true; place(i, j); keepInSight(); }
    },
  };
}

/** Sort class ids: catalogue order, name, or by a number (greatest or least first). */
function ordered(ids, by, { number, places } = {}) {
  const found = [...ids];
  const name = (a, b) => className(a).localeCompare(className(b)) || a - b;
  if (by === "name") found.sort(name);
  else if (by === "alike" && places) found.sort((a, b) => places.get(a) - places.get(b));
  else if (by === "catalogue") found.sort((a, b) => a - b);
  else if (number) found.sort((a, b) => number(b) - number(a) || a - b);
  return found;
}

/** Classes in the order in which alike texts are neighbours. */
function alikePlaces() {
  const found = text().similarity;
  return found.missing ? null : new Map(found.order.map((at, place) => [found.classes[at], place]));
}
