// Two Gaussians in the plane and the Fréchet distance between them, all in the browser.
// Each is { x, y, a, b, turn }: its centre, the standard deviations along and across an axis at `turn`.
const EXTENT = 4;
const [NARROWEST, WIDEST] = [0.12, 2.2]; // standard deviations
const NUDGE = 0.1; // of an arrow key
const POINTS = 240; // of a cloud
const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const ready = (one, two, said, ring = false) => ({ clouds: [one, two], said, ring });
const POSITIONS = {
  Start: ready({ x: -1.2, y: -0.5, a: 1.0, b: 0.45, turn: 0.6 }, { x: 1.1, y: 0.6, a: 0.75, b: 0.55, turn: -0.3 }, "Drag a centre (filled) or the end of an axis (hollow)."),
  Apart: ready({ x: -2, y: 0, a: 0.8, b: 0.5, turn: 0.5 }, { x: 2, y: 0, a: 0.8, b: 0.5, turn: 0.5 }, "Equal shapes, far apart: the spreads add nothing."),
  Wider: ready({ x: 0, y: 0, a: 0.5, b: 0.5, turn: 0 }, { x: 0, y: 0, a: 1.6, b: 1.6, turn: 0 }, "One centre, unequal spreads: a generator that draws too little variety, or too much."),
  Turned: ready({ x: 0, y: 0, a: 1.5, b: 0.4, turn: 0.785 }, { x: 0, y: 0, a: 1.5, b: 0.4, turn: -0.785 }, "The same sizes, turned: each pixel varies as it should, but not with the others."),
  "Blind to it": ready({ x: 0, y: 0, a: 1.1, b: 1.1, turn: 0 }, { x: 0, y: 0, a: 1.1, b: 1.1, turn: 0 }, "A ring and a blob with equal mean and covariance: anyone sees the difference, and the distance is 0.", true),
};

const covariance = ({ a, b, turn }) => {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return { xx: a * a * c * c + b * b * s * s, yy: a * a * s * s + b * b * c * c, xy: (a * a - b * b) * c * s };
};

// ‖μ₁ − μ₂‖² and tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½); of a 2 x 2 matrix, tr M^½ = √(tr M + 2 √det M).
function distance([one, two]) {
  const [p, q] = [covariance(one), covariance(two)];
  const product = p.xx * q.xx + 2 * p.xy * q.xy + p.yy * q.yy;
  const root = Math.sqrt(product + 2 * one.a * one.b * two.a * two.b);
  const spreads = Math.max(0, p.xx + p.yy + q.xx + q.yy - 2 * root);
  return { centres: (one.x - two.x) ** 2 + (one.y - two.y) ** 2, spreads };
}

// Points whose mean is 0 and whose covariance is 1 in both directions: a blob, or a ring.
const blob = Array.from({ length: POINTS }, (_, i) => [Math.sqrt(-2 * Math.log(1 - (i + 0.5) / POINTS)), i * GOLDEN]);
const ring = Array.from({ length: POINTS }, (_, i) => [Math.sqrt(2 + 0.3 * ((i % 3) - 1)), (2 * Math.PI * i) / POINTS]);

const place = ({ x, y, a, b, turn }, u, v) => [x + u * a * Math.cos(turn) - v * b * Math.sin(turn), y + u * a * Math.sin(turn) + v * b * Math.cos(turn)];
const inside = (value, low, high) => Math.min(Math.max(value, low), high);

function svg(name, attributes = {}, parent = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

class Gaussians {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.build();
    this.listen();
    this.take("Start");
  }

  build() {
    const plane = this.find(".plane");
    for (const [x, y] of [[EXTENT, 0], [0, EXTENT]]) svg("line", { class: "axis", x1: -x, y1: -y, x2: x, y2: y }, plane);
    this.gap = svg("line", { class: "gap" }, plane);
    this.parts = [0, 1].map((which) => this.buildOne(plane, which));
    for (const name of Object.keys(POSITIONS)) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "text", textContent: name });
      button.addEventListener("click", () => this.take(name));
      this.find(".tools").append(button);
    }
    for (const which of [0, 1]) this.find("tbody").insertAdjacentHTML("beforeend", `<tr data-which="${which}"><th></th><td></td><td></td></tr>`);
  }

  buildOne(plane, which) {
    const group = svg("g", { "data-which": which }, plane);
    const cloud = svg("g", { class: "cloud" }, group);
    const dots = Array.from({ length: POINTS }, () => svg("circle", { r: 0.03 }, cloud));
    const outer = svg("ellipse", { class: "outer" }, group);
    const inner = svg("ellipse", { class: "inner" }, group);
    const arms = [0, 1].map(() => svg("line", { class: "arm" }, group));
    const names = { centre: "centre", along: "long axis", across: "short axis" };
    const grips = Object.fromEntries(Object.entries(names).map(([name, said]) => [name, this.grip(group, which, name, said)]));
    return { dots, outer, inner, arms, grips };
  }

  grip(group, which, name, said) {
    const grip = svg("g", { class: "grip", tabindex: 0, role: "button", "data-grip": name, "aria-label": `${which ? "Right" : "Left"} Gaussian: ${said}; arrow keys move it` }, group);
    svg("circle", { class: "reach", r: 0.32 }, grip);
    svg("circle", { class: `handle ${name}`, r: name === "centre" ? 0.12 : 0.1 }, grip);
    grip.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      grip.setPointerCapture(event.pointerId);
      grip.focus({ preventScroll: true });
      this.held = [which, name];
      this.root.classList.add("dragging");
      event.preventDefault();
    });
    grip.addEventListener("keydown", (event) => this.nudge(event, which, name));
    return grip;
  }

  listen() {
    const plane = this.find(".plane");
    plane.addEventListener("pointermove", (event) => this.held && this.move(...this.held, ...this.at(event)));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) plane.addEventListener(name, () => this.drop());
    this.find(".ring").addEventListener("change", () => this.draw());
  }

  at(event) {
    const plane = this.find(".plane");
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(plane.getScreenCTM().inverse());
    return [x, -y];
  }

  drop() {
    this.held = null;
    this.root.classList.remove("dragging");
  }

  nudge(event, which, name) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    const [x, y] = this.handles(this.clouds[which])[name];
    this.move(which, name, x + NUDGE * step[0], y + NUDGE * step[1]);
    event.preventDefault();
  }

  // Where the handles are: the ends of the axes lie on the ellipse of two standard deviations.
  handles(cloud) {
    return { centre: [cloud.x, cloud.y], along: place(cloud, 2, 0), across: place(cloud, 0, 2) };
  }

  move(which, name, x, y) {
    const cloud = this.clouds[which];
    if (name === "centre") Object.assign(cloud, { x: inside(x, -EXTENT, EXTENT), y: inside(y, -EXTENT, EXTENT) });
    else {
      const [dx, dy] = [x - cloud.x, y - cloud.y];
      cloud[name === "along" ? "a" : "b"] = inside(Math.hypot(dx, dy) / 2, NARROWEST, WIDEST);
      cloud.turn = Math.atan2(dy, dx) - (name === "along" ? 0 : Math.PI / 2);
    }
    this.said = "";
    this.draw();
  }

  take(name) {
    const { clouds, said, ring } = POSITIONS[name];
    this.clouds = clouds.map((one) => ({ ...one }));
    this.said = said;
    this.find(".ring").checked = ring;
    this.draw();
  }

  draw() {
    const isRing = this.find(".ring").checked;
    this.parts.forEach((parts, which) => this.drawOne(parts, this.clouds[which], isRing && which === 0));
    const [one, two] = this.clouds;
    for (const [key, value] of Object.entries({ x1: one.x, y1: -one.y, x2: two.x, y2: -two.y })) this.gap.setAttribute(key, value);
    const terms = distance(this.clouds);
    this.tell(terms);
    this.number();
    this.find(".said").textContent = this.said || (isRing ? "The formula knows a centre and a spread of each cloud, nothing else: the ring changes no number." : "");
    this.root.dataset.state = JSON.stringify({ clouds: this.clouds, ring: isRing, ...terms });
  }

  drawOne({ dots, outer, inner, arms, grips }, cloud, isRing) {
    (isRing ? ring : blob).forEach(([r, angle], i) => {
      const [x, y] = place(cloud, r * Math.cos(angle), r * Math.sin(angle));
      dots[i].setAttribute("cx", x);
      dots[i].setAttribute("cy", -y);
    });
    const degrees = (-cloud.turn * 180) / Math.PI;
    [[inner, 1], [outer, 2]].forEach(([ellipse, times]) => {
      for (const [key, value] of Object.entries({ rx: times * cloud.a, ry: times * cloud.b })) ellipse.setAttribute(key, value);
      ellipse.setAttribute("transform", `translate(${cloud.x} ${-cloud.y}) rotate(${degrees})`);
    });
    const handles = this.handles(cloud);
    for (const [name, [x, y]] of Object.entries(handles)) grips[name].setAttribute("transform", `translate(${x} ${-y})`);
    ["along", "across"].forEach((name, i) => {
      const [x, y] = handles[name];
      for (const [key, value] of Object.entries({ x1: cloud.x, y1: -cloud.y, x2: x, y2: -y })) arms[i].setAttribute(key, value);
    });
  }

  // Numbers and bars, on a scale that grows by four where they would leave it.
  tell({ centres, spreads }) {
    const total = centres + spreads;
    const scale = [4, 16, 64, 256].find((one) => total <= one) ?? 1024;
    const show = (term, value, widths) => {
      const row = this.find(`[data-term="${term}"]`);
      row.querySelector("output").textContent = value.toFixed(2);
      [...row.querySelectorAll(".track div")].forEach((bar, i) => (bar.style.width = `${(100 * widths[i]) / scale}%`));
    };
    show("centres", centres, [centres]);
    show("spreads", spreads, [spreads]);
    show("total", total, [centres, spreads]);
    this.find(".scale").textContent = `bars from 0 to ${scale}`;
  }

  number() {
    [...this.find("tbody").children].forEach((row, which) => {
      const [cloud, name] = [this.clouds[which], which ? "right, 2" : "left, 1"];
      const { xx, xy, yy } = covariance(cloud);
      const say = (...values) => values.map((value) => value.toFixed(2).replace("-", "−")).join(", ");
      const texts = [name, `μ = (${say(cloud.x, cloud.y)})`, `Σ = (${say(xx, xy)} | ${say(xy, yy)})`];
      texts.forEach((text, i) => (row.children[i].textContent = text));
    });
  }
}

const boards = new WeakMap();

export default function ({ parentElement }) {
  const root = parentElement.querySelector(".gaussians");
  if (!boards.has(root)) boards.set(root, new Gaussians(root));
}
