// The shared space on paper: classes as named squares, samples as dots (right) and crosses (wrong).

(() => {
  const host = body("map");
  const options = { view: 0, layout: 0, focus: -1, right: true, wrong: true };
  const intro = el("p.intro"), controls = el("div.controls"), readout = el("p.readout", { "aria-live": "polite" });
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-roledescription": "map", "aria-label": "Map of classes and samples. Arrow keys go from class to class, Enter opens one." });
  const stage = el("div.stage", {}, canvas);
  const whole = el("div", {}, intro, controls, stage, readout), gone = el("p.missing");
  host.append(whole, gone);
  let places = { texts: [], samples: [] };

  const view = () => cell().map.views[options.view];
  function draw() {
    if (whole.hidden || !cell().map.views) return;
    const c = colours(), v = view(), layout = v.layouts[options.layout];
    const width = Math.max(280, stage.clientWidth - 2), height = Math.min(620, Math.max(340, width * 0.66));
    const context = prepare(canvas, width, height);
    const pad = 34;
    const spread = axis => { const every = [...layout.texts, ...layout.samples].filter((_, i) => i % 2 === axis); return [Math.min(...every), Math.max(...every)]; };
    const [x0, x1] = spread(0), [y0, y1] = spread(1);
    const fit = Math.min((width - 2 * pad) / Math.max(1, x1 - x0), (height - 2 * pad) / Math.max(1, y1 - y0));
    const place = (x, y) => [width / 2 + (x - (x0 + x1) / 2) * fit, height / 2 - (y - (y0 + y1) / 2) * fit];
    const unseen = new Set(cell().unseen);
    places = { texts: [], samples: [] };
    const small = v.samples.length > 200 ? 2.4 : 3.4, large = small + 1;
    v.samples.forEach((name, i) => {
      const ok = v.said[i] === v.truth[i];
      if (!(ok ? options.right : options.wrong)) return;
      const [x, y] = place(layout.samples[2 * i], layout.samples[2 * i + 1]);
      places.samples.push({ x, y, i });
      const dim = options.focus >= 0 && v.truth[i] !== options.focus;
      context.globalAlpha = dim ? 0.12 : options.focus >= 0 ? 0.95 : 0.55;
      if (ok) {
        context.fillStyle = c.accent;
        context.beginPath(); context.arc(x, y, options.focus >= 0 && !dim ? large : small, 0, 7); context.fill();
      } else {
        context.strokeStyle = c.wrong; context.lineWidth = 1.3;
        const r = options.focus >= 0 && !dim ? large : small;
        context.beginPath(); context.moveTo(x - r, y - r); context.lineTo(x + r, y + r); context.moveTo(x + r, y - r); context.lineTo(x - r, y + r); context.stroke();
      }
    });
    context.globalAlpha = 1;
    context.font = font(12); context.textBaseline = "middle";
    const spot = i => place(layout.texts[2 * i], layout.texts[2 * i + 1]);
    const taken = v.classes.map((id, i) => { const [x, y] = spot(i); return [x - 5, y - 5, 10, 10]; });
    const orderOf = v.classes.map((id, i) => i).sort((a, b) => (v.classes[b] === options.focus) - (v.classes[a] === options.focus) || unseen.has(v.classes[b]) - unseen.has(v.classes[a]));
    const labels = [];
    for (const i of orderOf) {
      const id = v.classes[i], [x, y] = spot(i);
      places.texts.push({ x, y, id });
      const focus = id === options.focus, faint = options.focus >= 0 && !focus;
      context.globalAlpha = faint ? 0.35 : 1;
      context.fillStyle = unseen.has(id) ? c.ink : c.soft;
      context.fillRect(x - 4, y - 4, 8, 8);
      context.strokeStyle = c.panel; context.lineWidth = 1.5; context.strokeRect(x - 4.5, y - 4.5, 9, 9);
      const words = shortened(context, className(id), 150), w = context.measureText(words).width;
      const boxes = [[x + 6, y - 8], [x - 10 - w, y - 8], [x - w / 2, y - 22], [x - w / 2, y + 7]].map(([a, b]) => [a, b, w + 4, 16])
        .filter(box => box[0] > 2 && box[0] + box[2] < width - 2 && box[1] > 2 && box[1] + 18 < height);
      const free = boxes.find(box => !taken.some(t => box[0] < t[0] + t[2] && t[0] < box[0] + box[2] && box[1] < t[1] + t[3] && t[1] < box[1] + box[3]));
      const box = free || (focus ? boxes[0] : null);
      if (box) {
        taken.push(box);
        labels.push([words, box, focus, faint, unseen.has(id)]);
      }
    }
    for (const [words, box, focus, faint, dark] of labels) {
      context.globalAlpha = faint ? 0.35 : 1;
      context.font = (focus ? "600 " : "") + font(12);
      context.lineWidth = 3; context.strokeStyle = c.panel; context.lineJoin = "round"; context.textAlign = "left";
      context.strokeText(words, box[0] + 2, box[1] + 8);
      context.fillStyle = focus ? c.accent : dark ? c.ink : c.soft;
      context.fillText(words, box[0] + 2, box[1] + 8);
    }
    context.globalAlpha = 1;
  }
  function focus(id) {
    options.focus = id;
    const pick = controls.querySelector("#map-class");
    if (pick) pick.value = String(id);
    if (id >= 0) {
      const v = view(), rows = v.truth.map((t, i) => [t, v.said[i]]).filter(([t]) => t === id);
      const hits = rows.filter(([t, s]) => t === s).length;
      readout.replaceChildren(el("strong", {}, className(id)), rows.length ? `: ${hits} of ${rows.length} samples on the map are right. ` : ": no samples on the map. ",
        el("button.link", { type: "button", onclick: () => openClass(id) }, "Open the class"));
    } else readout.textContent = "Squares are classes (seen ones grey), dots are samples that are right, crosses those that are wrong. Point at one, or use the arrow keys.";
    draw();
  }
  function nearest(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = null, least = 15 * 15;
    for (const kind of ["texts", "samples"]) for (const p of places[kind]) {
      const d = (p.x - x) ** 2 + (p.y - y) ** 2 - (kind === "texts" ? 30 : 0);
      if (d < least) { least = d; best = { kind, ...p }; }
    }
    return best;
  }
  canvas.addEventListener("pointermove", event => {
    const at = nearest(event);
    canvas.style.cursor = at ? "pointer" : "default";
    if (!at) return;
    if (at.kind === "texts") { readout.replaceChildren(el("strong", {}, className(at.id)), " (class)"); return; }
    const v = view(), said = v.said[at.i];
    readout.replaceChildren(el("strong", {}, className(v.truth[at.i])), ` · ${data.names[v.samples[at.i]]} · `, said < 0 ? "not answered" : said === v.truth[at.i] ? "right" : `taken for ${className(said)}`);
  });
  canvas.addEventListener("click", event => {
    const at = nearest(event);
    focus(!at ? -1 : at.kind === "texts" ? (at.id === options.focus ? -1 : at.id) : view().truth[at.i]);
  });
  canvas.addEventListener("keydown", event => {
    const ids = view().classes, at = ids.indexOf(options.focus);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) focus(ids[(at + step + ids.length) % ids.length]);
    else if (event.key === "Enter" && options.focus >= 0) openClass(options.focus);
    else if (event.key === "Escape") focus(-1);
    else return;
    event.preventDefault();
  });
  function build() {
    const found = cell().map;
    whole.hidden = Boolean(found.missing) || !found.views.length; gone.hidden = !whole.hidden;
    if (whole.hidden) { gone.textContent = found.missing || "There are too few samples for a map."; return; }
    options.view = Math.min(options.view, found.views.length - 1);
    const v = view();
    options.layout = Math.min(options.layout, v.layouts.length - 1);
    const layout = v.layouts[options.layout];
    const set = key => value => { options[key] = Number(value); options.focus = -1; build(); };
    const pick = choice("Class", [["-1", "all"], ...ordered(v.classes, "name").map(id => [String(id), className(id)])], value => focus(Number(value)), String(options.focus));
    pick.select.id = "map-class";
    controls.replaceChildren(choice("Show", found.views.map((w, i) => [i, w.name]), set("view"), options.view),
      choice("Layout", v.layouts.map((l, i) => [i, l.name]), set("layout"), options.layout), pick,
      tick("right", on => { options.right = on; draw(); }, options.right), tick("wrong", on => { options.wrong = on; draw(); }, options.wrong));
    const shown = v.samples.length < v.of ? `${v.samples.length} of ${v.of} samples, spread evenly over the classes` : plural(v.of, "sample");
    const variance = layout.share ? ` The two axes hold ${percent(layout.share[0] + layout.share[1])} of the variance.` : "";
    intro.textContent = `${layout.what} Both are centred on their own means and laid out by ${layout.name}.${variance} Seed ${cell().shown_seed}, ${shown}.`;
    if (!v.classes.includes(options.focus)) options.focus = -1;
    focus(options.focus);
  }
  onPaint(draw);
  onCell(build);
})();
