// A wall of pictures, one of them chosen: a radio group that a click or the arrow keys move through.
class Wall {
  constructor(root) {
    this.root = root;
    this.buttons = [];
    root.addEventListener("keydown", (event) => this.key(event));
  }

  update([header, body], report) {
    Object.assign(this, { header, report });
    this.root.setAttribute("aria-label", header.title);
    if (this.buttons.length !== header.count) this.hang(header.count);
    const { width, height, channels } = header;
    const size = width * height * channels;
    const marked = new Set(header.marked);
    this.buttons.forEach((button, i) => {
      paintPixels(button.firstChild, body.subarray(i * size, (i + 1) * size), width, height, channels);
      button.classList.toggle("marked", marked.has(i));
      button.setAttribute("aria-label", `Picture ${i + 1}${marked.has(i) ? ", a copy" : ""}`);
    });
    this.show(header.chosen);
    this.root.dataset.painted = header.count;
  }

  hang(count) {
    this.buttons = Array.from({ length: count }, (_, i) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.setAttribute("role", "radio");
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => this.choose(i));
      return button;
    });
    this.root.replaceChildren(...this.buttons);
  }

  show(chosen) {
    this.chosen = chosen;
    this.buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", i === chosen);
      button.tabIndex = i === chosen ? 0 : -1;
    });
  }

  choose(i) {
    if (i < 0 || i >= this.buttons.length || i === this.chosen) return;
    this.show(i);
    this.buttons[i].focus({ preventScroll: true });
    this.report(i);
  }

  key(event) {
    const columns = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose(this.chosen + step);
  }
}

const walls = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".wall");
  if (!walls.has(root)) walls.set(root, new Wall(root));
  walls.get(root).update(unpack(data), (chosen) => setStateValue("chosen", chosen));
}
