// A message from Python: header length (uint32, little endian), header (JSON), body (bytes).
function unpack(message) {
  const length = new DataView(message.buffer, message.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length)));
  return [header, message.subarray(4 + length)];
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Grey or colour bytes onto a canvas of the picture's own size.
function paintPixels(canvas, pixels, width, height, channels) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer); // little endian: 0xAABBGGRR
  if (channels === 1) for (let i = 0; i < out.length; i++) out[i] = 0xff000000 | (pixels[i] * 0x010101);
  else for (let i = 0, j = 0; i < out.length; i++, j += 3) out[i] = 0xff000000 | (pixels[j + 2] << 16) | (pixels[j + 1] << 8) | pixels[j];
  context.putImageData(image, 0, 0);
}

// How large a picture is shown: whole device pixels if wanted and where that costs little room. The
// canvas holds every pixel as a block of `block` device pixels, so an odd scale stays crisp and even.
function scaleToFit(width, height, roomWidth, roomHeight, whole = true) {
  const ratio = window.devicePixelRatio || 1;
  const free = Math.max(0.01, Math.min(roomWidth / width, roomHeight / height)) * ratio;
  const floor = Math.floor(free + 1e-6);
  const scale = whole && floor >= 0.84 * free ? floor : free;
  const block = Math.max(1, Math.min(Math.ceil(scale - 1e-6), Math.floor(4096 / Math.max(width, height))));
  return { css: scale / ratio, block };
}

function enlarge(canvas, source, { css, block }) {
  const [width, height] = [source.width * block, source.height * block];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.style.width = `${source.width * css}px`;
  canvas.style.height = `${source.height * css}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(source, 0, 0, width, height);
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// The theme's colours where an element stands.
function lookOf(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(["ink", "paper", "accent"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
