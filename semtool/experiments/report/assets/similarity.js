// Heat maps: how alike the classes' texts are, by granularity.

(() => {
  const host = body("similarity");
  const options = { map: null, centred: true, order: "alike", filter: "", unseen: false };
  const intro = el("p.intro"), thumbs = el("div.thumbs", { role: "group", "aria-label": "Granularity" });
  const controls = el("div.controls"), main = el("div"), list = el("ol.rank");
  const ramp = el("span.ramp");
  const aside = el("aside", {}, el("h3", {}, "Most alike"), list);
  const whole = el("div", {}, intro, thumbs, controls, el("div.split", {}, main, aside));
  const gone = el("p.missing");
  host.append(whole, gone);
  const picture = matrix(main, { label: "Similarity of class texts", show, act: at => openClass(at.row) });
  let current = null;
  const kept = new Map();

  function decode(packed, key) {
    if (!kept.has(key)) kept.set(key, bytes(packed.data));
    const raw = kept.get(key), n = Math.round(Math.sqrt(raw.length));
    return { n, raw, low: packed.low, high: packed.high, value: (i, j) => i === j ? 1 : packed.low + (packed.high - packed.low) * raw[i * n + j] / 255 };
  }
  function show({ row, column }) {
    if (row === column) return [el("strong", {}, className(row)), " with itself."];
    return [el("strong", {}, className(row)), " and ", el("strong", {}, className(column)), `: cosine ${current.value(current.at.get(row), current.at.get(column)).toFixed(3)} (${options.map}${options.centred ? ", mean of all classes taken away" : ""}). `,
      el("button.link", { type: "button", onclick: () => openClass(row) }, "Open the class")];
  }
  function shade(map, i, j) {
    return blend("ramp-low", "ramp-high", i === j ? 1 : map.raw[i * map.n + j] / 255);
  }
  function thumbnails(found) {
    thumbs.replaceChildren(...Object.keys(found.maps).map(name => {
      const canvas = el("canvas", { "aria-hidden": true });
      const button = el("button", { type: "button", "aria-pressed": String(name === options.map), onclick: () => { options.map = name; update(); } }, canvas, name);
      button.paint = () => {
        const map = decode(found.maps[name][options.centred ? "centred" : "plain"], `${cell().text} ${name} ${options.centred}`);
        canvas.width = canvas.height = map.n;
        const context = canvas.getContext("2d"), image = context.createImageData(map.n, map.n);
        const low = colours()["ramp-low-rgb"], high = colours()["ramp-high-rgb"];
        found.order.forEach((a, i) => found.order.forEach((b, j) => {
          const share = a === b ? 1 : map.raw[a * map.n + b] / 255, at = 4 * (i * map.n + j);
          for (let k = 0; k < 3; k++) image.data[at + k] = low[k] + (high[k] - low[k]) * share;
          image.data[at + 3] = 255;
        }));
        context.putImageData(image, 0, 0);
      };
      button.paint();
      return button;
    }));
  }
  function update() {
    const found = text().similarity;
    whole.hidden = Boolean(found.missing); gone.hidden = !found.missing;
    if (found.missing) { gone.textContent = found.missing; return; }
    const names = Object.keys(found.maps);
    if (!names.includes(options.map)) options.map = names[0];
    current = decode(found.maps[options.map][options.centred ? "centred" : "plain"], `${cell().text} ${options.map} ${options.centred}`);
    current.at = new Map(found.classes.map((id, i) => [id, i]));
    thumbnails(found);
    const unseen = new Set(cell().unseen);
    let ids = found.classes.filter(id => (!options.unseen || unseen.has(id)) && className(id).toLowerCase().includes(options.filter));
    ids = options.order === "unseen" ? [...ids.filter(id => unseen.has(id)), ...ids.filter(id => !unseen.has(id))] : ordered(ids, options.order, { places: alikePlaces() });
    const columns = options.filter && !options.unseen ? ordered(found.classes, options.order === "unseen" ? "catalogue" : options.order, { places: alikePlaces() }) : ids;
    picture.set({ rows: ids, columns, mark: id => unseen.has(id), hint: "Point at a cell, or use the arrow keys. Seen classes have grey labels.", colour: (i, j) => shade(current, current.at.get(i), current.at.get(j)) });
    const pairs = [];
    for (const a of ids) for (const b of options.filter ? columns : ids) if (a < b || (options.filter && a !== b)) pairs.push([a, b, current.value(current.at.get(a), current.at.get(b))]);
    pairs.sort((x, y) => y[2] - x[2]);
    list.replaceChildren(...pairs.slice(0, 12).map(([a, b, v]) => el("li", {},
      el("button.link", { type: "button", onclick: () => { picture.point(a, b); picture.canvas.focus({ preventScroll: true }); } }, `${className(a)} · ${className(b)}`), el("span.value", {}, v.toFixed(2)))));
    paintRamp();
    intro.textContent = `Cosine between the mean vectors of two classes' texts (${text().label}, ${text().encoder}). Classes that look alike here are hard to tell apart by this text.`;
  }
  function paintRamp() {
    if (!current) return;
    const canvas = el("canvas", { "aria-hidden": true });
    ramp.replaceChildren(current.low.toFixed(2), canvas, current.high.toFixed(2));
    canvas.width = 64; canvas.height = 1;
    const context = canvas.getContext("2d");
    for (let i = 0; i < 64; i++) { context.fillStyle = blend("ramp-low", "ramp-high", i / 63); context.fillRect(i, 0, 1, 1); }
  }
  const set = key => value => { options[key] = value; update(); };
  const search = searchField("Filter", set("filter"));
  search.input.id = "similarity-filter";
  const order = choice("Order", [["alike", "alike texts together"], ["unseen", "unseen first"], ["catalogue", "catalogue"], ["name", "name"]], set("order"), options.order);
  order.select.id = "similarity-order";
  controls.append(order, search, tick("take away what all classes share", set("centred"), true), tick("unseen classes only", set("unseen")), ramp);
  onPaint(() => { paintRamp(); for (const button of thumbs.children) button.paint(); });
  onCell(update);
})();
