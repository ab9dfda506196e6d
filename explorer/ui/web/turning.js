// Points in three dimensions seen from afar: an orthographic projection that a drag turns.

// Places x y z of each point, turned to the side and then down: x y as they are seen, and `depth`,
// larger where a point is nearer to the one who looks.
function turned(home, side, down) {
  const count = home.length / 3;
  const [c, s, cd, sd] = [Math.cos(side), Math.sin(side), Math.cos(down), Math.sin(down)];
  const seen = new Float32Array(2 * count);
  seen.depth = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [home[3 * i], home[3 * i + 1], home[3 * i + 2]];
    const near = c * z - s * x;
    seen[2 * i] = c * x + s * z;
    seen[2 * i + 1] = cd * y - sd * near;
    seen.depth[i] = sd * y + cd * near;
  }
  return seen;
}

// Never upside down: one looks from straight above at most.
const upright = (down) => Math.max(-Math.PI / 2, Math.min(Math.PI / 2, down));

// The first `count` points, those far away first, in so many layers: a sort by counting, which
// 20,000 points stand in every frame.
function farthestFirst(depth, count, layers = 64) {
  const layer = (i) => Math.max(0, Math.min(layers - 1, Math.floor(((depth[i] + 1.75) / 3.5) * layers)));
  const starts = new Uint32Array(layers + 1);
  for (let i = 0; i < count; i++) starts[layer(i) + 1]++;
  for (let k = 0; k < layers; k++) starts[k + 1] += starts[k];
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[starts[layer(i)]++] = i;
  return order;
}

// A cube, and its edges as pairs of corners.
const CORNERS = Float32Array.from({ length: 24 }, (_, i) => ((Math.floor(i / 3) >> (i % 3)) & 1 ? 1 : -1));
const EDGES = [...Array(8).keys()].flatMap((a) => [1, 2, 4].filter((bit) => !(a & bit)).map((bit) => [a, a | bit]));
