// What lies over the points of a map: newcomers, the chosen one with its neighbours, the lasso.
function drawMarks(map, look = lookOf(map.root)) {
  const { ratio, over, header, lasso, wide, high } = map;
  const [width, height] = [Math.round(wide * ratio), Math.round(high * ratio)];
  if (over.width !== width || over.height !== height) Object.assign(over, { width, height });
  const context = over.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  if (header.axes === 3) drawCube(map, context, look);
  for (let i = header.count; i < header.count + header.extra; i++) drawDiamond(map, context, i, look);
  if (map.chosen >= 0) drawStar(map, context, look);
  if (map.hovered >= 0) drawRing(map, context, map.hovered, 6, look.ink, 1.5);
  if (!lasso) return;
  context.beginPath();
  for (const [x, y] of lasso) context.lineTo(x, y);
  context.closePath();
  Object.assign(context, { strokeStyle: look.accent, fillStyle: look.accent, lineWidth: 1.5, globalAlpha: 0.12 });
  context.fill();
  context.globalAlpha = 1;
  context.stroke();
}

// A cube amid a map in three dimensions, by which one sees how it is turned.
function drawCube(map, context, look) {
  const size = map.header.sides[0] / Math.sqrt(3); // in view, however it is turned
  const seen = turned(CORNERS.map((side) => size * side), ...map.turned);
  const at = (i) => [map.wide / 2 + (seen[2 * i] - map.middle[0]) * map.unit, map.high / 2 - (seen[2 * i + 1] - map.middle[1]) * map.unit];
  Object.assign(context, { strokeStyle: look.ink, lineWidth: 1, globalAlpha: 0.16 });
  context.beginPath();
  for (const [a, b] of EDGES) {
    context.moveTo(...at(a));
    context.lineTo(...at(b));
  }
  context.stroke();
  context.globalAlpha = 1;
}

// The chosen point, and the way to its neighbours in the latents.
function drawStar(map, context, look) {
  const { links, count } = map.header;
  const { chosen } = map;
  Object.assign(context, { strokeStyle: look.ink, lineWidth: 1, globalAlpha: 0.75 });
  context.beginPath();
  for (let k = 0; chosen < count && k < links; k++) {
    const other = map.near[chosen * links + k];
    context.moveTo(map.right(chosen), map.down(chosen));
    context.lineTo(map.right(other), map.down(other));
  }
  context.stroke();
  context.globalAlpha = 1;
  drawRing(map, context, chosen, 9, look.paper, 5);
  drawRing(map, context, chosen, 9, look.accent, 3);
}

function drawRing(map, context, i, radius, colour, width) {
  Object.assign(context, { strokeStyle: colour, lineWidth: width });
  context.beginPath();
  context.arc(map.right(i), map.down(i), radius, 0, 2 * Math.PI);
  context.stroke();
}

function drawDiamond(map, context, i, look) {
  const [x, y] = [map.right(i), map.down(i)];
  const size = map.header.extra > 20 ? 4.5 : 8;
  context.beginPath();
  for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(x + size * dx, y + size * dy);
  context.closePath();
  Object.assign(context, { fillStyle: look.paper, strokeStyle: look.ink, lineWidth: 1.6 });
  context.fill();
  context.stroke();
}

// Whether a closed path goes around a place, by counting the sides that a ray crosses.
function encloses(path, x, y) {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [[ax, ay], [bx, by]] = [path[i], path[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

// Eight yes or no to a byte, the first in its highest bit, as base64.
function bits(flags) {
  let text = "";
  for (let i = 0; i < flags.length; i += 8) {
    let byte = 0;
    for (let j = 0; j < 8; j++) byte = (byte << 1) | (flags[i + j] ?? 0);
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}
