// A plot pad: points in [-1, 1]², y upwards, sprayed or laid along a line, sent when the pen lifts.
const EVERY = 16; // milliseconds between two puffs of a held spray
const PUFF = 4; // points of a puff
const SPACING = 0.012; // between the points of a line

class PlotPad {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    Object.assign(this, { points: [], past: [], mode: "spray" });
    this.listen();
    this.choose("spray");
    new ResizeObserver(() => this.draw()).observe(this.find("paper"));
  }

  update({ first, most, grain }, report) {
    const fresh = this.report === undefined;
    Object.assign(this, { most, grain, report });
    if (fresh) this.points = this.decode(first);
    this.draw();
  }

  listen() {
    const paper = this.find("paper");
    paper.addEventListener("pointerdown", (event) => {
      if (event.button || this.at) return;
      paper.setPointerCapture(event.pointerId);
      this.keep();
      this.move(event);
      this.timer = setInterval(() => this.mode === "spray" && this.act(), EVERY);
      event.preventDefault();
    });
    paper.addEventListener("pointermove", (event) => {
      if (!this.at) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this.move(each);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) paper.addEventListener(name, () => this.lift());
    paper.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      this.keep();
      this.at = [0, 0];
      for (let i = 0; i < 10; i++) this.act();
      this.lift();
    });
    for (const button of this.find("modes").children) button.addEventListener("click", () => this.choose(button.dataset.mode));
    this.find("undo").addEventListener("click", () => this.change(this.past.pop() ?? []));
    this.find("clear").addEventListener("click", () => (this.keep(), this.change([])));
    const brush = this.find("brush");
    const shade = () => brush.style.setProperty("--done", `${(100 * (brush.value - brush.min)) / (brush.max - brush.min)}%`);
    brush.addEventListener("input", shade);
    shade();
  }

  choose(mode) {
    this.mode = mode;
    for (const button of this.find("modes").children) button.setAttribute("aria-checked", button.dataset.mode === mode);
  }

  keep() {
    this.past = [...this.past.slice(-19), [...this.points]];
  }

  move(event) {
    const box = this.find("paper").getBoundingClientRect();
    const before = this.at;
    this.at = [((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2];
    if (this.mode !== "line" || !before) return this.act();
    const steps = Math.floor(Math.hypot(this.at[0] - before[0], this.at[1] - before[1]) / SPACING);
    const end = this.at;
    for (let i = 1; i <= steps; i++) {
      this.at = [0, 1].map((axis) => before[axis] + (i / steps) * (end[axis] - before[axis]));
      this.act();
    }
    this.at = steps ? end : before;
  }

  // What the tool does where the pen is.
  act() {
    const width = Number(this.find("brush").value);
    if (this.mode === "erase") this.points = this.points.filter(([x, y]) => Math.hypot(x - this.at[0], y - this.at[1]) > width);
    const count = this.mode === "spray" ? PUFF : this.mode === "line" ? 1 : 0;
    const spread = this.mode === "line" ? 0.12 * width : 0.5 * width;
    for (let i = 0; i < count && this.points.length < this.most; i++) {
      const [radius, angle] = [spread * Math.sqrt(-2 * Math.log(1 - Math.random())), 2 * Math.PI * Math.random()];
      const point = [this.at[0] + radius * Math.cos(angle), this.at[1] + radius * Math.sin(angle)];
      if (Math.max(...point.map(Math.abs)) <= 1) this.points.push(point);
    }
    this.draw();
  }

  lift() {
    if (!this.at) return;
    clearInterval(this.timer);
    this.at = null;
    this.change(this.points);
  }

  change(points) {
    this.points = points;
    this.draw();
    this.root.dataset.sent = Number(this.root.dataset.sent ?? 0) + 1;
    this.report(this.encode());
  }

  draw() {
    const paper = this.find("paper");
    const side = Math.round(paper.clientWidth * (window.devicePixelRatio || 1));
    if (!side) return;
    if (paper.width !== side) paper.width = paper.height = side;
    const context = paper.getContext("2d");
    const style = getComputedStyle(this.root);
    context.clearRect(0, 0, side, side);
    context.strokeStyle = style.getPropertyValue("--line");
    context.beginPath();
    for (const [x, y] of [[side / 2, 0], [0, side / 2]]) (context.moveTo(x, y), context.lineTo(side - x, side - y));
    context.stroke();
    context.fillStyle = style.getPropertyValue("--accent");
    context.globalAlpha = 0.7;
    for (const [x, y] of this.points) {
      context.beginPath();
      context.arc(((x + 1) / 2) * side, ((1 - y) / 2) * side, 0.005 * side, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    const count = this.points.length;
    this.find("count").textContent = `${count.toLocaleString("en")} point${count === 1 ? "" : "s"}`;
    this.find("undo").disabled = !this.past.length;
    this.find("clear").disabled = !count;
  }

  encode() {
    const grains = Int16Array.from(this.points.flat(), (value) => Math.round(value * this.grain));
    const bytes = new Uint8Array(grains.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(text);
  }

  decode(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const grains = new Int16Array(bytes.buffer);
    return Array.from({ length: grains.length / 2 }, (_, i) => [grains[2 * i] / this.grain, grains[2 * i + 1] / this.grain]);
  }

  destroy() {
    clearInterval(this.timer);
  }
}

const pads = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".plot");
  if (!pads.has(root)) pads.set(root, new PlotPad(root));
  pads.get(root).update(data, (text) => setStateValue("points", text));
  return () => {
    if (!root.isConnected) pads.get(root)?.destroy();
  };
}
