// Data, elements, colours: what every section uses. Text goes into the page as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;

/** Make an element: el("p.note", {title: "x"}, "text", child). */
function el(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

const percent = value => value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)} %`;
const signed = value => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)}`;
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const body = part => document.querySelector(`[data-part="${part}"] .body`);

function bytes(base64) {
  const raw = atob(base64), found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

/** A select with a label; options are [value, title] pairs. */
function choice(label, options, onchange, value) {
  const select = el("select", {onchange: () => onchange(select.value)}, ...options.map(([v, t]) => el("option", {value: v}, t)));
  if (value !== undefined) select.value = value;
  const made = el("label", {}, label, select);
  made.select = select;
  made.hidden = options.length < 2;
  if (made.hidden) made.style.display = "none";
  return made;
}

function searchField(label, oninput) {
  const input = el("input", {type: "search", placeholder: "class name", oninput: () => oninput(input.value.trim().toLowerCase())});
  const made = el("label", {}, label, input);
  made.input = input;
  return made;
}

function tick(label, onchange, checked = false) {
  const box = el("input", {type: "checkbox", checked, onchange: () => onchange(box.checked)});
  return el("label", {}, box, label);
}

const sentence = (part, text) => body(part).replaceChildren(el("p.missing", {}, text));

// ---- the cell that the sections below the chooser show

const state = { cell: 0 };
const listeners = [];
const cell = () => data.cells[state.cell];
const text = () => data.texts[cell().text];
const onCell = listener => { listeners.push(listener); };
function showCell(index) {
  state.cell = index;
  const select = document.getElementById("cell");
  if (select) select.value = index;
  listeners.forEach(listener => listener());
}

function className(id, dataset = cell().dataset) {
  const found = data.datasets[dataset].classes[id];
  return found ? found.name : `class ${id}`;
}
const classCode = id => (data.datasets[cell().dataset].classes[id] || { code: "" }).code;

// ---- colours: resolved by the browser, so that canvases follow theme and print

let palette = null;
const probe = el("span", { hidden: true });
document.body.append(probe);
function resolve(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
function parts(colour) {
  const found = colour.match(/[\d.]+/g).map(Number);
  return colour.startsWith("color(") ? found.slice(0, 3).map(v => v * 255) : found.slice(0, 3);
}
const hexed = hex => `rgb(${[1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16)).join(",")})`;
function colours() {
  if (!palette) {
    palette = {};
    for (const name of ["paper", "panel", "ink", "soft", "line", "strong-line", "accent", "wrong", "zero-cell", "ramp-low", "ramp-high", "left", "right"])
      palette[name] = resolve(name);
    for (const name of ["ramp-low", "ramp-high", "panel", "accent", "wrong", "zero-cell"]) palette[name + "-rgb"] = parts(palette[name]);
  }
  return palette;
}
function blend(from, to, share) {
  const a = colours()[from + "-rgb"], b = colours()[to + "-rgb"], t = Math.max(0, Math.min(1, share));
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * t)).join(",")})`;
}

const painters = [];
/** Register what draws a canvas: it is called again when theme, size or paper change. */
const onPaint = painter => { painters.push(painter); };
function repaint() { palette = null; painters.forEach(paint => paint()); }

/** Size a canvas for the screen's pixels; returns its context, in CSS pixels. */
function prepare(canvas, width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, root.dataset.print ? 3 : 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
const font = size => `${size}px ${getComputedStyle(document.body).fontFamily}`;

function shortened(context, words, width) {
  if (context.measureText(words).width <= width) return words;
  let short = words;
  while (short.length > 1 && context.measureText(short + "…").width > width) short = short.slice(0, -1);
  return short.trimEnd() + "…";
}
