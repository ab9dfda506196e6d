// The board of a game. A painted picture asks for the next: the browser sets the pace, and a click
// on Pause stops the asking here and now.
const FASTEST = 50; // milliseconds between two questions, at least
const PATIENCE = 5000; // milliseconds after which an unanswered question is asked again
const SYMBOLS = { play: "M6 3.5v13l11-6.5z", pause: "M5 4h3.6v12H5zM11.4 4H15v12h-3.6z" };

class GameBoard {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    this.screen = new PlaneScreen(this.find("plane"));
    Object.assign(this, { asked: -1, playing: false, pictures: 0 });
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(root);
    this.listen();
  }

  destroy() {
    this.playing = false;
    clearTimeout(this.timer);
    this.resized.disconnect();
  }

  update([header, body], ask) {
    const first = this.asked < 0;
    this.ask = ask;
    this.header = header;
    this.moment = momentOf(header.track, body);
    // An answer to a question that was overtaken by a click says nothing about playing.
    if (header.turn >= this.asked) {
      this.asked = header.turn;
      this.setPlaying(header.playing);
    }
    this.fit();
    if (first && this.playing && matchMedia("(prefers-reduced-motion: reduce)").matches) this.wish("pause");
    else if (this.playing && header.turn === this.asked) this.next();
  }

  // --- questions

  // Ask for the next picture once this one is seen and the fastest pace allows it.
  next() {
    clearTimeout(this.timer);
    const wait = Math.max(0, FASTEST - (performance.now() - (this.since ?? 0)));
    this.timer = setTimeout(() => requestAnimationFrame(() => this.playing && this.wish("play")), wait);
  }

  wish(act) {
    clearTimeout(this.timer);
    this.setPlaying(act === "play" || act === "restart");
    this.since = performance.now();
    this.ask({ turn: ++this.asked, act, rounds: act === "play" ? Number(this.find("speed").value) : 1 });
    if (this.playing) this.timer = setTimeout(() => this.wish("play"), PATIENCE);
  }

  setPlaying(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    this.root.dataset.playing = playing;
    this.find("icon").setAttribute("d", playing ? SYMBOLS.pause : SYMBOLS.play);
    this.find("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    this.find("play").title = playing ? "Pause (space)" : "Play (space)";
  }

  listen() {
    this.find("play").addEventListener("click", () => this.wish(this.playing ? "pause" : "play"));
    for (const button of this.root.querySelectorAll("[data-act]")) button.addEventListener("click", () => this.wish(button.dataset.act));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target.matches("button, select")) return;
      event.preventDefault();
      this.wish(this.playing ? "pause" : "play");
    });
    this.root.addEventListener("transitionend", (event) => event.target === this.root && this.paint()); // another theme
  }

  // --- what is seen

  fit() {
    if (!this.moment) return;
    const most = Math.max(280, Math.min(560, 0.66 * window.innerHeight));
    this.screen.fit(this.moment.track, this.find("field").clientWidth, most);
    this.paint();
  }

  paint() {
    if (!this.moment) return;
    const { round, turn } = this.header;
    this.screen.paint(this.moment);
    this.screen.canvas.setAttribute("aria-label", `The plane after ${round} rounds`);
    this.find("round").querySelector("output").textContent = round.toLocaleString("en");
    this.paintMeters();
    Object.assign(this.root.dataset, { round, turn, pictures: ++this.pictures });
  }

  paintMeters() {
    const { course, terms, modes, near, probability } = this.header;
    const [real, fake] = this.moment.track.colours;
    const style = getComputedStyle(this.root);
    const [ink, line] = ["--muted", "--line"].map((name) => style.getPropertyValue(name));
    for (const [name, colour] of [["real", real], ["fake", fake]]) this.root.style.setProperty(`--${name}`, colour);
    const plot = (name, title, said, lines, options = {}) => {
      const figure = this.find(name);
      figure.querySelector("figcaption").replaceChildren(title, ...said.map(words));
      drawPlot(figure.querySelector("canvas"), course.rounds, lines, { ink, line, ...options });
    };
    plot(
      "opinions",
      probability ? "D thinks it is real" : "D's score",
      [["real points", terms["D(real)"], real], ["generated ones", terms["D(generated)"], fake]],
      [{ values: course.real, colour: real }, { values: course.fake, colour: fake }],
      probability ? { range: [0, 1], marks: [0, 0.5, 1] } : {},
    );
    plot(
      "losses",
      "Loss",
      [["of D", terms["D loss"], ink], ["of G", terms["G loss"], fake]],
      [{ values: course.dLoss, colour: ink }, { values: course.gLoss, colour: fake }],
    );
    this.find("modes").hidden = !modes;
    if (!modes) return;
    const [covered, all] = modes;
    plot(
      "modes",
      "Modes covered",
      [["", `${covered} of ${all}`, fake], ["points near one", `${Math.round(100 * near)} %`]],
      [{ values: course.modes, colour: fake, step: true }],
      { range: [0, all], marks: [0, all] },
    );
  }
}

// What a curve shows, its newest value in the curve's colour.
function words([name, value, colour = ""]) {
  const [said, number] = [document.createElement("span"), document.createElement("b")];
  number.textContent = typeof value === "string" ? value : short(value);
  number.style.color = colour;
  said.append(name && `${name} `, number);
  return said;
}

// One plane as `drawPlane` knows it: a film of a single frame, its arrays as they came.
function momentOf({ reels, ...how }, body) {
  let start = 0;
  const track = { ...how };
  for (const [name, { shape, wide }] of Object.entries(reels)) {
    const size = shape.reduce((product, side) => product * side, 1) * (wide ? 2 : 1);
    const bytes = body.slice(start, (start += size));
    track[name] = { shape, frames: 1, values: wide ? new Int16Array(bytes.buffer) : bytes };
  }
  return { film: { at: (reel) => reel.values }, track, frame: 0, next: 0, part: 0 };
}

const boards = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".game");
  if (!boards.has(root)) boards.set(root, new GameBoard(root));
  boards.get(root).update(unpack(data), (wish) => setStateValue("wish", wish));
  return () => {
    if (!root.isConnected) boards.get(root)?.destroy();
  };
}
