// The plane at one moment: the ground, lines and arrows over it, points, and the paths that some
// came along.
const GROUND = 0.34; // how opaque the darkest ground is
const LEVEL = 128; // where a signed ground is clear
const SIGNED = 0.5; // how opaque it is at its ends
const BANDS = 12; // steps in which a path fades

function drawPlane(context, moment, side, ratio, look) {
  const { track } = moment;
  const place = (grains) => ((grains / track.grain + 1) / 2) * side;
  const pen = { context, side, look, right: place, down: (grains) => side - place(grains) };
  pen.fine = ratio * Math.max(0.75, Math.min(1.4, side / ratio / 450)); // one pixel at a usual size
  context.save();
  context.beginPath();
  context.rect(0, 0, side, side);
  context.clip();
  context.fillStyle = look.paper;
  context.fillRect(0, 0, side, side);
  if (track.ground) drawGround(pen, between(moment, track.ground), track);
  if (track.lines) drawLines(pen, between(moment, track.lines), track);
  if (track.arrows) drawArrows(pen, between(moment, track.arrows));
  drawPoints(pen, moment);
  context.restore();
}

// The numbers of a reel at a moment: a frame's own, or on the straight way to the next.
function between({ film, frame, next, part }, reel) {
  const here = film.at(reel, frame);
  if (!part || next === frame || reel.frames === 1) return here;
  const there = film.at(reel, next);
  const out = new Float32Array(here.length);
  for (let i = 0; i < out.length; i++) out[i] = here[i] + part * (there[i] - here[i]);
  return out;
}

const small = document.createElement("canvas"); // the ground at its own size

function drawGround({ context, side, look }, values, { ground, signed, colours }) {
  const [height, width] = ground.shape;
  Object.assign(small, { width, height });
  const inner = small.getContext("2d");
  const image = inner.createImageData(width, height);
  if (signed) tint(image.data, values, colours.map(redGreenBlue));
  else for (let i = 0; i < values.length; i++) image.data[4 * i + 3] = GROUND * values[i];
  inner.putImageData(image, 0, 0);
  if (!signed) {
    inner.globalCompositeOperation = "source-in";
    inner.fillStyle = look.accent;
    inner.fillRect(0, 0, width, height);
  }
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, side, side);
}

// Above the level the colour of group 0, below it that of group 1.
function tint(data, values, [above, below]) {
  for (let i = 0; i < values.length; i++) {
    const away = values[i] - LEVEL;
    data.set(away > 0 ? above : below, 4 * i);
    data[4 * i + 3] = SIGNED * 2 * Math.abs(away);
  }
}

const redGreenBlue = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// Paths through the plane, such as a grid that was bent.
function drawLines({ context, fine, right, down }, values, { lines, colours }) {
  const places = 2 * lines.shape[1];
  const paths = new Path2D();
  for (let i = 0; i < values.length; i += 2) {
    const place = i % places ? "lineTo" : "moveTo";
    paths[place](right(values[i]), down(values[i + 1]));
  }
  Object.assign(context, { globalAlpha: 0.55, strokeStyle: colours[1], lineWidth: 0.8 * fine, lineJoin: "round" });
  context.stroke(paths);
}

// From (x, y) to (x + dx, y + dy), true to scale.
function drawArrows({ context, look, fine, right, down }, values) {
  const [shafts, heads] = [new Path2D(), new Path2D()];
  for (let i = 0; i < values.length; i += 4) {
    const [x, y] = [right(values[i]), down(values[i + 1])];
    const [tipX, tipY] = [right(values[i] + values[i + 2]), down(values[i + 1] + values[i + 3])];
    const length = Math.hypot(tipX - x, tipY - y);
    if (length < 0.5) continue;
    const head = Math.min(4.5 * fine, 0.5 * length) / length;
    const [backX, backY] = [tipX - head * (tipX - x), tipY - head * (tipY - y)];
    const [wideX, wideY] = [0.42 * (backY - tipY), 0.42 * (tipX - backX)];
    shafts.moveTo(x, y);
    shafts.lineTo(backX, backY);
    heads.moveTo(tipX, tipY);
    heads.lineTo(backX + wideX, backY + wideY);
    heads.lineTo(backX - wideX, backY - wideY);
    heads.closePath();
  }
  context.globalAlpha = 0.5;
  context.strokeStyle = context.fillStyle = look.ink;
  context.lineWidth = 0.9 * fine;
  context.stroke(shafts);
  context.fill(heads);
}

function drawPoints(pen, moment) {
  const { film, track } = moment;
  const { context, side, look, fine, right, down } = pen;
  const points = between(moment, track.points);
  const count = points.length / 2;
  const groups = track.groups && film.at(track.groups, 0);
  const colour = (i) => (groups ? track.colours[groups[i]] : look.accent);
  const radius = Math.max(0.9 * fine, side * Math.min(0.007, 0.16 / Math.sqrt(count)));
  const trails = Math.min(track.trails, count);
  const disc = (i, size) => {
    context.fillStyle = colour(i);
    context.beginPath();
    context.arc(right(points[2 * i]), down(points[2 * i + 1]), size, 0, 2 * Math.PI);
    context.fill();
  };

  context.globalAlpha = Math.min(0.85, 5 / count ** 0.25);
  for (let i = trails; i < count; i++) disc(i, radius);
  if (!trails) return;
  drawTrails(pen, moment, points, trails, colour);
  Object.assign(context, { globalAlpha: 1, strokeStyle: look.ink, lineWidth: fine });
  for (let i = 0; i < trails; i++) {
    disc(i, 1.4 * radius + fine);
    context.stroke();
  }
}

// The way of each point up to now, from faint to clear.
function drawTrails({ context, fine, right, down }, { film, track, frame, next }, points, trails, colour) {
  const past = Array.from({ length: Math.min(frame, next) + 1 }, (_, f) => film.at(track.points, f)).concat([points]);
  const start = (band) => Math.floor((band * (past.length - 1)) / BANDS);
  Object.assign(context, { lineWidth: 1.2 * fine, lineJoin: "round", lineCap: "butt" });
  for (let band = 0; band < BANDS; band++) {
    const [from, to] = [start(band), start(band + 1)];
    context.globalAlpha = 0.1 + (0.6 * (band + 1)) / BANDS;
    for (let i = 0; i < trails && from < to; i++) {
      context.beginPath();
      for (let f = from; f <= to; f++) context.lineTo(right(past[f][2 * i]), down(past[f][2 * i + 1]));
      context.strokeStyle = colour(i);
      context.stroke();
    }
  }
}
