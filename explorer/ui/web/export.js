// What a film leaves behind for slides: a strip of frames as PNG, the whole film as GIF.
const PAPER = "#ffffff";
const INK = "#17181c";
const LINE = "#d9d7d0";
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
  return [canvas, context];
}

// Width and height of a track: pictures by a whole factor to at least `least` pixels, planes twice that.
function sizeOf(track, least) {
  if (track.points) return [2 * least, 2 * least];
  const [height, width] = track.picture.shape;
  const factor = Math.max(1, Math.ceil(least / Math.max(width, height)));
  return [width * factor, height * factor];
}

function drawFrame(context, film, track, frame, x, y, [width, height]) {
  if (track.points) return drawPlaneAt(context, { film, track, frame, next: frame, part: 0 }, x, y, width);
  const small = document.createElement("canvas");
  paintPixels(small, film.at(track.picture, frame), ...sidesOf(track.picture));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, x, y, width, height);
}

function drawPlaneAt(context, moment, x, y, side) {
  context.translate(x, y);
  drawPlane(context, moment, side, 1, { paper: PAPER, ink: INK, accent: moment.track.colours[0] });
  context.strokeStyle = LINE;
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, side - 1, side - 1);
  context.translate(-x, -y);
}

function stripCanvas(film, most = 10) {
  const shown = Math.min(most, film.count);
  const frames = Array.from({ length: shown }, (_, i) => Math.round((i * (film.count - 1)) / Math.max(1, shown - 1)));
  const sizes = film.tracks.map((track) => sizeOf(track, 140));
  const cell = Math.max(...sizes.map(([width]) => width));
  const heights = sizes.map(([, height]) => height + 26);
  const [canvas, context] = stage(GAP + shown * (cell + GAP), GAP + heights.reduce((a, b) => a + b, 0) + 24);
  let y = GAP;
  film.tracks.forEach((track, r) => {
    textAt(context, track.title, canvas.width / 2, y + 11, canvas.width - 2 * GAP, 14);
    frames.forEach((frame, i) => drawFrame(context, film, track, frame, GAP + i * (cell + GAP), y + 24, sizes[r]));
    y += heights[r];
  });
  frames.forEach((frame, i) => textAt(context, film.labels[frame], GAP + i * (cell + GAP) + cell / 2, y + 12, cell, 12));
  return canvas;
}

// All tracks side by side, titles and the frame's label below: the same stage for every frame.
function filmStage(film) {
  const sizes = film.tracks.map((track) => sizeOf(track, 168));
  const width = GAP + sizes.reduce((sum, [w]) => sum + w + GAP, 0);
  const below = GAP + Math.max(...sizes.map(([, h]) => h)) + 13;
  const titled = film.tracks.some((track) => track.title);
  const height = below + 13 + (titled ? 20 : 0);
  const [canvas, context] = stage(width, height);
  return (frame) => {
    context.fillStyle = PAPER;
    context.fillRect(0, 0, width, height);
    let x = GAP;
    film.tracks.forEach((track, i) => {
      drawFrame(context, film, track, frame, x, GAP, sizes[i]);
      textAt(context, track.title, x + sizes[i][0] / 2, below, sizes[i][0], 14);
      x += sizes[i][0] + GAP;
    });
    textAt(context, film.labels[frame], width / 2, height - 12, width - 2 * GAP, 13);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
}

async function gifBlob(film, speed, progress) {
  const draw = filmStage(film);
  const { width, height } = draw(0);
  const grey = film.tracks.every((track) => track.picture?.shape.length === 2);
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
