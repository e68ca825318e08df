// Skeletons: a few samples of each class, right and wrong ones, at their true pace.

let watch = () => {};
(() => {
  const host = body("skeletons");
  const options = { id: -1, said: -1, outcome: "all" };
  const intro = el("p.intro"), controls = el("div.controls"), list = el("ul.samples");
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-roledescription": "skeleton", "aria-label": "Skeleton. Space plays, arrow keys turn it, comma and full stop step." });
  const play = el("button", { type: "button", id: "play" }, "Play");
  const slider = el("input", { type: "range", min: 0, value: 0, "aria-label": "Frame", id: "frame" });
  const number = el("output", { for: "frame" }), speed = choice("", [["0.25", "¼×"], ["0.5", "½×"], ["1", "1×"], ["2", "2×"]], () => {}, "1");
  speed.select.setAttribute("aria-label", "Speed");
  const title = el("h3"), answers = el("ul.answers");
  const screen = el("div.screen", {}, title, el("div.stage", {}, canvas), el("div.transport", {}, play, slider, number, speed), answers);
  const whole = el("div", {}, intro, controls, el("div.player", {}, list, screen)), gone = el("p.missing");
  host.append(whole, gone);
  const { show, draw, setPlaying } = skeletonPlayer({ canvas, play, slider, number, speed: speed.select }, () => { const c = colours(); return [c.ink, c.left, c.right]; });

  const library = () => data.clips[cell().dataset] || { samples: {}, layout: null, problems: [] };
  function load(name) {
    const clip = library().samples[name], layout = library().layout;
    if (!clip || !clip.frames) return null;
    const raw = bytes(clip.data), joints = layout.joints, frames = [];
    let at = 0;
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (let f = 0; f < clip.frames; f++) {
      const bodies = [];
      for (let m = 0; m < clip.bodies; m++) {
        const there = clip.there[f * clip.bodies + m] === "1", points = [];
        for (let j = 0; j < joints; j++) {
          const p = [0, 1, 2].map(k => clip.low[k] + clip.step * raw[at + k]);
          at += 3;
          if (there) { points.push(p); p.forEach((v, k) => { low[k] = Math.min(low[k], v); high[k] = Math.max(high[k], v); }); }
        }
        bodies.push(points);
      }
      frames.push(bodies);
    }
    const size = high.map((v, k) => Math.max(1e-3, v - low[k]));
    return { ...layout, frames, rate: clip.frames / Math.max(0.1, clip.seconds), seconds: clip.seconds, centre: low.map((v, k) => (v + high[k]) / 2), extent: [Math.hypot(size[0], size[2]), size[1]] };
  }
  function pick(name, start = false) {
    const sample = load(name);
    const [truth, said, top] = cell().outcomes[name];
    title.textContent = className(truth);
    const bodies = sample && sample.frames.some(f => f.length > 1 && f[1].length) ? ", dashed: the second person" : "";
    answers.replaceChildren(
      el("li", {}, said === truth ? el("strong", {}, "Right.") : el("span", {}, el("strong", {}, "Wrong: "), `taken for ${className(said)}.`), " Best: ", top.map(([id, score]) => `${className(id)} ${score.toPrecision(4)}`).join(", "), "."),
      ...othersSay(name, truth),
      el("li.soft", {}, `${name}, ${sample ? `${sample.seconds.toFixed(1)} s, ${sample.frames.length} frames of it. ` : "no skeleton. "}`, el("span.swatch.left", {}, "Left"), " and ", el("span.swatch.right", {}, "right"), ` of the person${bodies}. Drag to turn.`));
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-current", String(button.dataset.name === name));
    show(sample, start);
  }
  function othersSay(name, truth) {
    const others = data.cells.filter((other, i) => i !== state.cell && other.dataset === cell().dataset && other.split === cell().split && other.outcomes && other.outcomes[name]);
    if (!others.length) return [];
    const title = other => [other.label, other.encoder !== cell().encoder ? other.encoder : null, other.preset !== cell().preset ? other.preset : null].filter(Boolean).join(" · ");
    return [el("li", {}, "Others: ", others.map(other => `${title(other)} ${other.outcomes[name][1] === truth ? "right" : `“${className(other.outcomes[name][1])}”`}`).join("; "), ".")];
  }
  function update(start = false) {
    const outcomes = Object.entries(cell().outcomes || {}).filter(([, [truth, said]]) => (options.id < 0 || truth === options.id) && (options.said < 0 || said === options.said) && (options.outcome === "all" || (truth === said) === (options.outcome === "right")));
    outcomes.sort((a, b) => a[1][0] - b[1][0] || (b[1][0] === b[1][1]) - (a[1][0] === a[1][1]));
    list.replaceChildren(...outcomes.map(([name, [truth, said]]) => el("li", {}, el("button", { type: "button", "data-name": name, onclick: () => pick(name, true) },
      el(said === truth ? "span.ok" : "span.no", { "aria-label": said === truth ? "right" : "wrong" }, said === truth ? "✓" : "✗"),
      el("span", {}, className(truth), said === truth ? null : el("span.soft", {}, ` → ${className(said)}`))))));
    if (outcomes.length) pick(outcomes[0][0], start);
    else { list.append(el("li", {}, el("p.soft", {}, "No such sample was kept."))); setPlaying(false); }
    return outcomes.length;
  }
  function build() {
    setPlaying(false);
    const { problems, samples } = library();
    const any = cell().outcomes && Object.keys(cell().outcomes).some(name => samples[name]);
    whole.hidden = !any; gone.hidden = any;
    if (!any) { gone.textContent = problems.join(" ") || "There are no skeletons to show: the run's answers or its skeletons are gone."; return; }
    const ids = [...new Set(Object.values(cell().outcomes).map(o => o[0]))];
    if (!ids.includes(options.id)) options.id = -1;
    options.said = -1;
    const which = choice("Class", [["-1", "all"], ...ordered(ids, "name").map(id => [String(id), className(id)])], value => { options.id = Number(value); options.said = -1; update(); }, String(options.id));
    which.select.id = "player-class";
    controls.replaceChildren(which, choice("Outcome", [["all", "right and wrong"], ["right", "right"], ["wrong", "wrong"]], value => { options.outcome = value; options.said = -1; update(); }, options.outcome));
    intro.textContent = `A few samples of each unseen class, seed ${cell().shown_seed}; wrong ones of different confusions.`;
    update();
  }
  watch = (id, said = -1) => {
    if (whole.hidden) { document.getElementById("skeletons").scrollIntoView(); return; }
    Object.assign(options, { id, said, outcome: "all" });
    controls.querySelector("#player-class").value = String(id);
    if (!update()) { options.said = -1; update(); }
    document.getElementById("skeletons").scrollIntoView();
    play.focus({ preventScroll: true });
  };
  onPaint(draw);
  onCell(build);
})();
