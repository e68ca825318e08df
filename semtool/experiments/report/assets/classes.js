// A card a class: how well it does, what it is confused with, its texts, and which of them heads attended to.

let openClass = () => {};
(() => {
  const host = body("classes");
  const options = { order: "catalogue", filter: "", seen: false, head: "mean" };
  const controls = el("div.controls"), overview = el("div"), cards = el("div.cards"), intro = el("p.intro");
  const count = el("span.soft");
  host.append(intro, overview, controls, cards);

  function confusedWith(id) {
    const part = cell().confusion.zero_shot;
    if (!part) return [];
    const row = part.classes.indexOf(id), found = new Map();
    let total = 0;
    for (const cells of Object.values(part.seeds)) for (const [i, j, n] of cells) if (i === row) { total += n; if (j !== row) found.set(part.classes[j], (found.get(part.classes[j]) || 0) + n); }
    return [...found].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([other, n]) => [other, n / total]);
  }
  function nearestTexts(id) {
    const found = text().similarity;
    if (found.missing) return [];
    const name = Object.keys(found.maps)[0], packed = found.maps[name].centred, raw = bytes(packed.data), n = found.classes.length, row = found.classes.indexOf(id);
    if (row < 0) return [];
    return found.classes.map((other, j) => [other, packed.low + (packed.high - packed.low) * raw[row * n + j] / 255]).filter(([other]) => other !== id).sort((a, b) => b[1] - a[1]).slice(0, 3);
  }
  const classLink = id => el("button.link", { type: "button", onclick: () => openClass(id) }, className(id));

  function fill(card, id) {
    const left = el("div"), right = el("div");
    const record = cell().per_class[id];
    if (record) {
      left.append(el("h4", {}, "Recognised"), el("p.texts", {}, `${percent(record.mean)} of ${plural(record.n, "sample")}` + (record.low !== null && record.low !== undefined ? `, interval ${percent(record.low)} – ${percent(record.high)}` : "")));
      const wrong = confusedWith(id);
      if (wrong.length) left.append(el("h4", {}, "Taken for"), el("ul.texts", {}, ...wrong.map(([other, share]) => el("li", {}, classLink(other), el("span.soft", {}, percent(share))))));
      if (cell().outcomes && Object.values(cell().outcomes).some(o => o[0] === id)) left.append(el("p", {}, el("button", { type: "button", onclick: () => watch(id) }, "▶ Watch samples")));
    }
    const near = nearestTexts(id);
    if (near.length) left.append(el("h4", {}, "Nearest texts"), el("ul.texts", {}, ...near.map(([other, v]) => el("li", {}, classLink(other), el("span.soft", {}, v.toFixed(2))))));
    right.append(...descriptions(id));
    card.querySelector(".inside").replaceChildren(left, right);
  }
  // What is lost without each part of the text on this split, by the part's name.
  function carriedBy() {
    const here = (data.comparison?.differences || []).filter(d => d.control === "without" && d.a === text().label && ["dataset", "split", "encoder", "preset"].every(key => d[key] === cell()[key]));
    return new Map(here.map(d => [d.b.slice(d.a.length + 9), d]));
  }
  // What a head is called: its k and, where heads read different parts of the text, which part.
  const headName = (found, h) => `k = ${found.heads[h]}`;
  function descriptions(id) {
    const source = text();
    if (source.classes.missing) return [el("p.missing", {}, source.classes.missing)];
    const rows = source.classes[id] || [], attended = new Map();
    const found = cell().attention && cell().attention.classes ? cell().attention.classes[id] : null;
    if (found) for (const [at, share] of options.head === "mean" ? found.mean : found.heads[Number(options.head)]) attended.set(at, share);
    const carried = carriedBy(), most = Math.max(0.01, ...[...carried.values()].map(d => Math.abs(d.mean)));
    const item = at => {
      const [granularity, slot, number, variant] = rows[at], share = attended.get(at);
      const words = el("span", {}, slot ? el("span.slot", {}, `${slot}: `) : null, source.strings[number]);
      const lost = [`${granularity}-${slot || variant}`, granularity].map(part => carried.get(part)).find(Boolean);
      if (lost) {
        words.classList.add("carries");
        words.dataset.lost = lost.mean.toFixed(4);
        words.title = `Without ${lost.b.slice(lost.a.length + 9)}: ${signed(-lost.mean)} points, ${lost.verdict === "not shown" ? "not shown to matter" : lost.words}`;
        words.style.background = `color-mix(in srgb, var(--${lost.mean < 0 ? "wrong" : "accent"}) ${Math.round(45 * Math.abs(lost.mean) / most)}%, transparent)`;
      }
      return el(share === undefined ? "li" : "li.attended", {}, words, share === undefined ? null : el("span.share", { title: "share of the attention" }, `${(share / 10).toFixed(share < 100 ? 1 : 0)} %`));
    };
    const made = [];
    if (attended.size) {
      const who = options.head === "mean" ? "the heads on average" : `the head with ${headName(cell().attention, Number(options.head))}`;
      made.push(el("h4", {}, `What ${who} attended to`), el("ul.texts.attention", {}, ...[...attended.keys()].map(at => {
        const made = item(at); made.classList.remove("attended");
        made.firstChild.prepend(el("span.slot", {}, `${rows[at][0]} · `));
        return made;
      })), el("p.legend", {}, `Mean over ${plural(found.n, "test sample")} of the class, within the class's own text.`));
    }
    const groups = new Map();
    rows.forEach(([granularity], at) => { if (!groups.has(granularity)) groups.set(granularity, []); groups.get(granularity).push(at); });
    for (const [granularity, at] of groups) made.push(el("h4", {}, `${granularity} (${at.length})`), el(at.length > 6 ? "ul.texts.many" : "ul.texts", {}, ...at.map(item)));
    if (carried.size) made.push(el("p.legend", {}, "Colour: what is lost on this split when the text, or its slot or granularity, is left out; point at one for the figure. Orange: accuracy is gained without it."));
    if (!rows.length) made.push(el("p.soft", {}, "This text says nothing about the class."));
    return made;
  }
  function card(id) {
    const record = cell().per_class[id];
    const bar = el("div.bar", { "aria-hidden": true }, el("i"));
    if (record) bar.firstChild.style.width = `${100 * record.mean}%`; else bar.style.visibility = "hidden";
    const made = el("details.card", { id: `class-${id}`, "data-class": id },
      el("summary", {}, el("span.title", {}, className(id), el("span.soft", {}, classCode(id))), bar,
        el("span.figure", {}, ...(record ? [el("strong", {}, percent(record.mean)), ` of ${record.n}`] : ["seen in training"]))),
      el("div.inside"));
    made.addEventListener("toggle", () => { if (made.open) fill(made, id); });
    return made;
  }
  function overviewTable() {
    const found = cell().attention;
    if (!found) { overview.replaceChildren(); return; }
    if (found.missing) { overview.replaceChildren(el("p.missing", {}, found.missing.replace("The map cannot be drawn", "What the heads attended to cannot be shown"))); return; }
    const total = Object.values(found.texts).reduce((a, b) => a + b, 0);
    const row = (name, shares, kind = "td") => el("tr", {}, el("th", { scope: "row" }, name), ...shares.map(s => {
      const td = el(kind, {}, percent(s));
      if (kind === "td") td.style.background = `color-mix(in srgb, var(--accent-soft) ${Math.round(100 * Math.min(1, s * 1.6))}%, transparent)`;
      return td;
    }));
    overview.replaceChildren(el("h3", {}, "Where the heads look"), el("div.scroll", {}, el("table.heads", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Head"), ...found.granularities.map(g => el("th", { scope: "col" }, g)))),
      el("tbody", {}, row("share of the texts", found.granularities.map(g => found.texts[g] / total)), ...found.heads.map((_, h) => row(headName(found, h), found.share[h]))))),
      el("p.legend", {}, `Share of each head's attention by granularity, over the test samples of the unseen classes. k is how many descriptions a head may choose. The ${found.motion} description joins every head besides.`), el("h3", {}, "Class by class"));
  }
  function update() {
    const unseen = new Set(cell().unseen), every = Object.keys(data.datasets[cell().dataset].classes).map(Number);
    const number = { right: id => -(cell().per_class[id] || { mean: 2 }).mean, best: id => (cell().per_class[id] || { mean: -1 }).mean }[options.order];
    const fitting = every.filter(id => (options.seen || unseen.has(id)) && (className(id).toLowerCase().includes(options.filter) || classCode(id).toLowerCase() === options.filter));
    const ids = ordered(fitting, options.order, { number, places: alikePlaces() });
    cards.replaceChildren(...ids.map(card));
    count.textContent = `${ids.length} of ${every.length} classes`;
  }
  function build() {
    const set = key => value => { options[key] = value; update(); };
    const heads = cell().attention && cell().attention.heads;
    if (!heads || Number(options.head) >= heads.length) options.head = "mean";
    const search = searchField("Filter", set("filter"));
    search.input.value = options.filter;
    search.input.id = "class-filter";
    const order = choice("Order", [["catalogue", "catalogue"], ["name", "name"], ["right", "least recognised first"], ["best", "best recognised first"]], set("order"), options.order);
    order.select.id = "class-order";
    controls.replaceChildren(order, search, tick("seen classes too", set("seen"), options.seen), ...(heads ? [choice("Attention of", [["mean", "all heads, averaged"], ...heads.map((_, i) => [String(i), `head ${headName(cell().attention, i)}`])], value => {
      options.head = value;
      for (const open of cards.querySelectorAll("details[open]")) fill(open, Number(open.dataset.class));
    }, options.head)] : []), count);
    intro.textContent = `${cell().unseen.length} unseen classes under the text ${text().label}. Open one for its descriptions.`;
    overviewTable();
    update();
  }
  openClass = id => {
    let found = document.getElementById(`class-${id}`);
    if (!found) {
      options.filter = ""; options.seen = options.seen || !cell().unseen.includes(id);
      build();
      found = document.getElementById(`class-${id}`);
    }
    if (!found) return;
    found.open = true;
    found.scrollIntoView({ block: "start" });
    found.querySelector("summary").focus({ preventScroll: true });
  };
  onCell(build);
})();
