// Confusion matrix: sort, filter, choose seed; the most frequent confusions beside it.

(() => {
  const host = body("confusion");
  const options = { kind: "zero_shot", seed: "", order: "catalogue", filter: "", errors: false };
  const intro = el("p.intro");
  const controls = el("div.controls");
  const main = el("div"), list = el("ol.rank"), count = el("span.soft", { id: "confusion-count" });
  const aside = el("aside", {}, el("h3", {}, "Most frequent confusions"), list);
  host.append(intro, controls, el("div.split", {}, main, aside));
  const picture = matrix(main, { label: "Confusion matrix, rows true, columns answered", show, act: at => openClass(at.row) });
  let current = null;

  function counts() {
    const part = cell().confusion[options.kind];
    if (!part) return null;
    const n = part.classes.length, table = new Map(), totals = new Map(), said = new Map();
    for (const [seed, cells] of Object.entries(part.seeds)) {
      if (options.seed && seed !== options.seed) continue;
      for (const [i, j, k] of cells) {
        const row = part.classes[i], column = part.classes[j], key = `${row} ${column}`;
        table.set(key, (table.get(key) || 0) + k);
        totals.set(row, (totals.get(row) || 0) + k);
        said.set(column, (said.get(column) || 0) + k);
      }
    }
    const at = (i, j) => table.get(`${i} ${j}`) || 0;
    const share = (i, j) => totals.get(i) ? at(i, j) / totals.get(i) : 0;
    return { classes: part.classes, at, share, totals, said, table, n };
  }

  function show({ row, column }) {
    const n = current.at(row, column), total = current.totals.get(row) || 0;
    const words = row === column ? [el("strong", {}, className(row)), " recognised: "] : [el("strong", {}, className(row)), " taken for ", el("strong", {}, className(column)), ": "];
    return [...words, `${n} of ${total} answers (${percent(total ? n / total : 0)}). `,
      el("button.link", { type: "button", onclick: () => openClass(row) }, "Open the class"), " · ",
      el("button.link", { type: "button", onclick: () => watch(row, column) }, "Watch")];
  }

  function update() {
    current = counts();
    if (!current) {
      main.hidden = aside.hidden = true;
      intro.textContent = "There is no confusion matrix: the run's files are gone.";
      return;
    }
    main.hidden = aside.hidden = false;
    const number = {
      right: id => -current.share(id, id), samples: id => current.totals.get(id) || 0,
      answered: id => current.said.get(id) || 0,
    }[options.order];
    const confused = id => current.classes.filter(other => other !== id && (current.at(id, other) || current.at(other, id)));
    let kept = current.classes.filter(id => current.totals.get(id) || current.said.get(id));
    if (options.errors) kept = kept.filter(id => confused(id).length);
    if (options.filter) {
      const fitting = kept.filter(id => className(id).toLowerCase().includes(options.filter));
      const near = new Set(fitting.flatMap(id => [id, ...confused(id)]));
      kept = kept.filter(id => near.has(id));
      if (!fitting.length) kept = [];
    }
    const rows = ordered(kept, options.order, { number, places: alikePlaces() });
    const unseen = new Set(cell().unseen);
    count.textContent = `${rows.length} of ${plural(current.classes.length, "class").replace("classs", "classes")}`;
    picture.set({
      rows, columns: rows, mark: id => unseen.has(id),
      hint: "Rows: true class. Columns: answer. Point at a cell, or use the arrow keys.",
      number: (i, j) => current.at(i, j) || "",
      colour: (i, j) => {
        const share = current.share(i, j);
        return share ? blend("zero-cell", i === j ? "accent" : "wrong", 0.12 + 0.88 * Math.sqrt(share)) : colours()["zero-cell"];
      },
    });
    intro.textContent = options.kind === "zero_shot"
      ? "Candidates are the unseen classes. Blue is right, orange is wrong, deeper is more of the row."
      : "Candidates are all classes, seen and unseen (generalised task, as calibrated). Seen classes have grey labels.";
    const worst = [...current.table].map(([key, n]) => [...key.split(" ").map(Number), n]).filter(([i, j]) => i !== j && (!options.filter || kept.includes(i)))
      .sort((a, b) => b[2] - a[2] || a[0] - b[0]).slice(0, 12);
    list.replaceChildren(...worst.map(([i, j, n]) => el("li", {},
      el("button.link", { type: "button", onclick: () => { picture.point(i, j); picture.canvas.focus({ preventScroll: true }); } }, `${className(i)} → ${className(j)}`),
      el("span.value", {}, `${n} · ${percent(current.share(i, j))}`))));
    if (!worst.length) list.append(el("li", {}, "None."));
  }

  function build() {
    const { confusion } = cell();
    if (!confusion[options.kind]) options.kind = confusion.zero_shot ? "zero_shot" : "generalised";
    const part = confusion[options.kind];
    const seeds = part ? Object.keys(part.seeds) : [];
    if (!seeds.includes(options.seed)) options.seed = "";
    const set = key => value => { options[key] = value; if (key === "kind") build(); else update(); };
    const kinds = [["zero_shot", "unseen classes"], ["generalised", "all classes"]].filter(([kind]) => confusion[kind]);
    const search = searchField("Filter", set("filter"));
    search.input.value = options.filter;
    search.input.id = "confusion-filter";
    const order = choice("Order", [["catalogue", "catalogue"], ["name", "name"], ["right", "least recognised first"], ["samples", "most samples first"], ["answered", "most often answered first"], ["alike", "alike texts together"]].filter(([v]) => v !== "alike" || alikePlaces()), set("order"), options.order);
    order.select.id = "confusion-order";
    controls.replaceChildren(
      choice("Candidates", kinds, set("kind"), options.kind),
      choice("Seed", [["", "all, summed"], ...seeds.map(s => [s, s])].slice(0, seeds.length > 1 ? undefined : 1), set("seed"), options.seed),
      order, search, tick("only confused classes", set("errors"), options.errors), count);
    update();
  }
  onCell(build);
})();
