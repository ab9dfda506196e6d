// Small plots of a game's course: lines over rounds, as many as there is room for.
const ROOM = 0.08; // of a plot's height above and below its lines
const TRUE_SHARE = 0.02; // of the largest losses that may lie outside, so that one leap hides nothing

// Lines [{ values, colour, step }] over rounds on a canvas; `range` is [low, high] or found.
function drawPlot(canvas, rounds, lines, { range, marks = [], ink, line }) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const [low, high] = range ?? rangeOf(lines);
  const last = Math.max(rounds[rounds.length - 1], 50);
  const left = 30 * ratio;
  const right = (round) => left + (round / last) * (width - left - 2 * ratio);
  const down = (value) => height * (1 - ROOM - ((1 - 2 * ROOM) * (value - low)) / (high - low || 1));
  context.clearRect(0, 0, width, height);
  drawMarks(context, marks.length ? marks : [low, high], { width, left, down, ratio, ink, line });
  for (const { values, colour, step } of lines) {
    context.beginPath();
    let before = null;
    rounds.forEach((round, i) => {
      if (values[i] === null) return (before = null);
      if (step && before !== null) context.lineTo(right(round), down(before));
      context[before === null ? "moveTo" : "lineTo"](right(round), down((before = values[i])));
    });
    Object.assign(context, { strokeStyle: colour, lineWidth: 1.6 * ratio, lineJoin: "round", globalAlpha: 1 });
    context.stroke();
  }
}

// Faint levels with their numbers.
function drawMarks(context, marks, { width, left, down, ratio, ink, line }) {
  Object.assign(context, { lineWidth: ratio, font: `${10.5 * ratio}px sans-serif`, textAlign: "right", textBaseline: "middle" });
  for (const mark of marks) {
    const y = Math.round(down(mark)) + 0.5;
    Object.assign(context, { strokeStyle: line, fillStyle: ink, globalAlpha: 1 });
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(width, y);
    context.stroke();
    context.globalAlpha = 0.7;
    context.fillText(short(mark), left - 5 * ratio, y);
  }
}

function rangeOf(lines) {
  const values = lines.flatMap((one) => one.values).filter((value) => value !== null).sort((a, b) => a - b);
  if (!values.length) return [0, 1];
  const out = Math.floor(TRUE_SHARE * values.length);
  const [low, high] = [values[out], values[values.length - 1 - out]];
  return high - low > 1e-6 ? [low, high] : [low - 0.5, high + 0.5];
}

const short = (value) => (value === null ? "–" : Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)).toLocaleString("en"));
