// What a film leaves behind for slides: a strip of frames as PNG, the whole film as GIF.
const PAPER = "#ffffff";
const INK = "#17181c";
const GAP = 8;

function textAt(context, text, x, y, width, size) {
  context.fillStyle = INK;
  context.font = `${size}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y, width);
}

function stage(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  return [canvas, context];
}

// One picture of a track, enlarged by a whole factor to at least `least` pixels.
function drawFrame(context, film, track, frame, x, y, factor) {
  const small = document.createElement("canvas");
  paintPixels(small, film.pixels(track, frame), track.width, track.height, track.channels);
  context.drawImage(small, x, y, track.width * factor, track.height * factor);
}

const factorOf = (track, least) => Math.max(1, Math.ceil(least / Math.max(track.width, track.height)));

function stripCanvas(film, most = 10) {
  const shown = Math.min(most, film.count);
  const frames = Array.from({ length: shown }, (_, i) => Math.round((i * (film.count - 1)) / Math.max(1, shown - 1)));
  const rows = film.tracks.map((track) => ({ track, factor: factorOf(track, 140) }));
  const cell = Math.max(...rows.map(({ track, factor }) => track.width * factor));
  const heights = rows.map(({ track, factor }) => track.height * factor + 26);
  const [canvas, context] = stage(GAP + shown * (cell + GAP), GAP + heights.reduce((a, b) => a + b, 0) + 24);
  let y = GAP;
  rows.forEach(({ track, factor }, r) => {
    textAt(context, track.title, canvas.width / 2, y + 11, canvas.width - 2 * GAP, 14);
    frames.forEach((frame, i) => drawFrame(context, film, track, frame, GAP + i * (cell + GAP), y + 24, factor));
    y += heights[r];
  });
  frames.forEach((frame, i) => textAt(context, film.labels[frame], GAP + i * (cell + GAP) + cell / 2, y + 12, cell, 12));
  return canvas;
}

// All tracks side by side with the frame's label below: the same stage for every frame.
function filmStage(film) {
  const parts = film.tracks.map((track) => ({ track, factor: factorOf(track, 168) }));
  const width = GAP + parts.reduce((sum, { track, factor }) => sum + track.width * factor + GAP, 0);
  const height = GAP + Math.max(...parts.map(({ track, factor }) => track.height * factor)) + 26;
  const [canvas, context] = stage(width, height);
  return (frame) => {
    context.fillStyle = PAPER;
    context.fillRect(0, 0, width, height);
    let x = GAP;
    for (const { track, factor } of parts) {
      drawFrame(context, film, track, frame, x, GAP, factor);
      x += track.width * factor + GAP;
    }
    textAt(context, film.labels[frame], width / 2, height - 12, width - 2 * GAP, 13);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
}

async function gifBlob(film, speed, progress) {
  const draw = filmStage(film);
  const { width, height } = draw(0);
  const grey = film.tracks.every((track) => track.channels === 1);
  const every = Math.ceil(film.count / 12);
  const samples = grey ? [] : Array.from({ length: Math.ceil(film.count / every) }, (_, i) => draw(i * every).data);
  const colours = grey ? { palette: greys(), index: (rgba, i) => rgba[i] } : medianCut(samples);
  const gif = new Gif(width, height, colours.palette);
  const hundredths = Math.max(2, Math.round(100 / (film.fps * speed)));
  const indices = new Uint8Array(width * height);
  for (let frame = 0; frame < film.count; frame++) {
    const rgba = draw(frame).data;
    for (let i = 0; i < indices.length; i++) indices[i] = colours.index(rgba, 4 * i);
    gif.frame(indices, frame === film.count - 1 ? hundredths + 80 : hundredths);
    progress((frame + 1) / film.count);
    await new Promise((resolve) => setTimeout(resolve)); // the page stays alive meanwhile
  }
  return gif.blob();
}
