// Comparison: what each class gains or loses between two cells of the same split.

(() => {
  if (!data.comparison) return;
  const host = body("gains");
  const groups = new Map();
  data.cells.forEach((c, i) => {
    const key = `${c.dataset} · ${c.split} · ${c.preset}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
  });
  const keys = [...groups.keys()].filter(key => groups.get(key).length > 1);
  if (!keys.length) { sentence("gains", "Gains and losses need two texts or two encoders on the same split."); return; }
  const options = { key: keys[0], a: null, b: null, order: "gain" };
  const controls = el("div.controls"), rows = el("div.scroll"), words = el("p.intro");
  host.append(words, controls, rows);
  const title = i => `${data.cells[i].label} · ${data.cells[i].encoder}`;
  function build() {
    const members = groups.get(options.key);
    if (!members.includes(options.a)) options.a = members[members.length - 1];
    if (!members.includes(options.b) || options.b === options.a) options.b = members.find(i => i !== options.a);
    const set = key => value => { options[key] = key === "key" || key === "order" ? value : Number(value); build(); };
    const list = members.map(i => [i, title(i)]);
    controls.replaceChildren(choice("On", keys.map(k => [k, k]), set("key"), options.key), choice("Text", list, set("a"), options.a), choice("against", list.filter(([i]) => i !== options.a), set("b"), options.b),
      choice("Order", [["gain", "gains first"], ["loss", "losses first"], ["name", "name"], ["catalogue", "catalogue"]], set("order"), options.order));
    const a = data.cells[options.a], b = data.cells[options.b];
    const found = Object.keys(a.per_class).filter(id => b.per_class[id] && a.per_class[id].mean !== undefined && b.per_class[id].mean !== undefined).map(id => ({ id: Number(id), from: b.per_class[id].mean, to: a.per_class[id].mean, n: a.per_class[id].n }));
    const name = r => className(r.id, a.dataset);
    found.sort({ gain: (x, y) => (y.to - y.from) - (x.to - x.from) || x.id - y.id, loss: (x, y) => (x.to - x.from) - (y.to - y.from) || x.id - y.id, name: (x, y) => name(x).localeCompare(name(y)), catalogue: (x, y) => x.id - y.id }[options.order]);
    const widest = Math.max(0.05, ...found.map(r => Math.abs(r.to - r.from)));
    rows.replaceChildren(...found.map(r => {
      const gain = r.to - r.from, bar = el(gain < 0 ? "i.loss" : "i"), width = 50 * Math.abs(gain) / widest;
      bar.style.width = `${width}%`;
      bar.style.left = `${gain < 0 ? 50 - width : 50}%`;
      return el("div.gain", { "data-gain": gain.toFixed(4) }, el("button.link", { type: "button", onclick: () => { showCell(options.a); openClass(r.id); } }, name(r)), el("div.track", { "aria-hidden": true }, bar), el("span.value", {}, el("strong", {}, signed(gain)), el("span.soft", {}, ` ${percent(r.from)} → ${percent(r.to)}`)));
    }));
    const up = found.filter(r => r.to > r.from).length, down = found.filter(r => r.to < r.from).length;
    words.textContent = `${title(options.a)} recognises ${up} of ${found.length} classes better than ${title(options.b)} and ${down} worse; points of accuracy, mean over the seeds.`;
  }
  build();
})();
