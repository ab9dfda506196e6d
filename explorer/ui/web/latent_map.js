// A map of points that are pictures: it pans or turns, zooms, shows a picture under the pointer, and
// tells Python which point was chosen or which were circled.
const CATCH = 14; // CSS pixels around the pointer in which a point is found
const GLIDE = 700; // milliseconds from an old layout to a new one
const START = [0.6, 0.35]; // radians to the side and down, at which a map in three dimensions begins
const GRIP = 140; // CSS pixels that turn it by one radian
const HIDDEN = 8; // squared CSS pixels that a point in the middle seems farther than one in front

class LatentMap {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    [this.view, this.over, this.tip] = ["view", "over", "tip"].map(this.find);
    this.scatter = new Scatter(this.view);
    Object.assign(this, { mode: "move", zoom: 1, middle: [0, 0], turned: START, chosen: -1, lasso: null, inside: null });
    this.listen();
    this.setMode("move");
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(this.view);
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.themed = () => setTimeout(() => this.paint(), 60);
    this.theme.addEventListener("change", this.themed);
  }

  destroy() {
    this.resized.disconnect();
    this.theme.removeEventListener("change", this.themed);
    cancelAnimationFrame(this.gliding);
  }

  update([header, body], report) {
    const before = this.header;
    Object.assign(this, { header, report });
    const { count, extra, width, height, channels, links, axes } = header;
    const take = reader(body);
    const places = take(Float32Array, axes * (count + extra));
    this.shades = take(Uint8Array, count);
    this.values = take(Float32Array, count);
    this.near = take(Uint32Array, count * links);
    this.size = width * height * channels;
    this.thumbs = take(Uint8Array, (count + extra) * this.size);
    this.colours = header.palette.map((hex) => packed(redGreenBlue(hex)));
    if (before?.name !== header.name) {
      // Other points: nothing that was chosen or circled among the ones before means anything.
      Object.assign(this, { chosen: -1, inside: null, turn: undefined, zoom: 1, middle: [0, 0] });
    }
    if (before?.axes !== axes) this.reset(false);
    if (this.turn !== header.turn) Object.assign(this, { turn: header.turn, chosen: header.pick });
    this.glide(before?.name === header.name && before.axes === axes ? this.home : null, places);
    const does = axes === 3 ? "turn" : "move";
    this.find("modes").firstElementChild.textContent = does[0].toUpperCase() + does.slice(1);
    this.view.setAttribute("aria-label", `${header.title}: ${count} points. Arrow keys ${does} the map, plus and minus zoom.`);
    this.hangLegend();
    Object.assign(this.root.dataset, { points: count, extra });
    this.tell();
  }

  // Go over from the layout before to a new one of the same points.
  glide(from, to) {
    cancelAnimationFrame(this.gliding);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.home = to;
    if (!from || still || from.every((value, i) => value === to[i]) || !from.length) return this.paint();
    const [start, now] = [performance.now(), to.slice()];
    const step = (time) => {
      const share = Math.max(0, Math.min(1, (time - start) / GLIDE));
      const eased = share * share * (3 - 2 * share);
      for (let i = 0; i < to.length; i++) now[i] = i < from.length ? from[i] + eased * (to[i] - from[i]) : to[i];
      this.home = share < 1 ? now : to;
      this.paint();
      if (share < 1) this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  // Seeing --------------------------------------------------------------------------------------

  fit() {
    const ratio = window.devicePixelRatio || 1;
    const wide = this.view.clientWidth;
    const [across, up] = this.header?.sides ?? [1, 1];
    const high = Math.round(Math.min(0.72 * window.innerHeight, Math.max(320, Math.min(0.82, 0.06 + up / across) * wide)));
    this.view.style.height = `${high}px`;
    Object.assign(this, { ratio, wide, high, unit: this.zoom });
    if (!wide || !this.header) return false;
    this.unit *= 0.47 * Math.min(wide / across, high / up);
    return true;
  }

  // Where points are seen, and in three dimensions in which order: the farthest first.
  project() {
    const deep = this.header.axes === 3;
    this.places = deep ? turned(this.home, ...this.turned) : this.home;
    this.order = deep ? farthestFirst(this.places.depth, this.header.count) : null;
  }

  right = (i) => this.wide / 2 + (this.places[2 * i] - this.middle[0]) * this.unit;
  down = (i) => this.high / 2 - (this.places[2 * i + 1] - this.middle[1]) * this.unit;

  paint() {
    if (!this.fit()) return;
    this.project();
    const { ratio, scatter, header } = this;
    const look = lookOf(this.root);
    scatter.begin(Math.round(this.wide * ratio), Math.round(this.high * ratio), redGreenBlue(look.paper));
    const radius = ratio * Math.min(9, Math.max(1.5, Math.min(4.2, 130 / Math.sqrt(header.count))) * this.zoom ** 0.4);
    const [clear, faint] = [scatter.disc(radius, 0.85), scatter.disc(radius, 0.12)];
    const far = this.order && scatter.disc(0.8 * radius, 0.5);
    for (let at = 0; at < header.count; at++) {
      const i = this.order ? this.order[at] : at;
      const seen = this.order && this.places.depth[i] < 0 ? far : clear;
      const disc = this.inside && !this.inside[i] ? faint : seen;
      scatter.dot(ratio * this.right(i), ratio * this.down(i), disc, this.colours[this.shades[i]]);
    }
    scatter.end();
    drawMarks(this, look);
    this.root.dataset.painted = Number(this.root.dataset.painted ?? 0) + 1;
  }

  hangLegend() {
    const { names, palette, range, unit } = this.header;
    const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
    const swatch = (name, i) => {
      const item = make("span", name);
      const dot = make("i");
      dot.style.background = palette[i];
      item.prepend(dot);
      return item;
    };
    const ramp = make("b");
    ramp.style.background = `linear-gradient(to right, ${palette.join(",")})`;
    const scale = range && [make("span", `${unit}:`), make("span", range[0]), ramp, make("span", range[1])];
    const added = this.header.extra ? [make("span", `◇ ${this.header.added}`)] : [];
    this.find("legend").replaceChildren(...(scale || names.map(swatch)), ...added);
  }

  // Looking closer ------------------------------------------------------------------------------

  nearest(x, y) {
    let [best, found] = [CATCH * CATCH, -1];
    const { depth } = this.places;
    for (let i = 0; i < this.header.count + this.header.extra; i++) {
      const behind = depth ? HIDDEN * (1 - depth[i]) : 0;
      const away = (this.right(i) - x) ** 2 + (this.down(i) - y) ** 2 + behind;
      if (away < best || (away === best && i >= this.header.count)) [best, found] = [away, i];
    }
    return found;
  }

  hover(x, y) {
    const found = this.nearest(x, y);
    this.tip.hidden = found < 0;
    if (found >= 0) this.tip.style.transform = `translate(${this.tipAt(x, this.wide, 108)}px, ${this.tipAt(y, this.high, 150)}px)`;
    if (found === this.hovered) return;
    this.hovered = found;
    this.root.dataset.hovered = found;
    drawMarks(this);
    if (found < 0) return;
    const { width, height, channels } = this.header;
    const pixels = this.thumbs.subarray(found * this.size, (found + 1) * this.size);
    paintPixels(this.tip.firstChild, pixels, width, height, channels);
    this.tip.lastChild.textContent = this.words(found);
  }

  tipAt = (at, room, size) => (at + 18 + size > room ? Math.max(0, at - 18 - size) : at + 18);

  words(i) {
    const { count, names, range, unit, added } = this.header;
    if (i >= count) return added;
    return range ? `${unit} ${Number(this.values[i].toPrecision(3))}` : (names[this.shades[i]] ?? "");
  }

  // Acting --------------------------------------------------------------------------------------

  listen() {
    const { view } = this;
    view.addEventListener("pointerdown", (event) => this.press(event));
    view.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, (event) => this.lift(event));
    view.addEventListener("pointerleave", () => this.held || this.hover(-1e4, -1e4));
    view.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    view.addEventListener("dblclick", () => this.reset());
    view.addEventListener("keydown", (event) => this.key(event));
    this.find("reset").addEventListener("click", () => this.reset());
    for (const button of this.find("modes").children) button.addEventListener("click", () => this.setMode(button.dataset.mode));
  }

  setMode(mode) {
    this.mode = this.view.dataset.mode = mode;
    for (const button of this.find("modes").children) button.setAttribute("aria-checked", button.dataset.mode === mode);
  }

  at(event) {
    const box = this.view.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button) return;
    this.view.setPointerCapture(event.pointerId);
    this.held = { at: this.at(event), middle: this.middle, turned: this.turned, moved: false };
    if (this.mode === "lasso" || event.shiftKey) this.lasso = [this.held.at];
  }

  move(event) {
    const [x, y] = this.at(event);
    if (!this.held) return this.hover(x, y);
    const [dx, dy] = [x - this.held.at[0], y - this.held.at[1]];
    this.held.moved ||= Math.hypot(dx, dy) > 4;
    if (!this.held.moved) return;
    this.hover(-1e4, -1e4);
    this.view.classList.add("held");
    if (this.lasso) {
      this.lasso.push([x, y]);
      return drawMarks(this);
    }
    if (this.header.axes === 3) this.turned = [this.held.turned[0] + dx / GRIP, upright(this.held.turned[1] + dy / GRIP)];
    else this.middle = [this.held.middle[0] - dx / this.unit, this.held.middle[1] + dy / this.unit];
    this.paint();
  }

  lift(event) {
    if (!this.held) return;
    const { moved } = this.held;
    this.held = null;
    this.view.classList.remove("held");
    if (!moved) this.choose(this.nearest(...this.at(event)));
    else if (this.lasso) this.circle();
    this.lasso = null;
    this.paint();
  }

  choose(i) {
    if (i < 0) {
      if (this.inside) this.select(null);
      return;
    }
    this.chosen = i;
    this.tell();
    this.report("chosen", { name: this.header.name, point: i });
  }

  circle() {
    const inside = Uint8Array.from({ length: this.header.count }, (_, i) => encloses(this.lasso, this.right(i), this.down(i)));
    this.select(inside);
  }

  select(inside) {
    this.inside = inside;
    this.tell();
    this.paint();
    this.report("lasso", inside && { name: this.header.name, bits: bits(inside) });
  }

  tell() {
    const { count, extra, of } = this.header;
    const circled = this.inside?.reduce((sum, one) => sum + one, 0);
    const said = circled === undefined ? `${count.toLocaleString("en")} of ${of.toLocaleString("en")} images` : `${circled.toLocaleString("en")} of ${count.toLocaleString("en")} circled`;
    this.find("count").textContent = extra ? `${said}, ${extra} more ◇` : said;
    Object.assign(this.root.dataset, { chosen: this.chosen, circled: circled ?? "" });
  }

  wheel(event) {
    event.preventDefault();
    const [x, y] = this.at(event);
    const factor = Math.exp(-0.0015 * Math.max(-300, Math.min(300, event.deltaY)));
    const zoom = Math.max(0.5, Math.min(40, this.zoom * factor));
    const [before, after] = [this.unit, (this.unit * zoom) / this.zoom];
    const [dx, dy] = [x - this.wide / 2, this.high / 2 - y];
    this.middle = [this.middle[0] + dx / before - dx / after, this.middle[1] + dy / before - dy / after];
    this.zoom = zoom;
    this.paint();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const factor = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
    if (!step && !factor) return;
    event.preventDefault();
    if (step && this.header.axes === 3) this.turned = [this.turned[0] - 0.1 * step[0], upright(this.turned[1] + 0.1 * step[1])];
    else if (step) this.middle = this.middle.map((value, axis) => value + (0.15 * step[axis]) / this.zoom);
    if (factor) this.zoom = Math.max(0.5, Math.min(40, this.zoom * factor));
    this.paint();
  }

  reset(paint = true) {
    Object.assign(this, { zoom: 1, middle: [0, 0], turned: START });
    if (paint) this.paint();
  }
}

const maps = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".map");
  if (!maps.has(root)) maps.set(root, new LatentMap(root));
  maps.get(root).update(unpack(data), (name, value) => setStateValue(name, value));
  return () => {
    if (!root.isConnected) maps.get(root)?.destroy();
  };
}
