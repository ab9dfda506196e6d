// Point anywhere in a plane of latents and see its picture at once: the four nearest of a grid that
// was decoded before are blended here.  Python hears of a place when the pointer lifts.
const TILES = 9; // pictures a side of the ground

class LatentPad {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    [this.ground, this.over, this.picture] = ["ground", "over", "picture"].map(this.find);
    this.caption = root.querySelector("figcaption");
    Object.assign(this, { small: document.createElement("canvas"), place: [0, 0] });
    this.tiles = document.createElement("canvas");
    this.listen();
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(this.ground);
  }

  destroy() {
    this.resized.disconnect();
  }

  update([header, body], report) {
    const fresh = this.header?.name !== header.name;
    Object.assign(this, { header, report });
    const { side, width, height, channels, count } = header;
    const take = reader(body);
    this.size = width * height * channels;
    this.pictures = take(Uint8Array, side * side * this.size);
    this.points = take(Float32Array, 2 * count);
    this.shades = take(Uint8Array, count);
    this.blend = new Uint8Array(this.size);
    this.ground.setAttribute("aria-label", `${header.title}. Arrow keys move the pointer, Enter decodes there.`);
    if (fresh) this.place = header.at;
    this.paint();
  }

  listen() {
    const { ground } = this;
    ground.addEventListener("pointermove", (event) => this.point(this.at(event), event.timeStamp));
    ground.addEventListener("pointerdown", (event) => {
      ground.setPointerCapture(event.pointerId);
      this.point(this.at(event), event.timeStamp);
    });
    ground.addEventListener("pointerup", () => this.send());
    ground.addEventListener("keydown", (event) => this.key(event));
  }

  at(event) {
    const box = this.ground.getBoundingClientRect();
    const share = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    return share.map((value) => Math.max(-1, Math.min(1, 2 * value - 1)));
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Enter") this.send();
    if (!step) return;
    event.preventDefault();
    this.point(this.place.map((value, axis) => Math.max(-1, Math.min(1, value + 0.03 * step[axis]))), event.timeStamp);
  }

  send() {
    const at = this.place.map((value) => value * this.header.reach);
    this.root.dataset.sent = at.map((value) => value.toFixed(3)).join();
    this.report({ name: this.header.name, at });
  }

  // The picture at a place in [-1, 1]²: a bilinear blend of four.
  point(place, since) {
    this.place = place;
    const { side, width, height, channels } = this.header;
    const [s, t] = [((place[0] + 1) / 2) * (side - 1), ((1 - place[1]) / 2) * (side - 1)];
    const [column, row] = [s, t].map((value) => Math.min(side - 2, Math.floor(value)));
    const [a, b] = [s - column, t - row];
    const weights = [(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b];
    const starts = [0, 1, side, side + 1].map((step) => (row * side + column + step) * this.size);
    for (let i = 0; i < this.size; i++) {
      let sum = 0.5;
      for (let k = 0; k < 4; k++) sum += weights[k] * this.pictures[starts[k] + i];
      this.blend[i] = sum;
    }
    paintPixels(this.small, this.blend, width, height, channels);
    if (this.scale) enlarge(this.picture, this.small, this.scale);
    this.cross();
    const { reach, axes } = this.header;
    this.caption.textContent = axes.map((name, axis) => `${name} ${(place[axis] * reach).toFixed(2)}`).join(" · ");
    Object.assign(this.root.dataset, { at: place.map((value) => value.toFixed(4)).join(), since: since ?? "" });
  }

  paint() {
    const [wide, ratio] = [this.ground.clientWidth, window.devicePixelRatio || 1];
    if (!wide || !this.header) return;
    Object.assign(this, { wide, ratio });
    const side = Math.round(wide * ratio);
    Object.assign(this.ground, { width: side, height: side });
    this.mosaic(side);
    this.dots(side);
    const room = this.picture.parentElement.clientWidth;
    this.scale = scaleToFit(this.header.width, this.header.height, Math.max(40, room), Math.max(140, Math.min(420, wide)));
    this.point(this.place);
    this.root.dataset.painted = Number(this.root.dataset.painted ?? 0) + 1;
  }

  // Every few pictures of the grid, faintly: what lies where.
  mosaic(room) {
    const { side, width, height, channels } = this.header;
    const context = this.ground.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.globalAlpha = 0.45;
    for (let i = 0; i < TILES * TILES; i++) {
      const [column, row] = [i % TILES, Math.floor(i / TILES)];
      const [x, y] = [column, row].map((at) => Math.round(((at + 0.5) / TILES) * (side - 1)));
      const start = (y * side + x) * this.size;
      paintPixels(this.tiles, this.pictures.subarray(start, start + this.size), width, height, channels);
      const edges = [column, column + 1, row, row + 1].map((at) => Math.round((at / TILES) * room));
      context.drawImage(this.tiles, edges[0], edges[2], edges[1] - edges[0], edges[3] - edges[2]);
    }
    context.globalAlpha = 1;
  }

  dots(side) {
    const context = this.ground.getContext("2d");
    const [palette, radius] = [this.header.palette, this.ratio * 2.2];
    context.globalAlpha = 0.85;
    for (let i = 0; i < this.header.count; i++) {
      const [x, y] = [this.points[2 * i], this.points[2 * i + 1]].map((value) => value / this.header.reach);
      if (Math.max(Math.abs(x), Math.abs(y)) > 1) continue;
      context.fillStyle = palette[this.shades[i]];
      context.beginPath();
      context.arc(((x + 1) / 2) * side, ((1 - y) / 2) * side, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  cross() {
    const { over, wide, ratio, header } = this;
    if (!wide) return;
    const side = Math.round(wide * ratio);
    if (over.width !== side || over.height !== side) Object.assign(over, { width: side, height: side });
    const context = over.getContext("2d");
    const look = lookOf(this.root);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, wide);
    const on = ([x, y]) => [((x + 1) / 2) * wide, ((1 - y) / 2) * wide];
    header.marks.forEach((mark, i) => this.mark(context, on(mark.map((value) => value / header.reach)), header.letters[i], look));
    const [x, y] = on(this.place);
    for (const [colour, width] of [[look.paper, 4], [look.accent, 2]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      context.beginPath();
      context.arc(x, y, 8, 0, 2 * Math.PI);
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) (context.moveTo(x + 4 * dx, y + 4 * dy), context.lineTo(x + 14 * dx, y + 14 * dy));
      context.stroke();
    }
  }

  mark(context, [x, y], letter, look) {
    Object.assign(context, { fillStyle: look.ink, font: "600 13px sans-serif", textAlign: "center", textBaseline: "middle" });
    context.beginPath();
    context.arc(x, y, 11, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = look.paper;
    context.fillText(letter, x, y + 0.5);
  }
}

const pads = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  if (!pads.has(root)) pads.set(root, new LatentPad(root));
  pads.get(root).update(unpack(data), (place) => setStateValue("place", place));
  return () => {
    if (!root.isConnected) pads.get(root)?.destroy();
  };
}
