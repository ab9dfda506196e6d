// Sliders that ask Python for a picture while they move: one question at a time, and when an answer
// comes the newest position is asked next, so the picture follows at the server's own pace. A panel
// with a line of its own asks there, and tells the page once its sliders rest; else by a rerun.
const PATIENCE = 4000; // milliseconds after which an unanswered question is given up
const REST = 500; // milliseconds without a move

class DragPanel {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    this.figures = [];
    Object.assign(this, { asked: 0, answered: 0, values: null, sent: null });
    this.find("reset").addEventListener("click", () => this.reset());
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.find("view"));
  }

  destroy() {
    clearTimeout(this.timer);
    clearTimeout(this.resting);
    this.resized.disconnect();
  }

  update([header, body], ask) {
    this.ask = ask;
    if (this.header && header.turn < this.answered) return this.tell(); // the page is behind
    const sliders = JSON.stringify(header.sliders);
    if (this.sliders !== sliders) this.build(header, sliders);
    Object.assign(this, { header, body });
    for (const control of this.root.querySelectorAll("input, button")) control.disabled = header.locked;
    // A question of an earlier life of this page: go on counting after it.
    this.asked = Math.max(this.asked, header.turn);
    this.answered = header.turn;
    this.paint();
    this.next();
  }

  async inquire(question) {
    const answer = this.header.line && !this.cut && (await this.call(question));
    if (question.turn !== this.asked) return;
    if (!answer) return this.ask(question);
    const [told, body] = unpack(answer);
    this.header = { ...this.header, ...told };
    Object.assign(this, { body, answered: question.turn });
    this.paint();
    this.next();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.tell(), REST);
  }

  // What the line answers; nothing if it does not, which the page can explain.
  async call(question) {
    const body = JSON.stringify(question);
    const signal = AbortSignal.timeout(PATIENCE);
    const reply = await fetch(new URL(`drag/${this.header.line}`, document.baseURI), { method: "POST", body, signal }).catch(() => null);
    this.cut = reply?.status >= 400; // there is no such line on this server
    return reply?.status === 200 ? new Uint8Array(await reply.arrayBuffer()) : null;
  }

  tell() {
    this.ask({ turn: this.asked, values: { ...this.values } });
  }

  build(header, sliders) {
    this.sliders = sliders;
    this.values = { ...header.values };
    this.sent = JSON.stringify(this.values);
    this.root.setAttribute("aria-label", header.title);
    this.inputs = header.sliders.map((slider) => this.sliderRow(slider));
    this.find("sliders").replaceChildren(...this.inputs.map(({ label }) => label));
  }

  sliderRow({ name, label: text, low, high, step, unit, note, share, default: usual }) {
    const label = document.createElement("label");
    const title = Object.assign(document.createElement("span"), { textContent: text, title: text });
    const output = document.createElement("output");
    const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step });
    const digits = Math.min(6, (String(step).split(".")[1] ?? "").length);
    const show = () => {
      input.value = this.values[name];
      input.style.setProperty("--done", `${(100 * (input.value - low)) / (high - low)}%`);
      output.textContent = `${Number(input.value).toFixed(digits)}${unit ? ` ${unit}` : ""}`;
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.dataset.name = name;
    input.addEventListener("input", () => {
      this.values[name] = Number(input.value);
      show();
      this.next();
    });
    input.addEventListener("dblclick", () => {
      this.values[name] = usual;
      show();
      this.next();
    });
    label.append(title, ...this.meter(note, share), output, input);
    show();
    return { label, show };
  }

  meter(note, share) {
    if (share === null && !note) return [];
    const meter = Object.assign(document.createElement("small"), { textContent: note });
    meter.style.setProperty("--share", `${100 * (share ?? 0)}%`);
    return [meter];
  }

  reset() {
    for (const slider of this.header.sliders) this.values[slider.name] = slider.default;
    for (const { show } of this.inputs) show();
    this.next();
  }

  next() {
    const waiting = this.asked > this.answered;
    const values = JSON.stringify(this.values);
    this.root.classList.toggle("busy", waiting);
    if (waiting || values === this.sent) return;
    this.sent = values;
    this.asked++;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.answered = this.asked;
      this.next();
    }, PATIENCE);
    this.root.classList.add("busy");
    this.inquire({ turn: this.asked, values: { ...this.values } });
  }

  paint() {
    const { pictures, turn, values } = this.header;
    if (this.figures.length !== pictures.length) this.hang(pictures.length);
    let start = 0;
    pictures.forEach(({ title, width, height, channels }, i) => {
      const { small, picture, caption } = this.figures[i];
      const end = start + width * height * channels;
      paintPixels(small, this.body.subarray(start, end), width, height, channels);
      picture.setAttribute("aria-label", title);
      caption.textContent = pictures.length > 1 ? title : "";
      start = end;
    });
    this.fit();
    this.root.dataset.painted = turn;
    this.root.dataset.values = JSON.stringify(values);
  }

  hang(count) {
    const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
    this.figures = Array.from({ length: count }, () => {
      const [figure, picture, caption] = [make("figure", ""), make("canvas", "picture"), make("figcaption", "")];
      picture.setAttribute("role", "img");
      figure.append(picture, caption);
      return { figure, picture, caption, small: document.createElement("canvas") };
    });
    this.find("view").replaceChildren(...this.figures.map(({ figure }) => figure));
    this.root.classList.toggle("several", count > 1);
  }

  fit() {
    if (!this.header) return;
    const height = this.header.most ?? Math.max(200, Math.min(520, 0.62 * window.innerHeight));
    for (const { figure, picture, small } of this.figures) {
      const room = figure.clientWidth;
      if (room) enlarge(picture, small, scaleToFit(small.width, small.height, room, height));
    }
  }
}

const panels = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".drag");
  if (!panels.has(root)) panels.set(root, new DragPanel(root));
  panels.get(root).update(unpack(data), (question) => setStateValue("question", question));
  return () => {
    if (!root.isConnected) panels.get(root)?.destroy();
  };
}
