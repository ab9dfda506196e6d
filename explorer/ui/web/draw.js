// A draw pad: strokes on fine paper, averaged down to the model's few pixels, sent while drawing.
const FINE = 12; // fine pixels per pixel of the model
const EVERY = 80; // milliseconds between two messages to Python, at least
const INKS = ["#ffffff", "#9a9a9a", "#000000", "#e5484d", "#f2a33a", "#f5d90a", "#46a758", "#2f7de1", "#8e4ec6", "#a0693d"];

class DrawPad {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    Object.assign(this, { strokes: [], ink: INKS[0], sentAt: -Infinity, sent: null });
    this.listen();
  }

  update({ size, colour }, report) {
    this.report = report;
    if (this.size === size && this.colour === colour) return;
    Object.assign(this, { size, colour, strokes: [] });
    this.root.classList.toggle("colour", colour);
    this.root.querySelector("figcaption").textContent = `${size} × ${size}`;
    for (const [name, side] of [["paper", size * FINE], ["seen", size]]) Object.assign(this.find(name), { width: side, height: side });
    this.find("inks").replaceChildren(...INKS.map((ink) => this.inkButton(ink)));
    this.redraw();
  }

  inkButton(ink) {
    const button = Object.assign(document.createElement("button"), { type: "button", title: ink });
    button.setAttribute("role", "radio");
    button.setAttribute("aria-label", `Ink ${ink}`);
    button.setAttribute("aria-checked", ink === this.ink);
    button.style.setProperty("--this", ink);
    button.addEventListener("click", () => {
      this.ink = ink;
      for (const other of this.find("inks").children) other.setAttribute("aria-checked", other === button);
    });
    return button;
  }

  listen() {
    const paper = this.find("paper");
    paper.addEventListener("pointerdown", (event) => {
      if (event.button || this.stroke) return;
      paper.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.stroke = { width: Number(this.find("brush").value), ink: this.colour ? this.ink : INKS[0], points: [] };
      this.strokes.push(this.stroke);
      this.extend(event);
      event.preventDefault();
    });
    paper.addEventListener("pointermove", (event) => {
      if (!this.stroke || event.pointerId !== this.pointer) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this.extend(each);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
      paper.addEventListener(name, (event) => {
        if (this.stroke && event.pointerId === this.pointer) this.stroke = null;
      });
    this.find("undo").addEventListener("click", () => (this.strokes.pop(), this.redraw()));
    this.find("clear").addEventListener("click", () => ((this.strokes = []), this.redraw()));
    const brush = this.find("brush");
    const shade = () => brush.style.setProperty("--done", `${(100 * (brush.value - brush.min)) / (brush.max - brush.min)}%`);
    brush.addEventListener("input", shade);
    shade();
  }

  extend(event) {
    const box = this.find("paper").getBoundingClientRect();
    const { points } = this.stroke;
    points.push([((event.clientX - box.left) / box.width) * this.size, ((event.clientY - box.top) / box.height) * this.size]);
    this.line(this.stroke, Math.max(0, points.length - 2));
    this.changed();
  }

  line({ width, ink, points }, from = 0) {
    const context = this.find("paper").getContext("2d", { willReadFrequently: true });
    Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: ink, lineWidth: width * FINE });
    context.beginPath();
    context.moveTo(points[from][0] * FINE, points[from][1] * FINE);
    for (const [x, y] of points.slice(from)) context.lineTo(x * FINE, y * FINE);
    context.stroke();
  }

  redraw() {
    const paper = this.find("paper");
    const context = paper.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#000000";
    context.fillRect(0, 0, paper.width, paper.height);
    for (const stroke of this.strokes) this.line(stroke);
    this.changed();
  }

  changed() {
    this.find("undo").disabled = this.find("clear").disabled = !this.strokes.length;
    if (this.waiting) return;
    const wait = Math.max(0, this.sentAt + EVERY - performance.now());
    this.waiting = setTimeout(() => {
      this.waiting = null;
      this.send();
    }, wait);
  }

  send() {
    this.sentAt = performance.now();
    const pixels = this.average();
    paintPixels(this.find("seen"), pixels, this.size, this.size, this.colour ? 3 : 1);
    const text = this.strokes.length ? base64(pixels) : "";
    if (text === (this.sent ?? "")) return;
    this.sent = text;
    this.root.dataset.sent = Number(this.root.dataset.sent ?? 0) + 1;
    this.report(text);
  }

  // The mean over each block of fine pixels: soft edges, as in a scanned digit.
  average() {
    const { size } = this;
    const side = size * FINE;
    const channels = this.colour ? 3 : 1;
    const rgba = this.find("paper").getContext("2d", { willReadFrequently: true }).getImageData(0, 0, side, side).data;
    const sums = new Float32Array(size * size * channels);
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let c = 0; c < channels; c++) sums[(Math.floor(y / FINE) * size + Math.floor(x / FINE)) * channels + c] += rgba[(y * side + x) * 4 + c];
    return Uint8Array.from(sums, (sum) => Math.round(sum / (FINE * FINE)));
  }

  destroy() {
    clearTimeout(this.waiting);
  }
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

const pads = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".draw");
  if (!pads.has(root)) pads.set(root, new DrawPad(root));
  pads.get(root).update(data, (text) => setStateValue("image", text));
  return () => {
    if (!root.isConnected) pads.get(root)?.destroy();
  };
}
