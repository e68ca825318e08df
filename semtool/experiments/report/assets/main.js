// Theme, navigation, print, and the first drawing of everything.

const themeButton = document.getElementById("theme");
const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
themeButton.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; repaint(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
const folded = new Set();
window.addEventListener("beforeprint", () => {
  root.dataset.print = "1";
  for (const details of document.querySelectorAll("details.plain:not([open])")) { details.open = true; folded.add(details); }
  repaint();
});
window.addEventListener("afterprint", () => {
  delete root.dataset.print;
  folded.forEach(details => { details.open = false; });
  folded.clear();
  repaint();
});
matchMedia("print").addEventListener("change", repaint);
let waiting = 0;
window.addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(repaint); });

const cellSelect = document.getElementById("cell");
if (cellSelect) {
  const groups = new Map();
  data.cells.forEach((c, i) => {
    const key = [c.dataset, c.split, c.preset].join(" · ");
    if (!groups.has(key)) groups.set(key, el("optgroup", { label: key }));
    groups.get(key).append(el("option", { value: i }, `${c.label} · ${c.encoder} (${percent(c.numbers.accuracy.mean)}, ${key})`));
  });
  cellSelect.append(...groups.values());
  cellSelect.addEventListener("change", () => showCell(Number(cellSelect.value)));
}

const links = [...document.querySelectorAll("nav a")];
const seen = new Map();
const spy = new IntersectionObserver(entries => {
  entries.forEach(entry => seen.set(entry.target.id, entry.isIntersecting));
  const first = links.find(link => seen.get(link.hash.slice(1)));
  if (first) links.forEach(link => link.setAttribute("aria-current", String(link === first)));
}, { rootMargin: "-20% 0px -60% 0px" });
document.querySelectorAll("main > section").forEach(section => spy.observe(section));

showCell(0);
requestAnimationFrame(() => requestAnimationFrame(() => { root.dataset.ready = String(Math.round(performance.now())); }));
