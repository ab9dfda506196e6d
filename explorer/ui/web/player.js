// The film player. Frames arrive once; from then on everything happens here, at the display's rate.
const ICONS = {
  play: "M6 3.5v13l11-6.5z",
  pause: "M5 4h3.6v12H5zM11.4 4H15v12h-3.6z",
};
const REPEATS = {
  loop: ["Repeat", "M6 5h7a3 3 0 0 1 3 3v1.5h-1.7V8.2c0-.8-.6-1.5-1.5-1.5H6v2L2.6 5.8 6 3zM14 15H7a3 3 0 0 1-3-3v-1.500h1.700v1.300c0 .8.6 1.500 1.500 1.500H14v-2l3.400 2.900L14 17z"],
  bounce: ["Back and forth", "M2.500 10 7 5.800V9h6V5.800L17.500 10 13 14.200V11H7v3.200z"],
  once: ["Play once", "M3 9.200h9.500V5.800L17 10l-4.500 4.200v-3.400H3z"],
};
const REST = 0.8; // seconds that the last frame is held before a film repeats
const STEP = 10; // frames a step takes with shift

class Player {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.${name}`);
    Object.assign(this, { film: null, frame: 0, clock: 0, turn: 0, playing: false, repeat: "loop" });
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(root);
    this.listen();
    this.setRepeat("loop");
  }

  destroy() {
    this.pause(false);
    this.turn++;
    this.resized.disconnect();
  }

  async update(message, report) {
    this.report = report;
    const turn = ++this.turn;
    const film = await Film.read(message, this.film?.blocks);
    const before = this.film;
    // Either a newer film arrived while this one was inflated, or nothing is new.
    if (turn !== this.turn || film.signature === before?.signature) return;
    const first = !before;
    const asked = before && film.value !== null && film.value !== before.value;
    const frame = asked ? Math.min(film.value, film.count - 1) : film.stand(before, this.frame);
    this.film = film;
    if (!sameTracks(before, film)) this.buildTracks();
    this.describe();
    if (!film.count) return;
    this.clock = frame + (this.clock % 1);
    this.show(frame);
    this.fit();
    if (first && film.autoplay && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.play();
  }

  // --- what is seen

  buildTracks() {
    const figures = this.film.tracks.map((track) => {
      const figure = document.createElement("figure");
      const canvas = document.createElement("canvas");
      const caption = document.createElement("figcaption");
      canvas.setAttribute("role", "img");
      canvas.classList.toggle("plane", Boolean(track.points));
      caption.textContent = track.title;
      figure.append(canvas, ...(track.title ? [caption] : []));
      return figure;
    });
    const widest = Math.max(...this.film.tracks.map((track) => track.picture?.shape[1] ?? Infinity));
    const least = Number.isFinite(widest) ? `${Math.max(120, Math.min(240, widest))}px` : "clamp(120px, 30cqi, 240px)";
    this.find("tracks").style.setProperty("--least", least);
    this.find("tracks").dataset.count = figures.length; // four never stand as three and one
    this.align(figures);
    this.find("tracks").replaceChildren(...figures);
    this.screens = this.film.tracks.map((track, i) => screenFor(track, figures[i].firstChild));
  }

  // Tracks under each other in columns of their own, as a table has them.
  align(figures) {
    const { places } = this.film;
    this.root.classList.toggle("aligned", Boolean(places));
    if (!places) return;
    const columns = Math.max(...places) + 1;
    this.find("tracks").style.setProperty("--columns", columns);
    this.find("tracks").style.setProperty("--half", Math.ceil(columns / 2));
    figures.forEach((figure, i) => {
      figure.style.setProperty("--at", places[i] + 1);
      figure.classList.toggle("below", i > 0 && places[i] < places[i - 1]);
    });
  }

  mark() {
    const buttons = Object.entries(this.film.marks ?? {}).map(([text, frame]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      button.dataset.to = frame;
      button.addEventListener("click", () => this.go(frame));
      return button;
    });
    this.find("marks").replaceChildren(...buttons);
  }

  describe() {
    const { film } = this;
    this.mark();
    const text = (i) => (film.ticks ? `${film.ticks[i].toLocaleString("en")}${film.unit ? ` ${film.unit}` : ""}` : `${i + 1}`);
    this.root.classList.toggle("empty", !film.count);
    this.root.dataset.frames = film.count;
    this.root.querySelectorAll("button, input, select").forEach((part) => (part.disabled = !film.count));
    this.find("scrub").max = Math.max(0, film.count - 1);
    this.find("from").textContent = film.count ? text(0) : "";
    this.find("to").textContent = film.count ? text(film.count - 1) : "";
  }

  fit() {
    if (!this.film?.count || !this.screens) return;
    const roomHeight = this.film.height ?? Math.max(200, Math.min(520, 0.62 * window.innerHeight));
    const alike = new Set(this.film.tracks.map((track) => `${track.picture?.shape}`)).size === 1;
    this.film.tracks.forEach((track, i) => {
      const roomWidth = this.screens[i].canvas.parentElement.clientWidth;
      if (roomWidth) this.screens[i].fit(track, roomWidth, roomHeight, alike);
    });
    this.paint();
  }

  paint(next = this.frame, part = 0) {
    const { film, frame } = this;
    film.tracks.forEach((track, i) => {
      this.screens[i].paint({ film, track, frame, next, part });
      this.screens[i].canvas.setAttribute("aria-label", `${track.title}, ${film.labels[frame]}`);
    });
    this.root.dataset.frame = frame;
  }

  show(frame, next, part) {
    const { film } = this;
    const scrub = this.find("scrub");
    this.frame = Math.max(0, Math.min(film.count - 1, frame));
    scrub.value = this.frame;
    scrub.style.setProperty("--done", `${film.count > 1 ? (100 * this.frame) / (film.count - 1) : 100}%`);
    scrub.setAttribute("aria-valuetext", film.labels[this.frame]);
    this.find("label").textContent = film.labels[this.frame];
    for (const button of this.find("marks").children) button.setAttribute("aria-pressed", Number(button.dataset.to) === this.frame);
    this.paint(next, part);
  }

  // --- time

  play() {
    if (this.playing || !this.film?.count) return;
    if (this.repeat === "once" && this.frame === this.film.count - 1) this.frame = 0;
    this.clock = this.frame;
    this.setPlaying(true);
    let last = performance.now();
    const tick = (now) => {
      if (!this.playing) return;
      const seconds = Math.min(0.25, Math.max(0, now - last) / 1000); // a tab that slept does not leap
      last = now;
      this.clock = (this.clock + seconds * this.film.fps * Number(this.find("speed").value)) % this.period();
      const frame = this.frameAt(this.clock);
      // Planes glide between their frames while they play; pictures and every stop are exact.
      if (frame !== this.frame || this.film.tracks.some((track) => track.points)) this.show(frame, this.frameAt(this.clock + 1), this.clock % 1);
      if (this.repeat === "once" && frame === this.film.count - 1) this.pause();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause(tell = true) {
    if (!this.playing) return;
    this.setPlaying(false);
    this.paint();
    if (tell) this.tell();
  }

  setPlaying(playing) {
    this.playing = playing;
    this.root.dataset.playing = playing;
    this.find("icon").setAttribute("d", playing ? ICONS.pause : ICONS.play);
    this.find("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  period() {
    const { count, fps } = this.film;
    return { once: Infinity, bounce: Math.max(1, 2 * (count - 1)), loop: count + REST * fps }[this.repeat];
  }

  frameAt(clock) {
    const end = this.film.count - 1;
    const frame = Math.floor(clock);
    return this.repeat === "bounce" ? end - Math.abs(end - frame) : Math.min(end, frame);
  }

  setRepeat(name) {
    const [label, path] = REPEATS[name];
    const button = this.find("repeat");
    this.repeat = this.root.dataset.repeat = name;
    this.clock = this.frame;
    button.innerHTML = `<svg viewBox="0 0 20 20"><path d="${path}"/></svg>`;
    button.title = label;
    button.setAttribute("aria-label", `Mode: ${label}`);
  }

  // --- hands

  go(frame) {
    this.pause(false);
    this.show(frame);
    clearTimeout(this.telling); // keys repeat: Python hears the frame once they rest
    this.telling = setTimeout(() => this.tell(), 250);
  }

  tell() {
    clearTimeout(this.telling);
    if (this.film.report && this.told !== this.frame) this.report((this.told = this.frame));
  }

  listen() {
    const click = (name, act) => this.find(name).addEventListener("click", act);
    const names = Object.keys(REPEATS);
    click("play", () => (this.playing ? this.pause() : this.play()));
    click("first", () => this.go(0));
    click("last", () => this.go(Infinity));
    click("back", (event) => this.go(this.frame - (event.shiftKey ? STEP : 1)));
    click("forward", (event) => this.go(this.frame + (event.shiftKey ? STEP : 1)));
    click("repeat", () => this.setRepeat(names[(names.indexOf(this.repeat) + 1) % names.length]));
    click("strip", () => this.saveStrip());
    click("gif", () => this.saveGif());
    this.find("scrub").addEventListener("input", (event) => (this.pause(false), this.show(Number(event.target.value))));
    this.find("scrub").addEventListener("change", () => this.tell());
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("transitionend", (event) => event.target === this.root && this.fit()); // another theme: see player.css
    this.listenToDrag(this.find("tracks"));
  }

  key(event) {
    if (!this.film?.count || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const step = event.shiftKey ? STEP : 1;
    const acts = {
      ArrowLeft: () => this.go(this.frame - step),
      ArrowRight: () => this.go(this.frame + step),
      Home: () => this.go(0),
      End: () => this.go(Infinity),
    };
    if (!event.target.matches("button")) acts[" "] = () => (this.playing ? this.pause() : this.play());
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  // A drag across the pictures runs through the film; a tap plays or pauses.
  listenToDrag(area) {
    area.addEventListener("pointerdown", (down) => {
      if (!this.film?.count || down.button) return;
      const start = this.frame;
      let moved = false;
      const move = (event) => {
        if (event.pointerId !== down.pointerId) return;
        const distance = event.clientX - down.clientX;
        if (!moved && Math.abs(distance) < 5) return;
        if (!moved) area.setPointerCapture(down.pointerId);
        moved = true;
        this.pause(false);
        this.show(start + Math.round((distance / area.clientWidth) * this.film.count));
      };
      const end = (event) => {
        if (event.pointerId !== down.pointerId) return;
        for (const name of ["pointermove", "pointerup", "pointercancel"]) area.removeEventListener(name, name === "pointermove" ? move : end);
        if (moved) this.tell();
        else if (event.type === "pointerup") this.playing ? this.pause() : this.play();
      };
      area.addEventListener("pointermove", move);
      area.addEventListener("pointerup", end);
      area.addEventListener("pointercancel", end);
    });
  }

  // --- to take away

  saveStrip() {
    stripCanvas(this.film).toBlob((blob) => save(blob, `${slug(this.film)}-strip.png`));
  }

  async saveGif() {
    const button = this.find("gif");
    const text = button.querySelector("span");
    button.disabled = true;
    const blob = await gifBlob(this.film, Number(this.find("speed").value), (done) => (text.textContent = `${Math.round(100 * done)} %`));
    save(blob, `${slug(this.film)}.gif`);
    text.textContent = "GIF";
    button.disabled = false;
  }
}

function sameTracks(before, film) {
  const shape = (f) => f?.tracks.map((t) => `${t.title}/${t.picture?.shape}`).join("\n");
  return shape(before) === shape(film);
}

function slug(film) {
  const words = (film.tracks[0]?.title || "film").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return words.replace(/^-+|-+$/g, "").slice(0, 40) || "film";
}

const players = new WeakMap(); // Streamlit calls the export again for every new message

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".player");
  if (!players.has(root)) players.set(root, new Player(root));
  players.get(root).update(data, (frame) => setStateValue("frame", frame));
  return () => {
    if (!root.isConnected) players.get(root)?.destroy(); // a superseded call is no farewell
  };
}
