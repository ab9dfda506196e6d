// An animated GIF (GIF89a), made where the film is. Grey films are exact; colour films get one
// palette of 256 colours by median cut (Heckbert 1982).
class Gif {
  constructor(width, height, palette) {
    Object.assign(this, { width, height, parts: [] });
    this.bytes("GIF89a".split("").map((c) => c.charCodeAt(0)), word(width), word(height), [0xf7, 0, 0], palette);
    this.bytes([0x21, 0xff, 11], "NETSCAPE2.0".split("").map((c) => c.charCodeAt(0)), [3, 1, 0, 0, 0]);
  }

  bytes(...lists) {
    for (const list of lists) this.parts.push(Uint8Array.from(list));
  }

  frame(indices, hundredths) {
    this.bytes([0x21, 0xf9, 4, 4], word(hundredths), [0, 0]);
    this.bytes([0x2c, 0, 0, 0, 0], word(this.width), word(this.height), [0, 8]);
    const data = lzw(indices);
    for (let i = 0; i < data.length; i += 255) this.bytes([Math.min(255, data.length - i)], data.slice(i, i + 255));
    this.bytes([0]);
  }

  blob() {
    return new Blob([...this.parts, Uint8Array.of(0x3b)], { type: "image/gif" });
  }
}

const word = (value) => [value & 255, value >> 8];

// Variable-length LZW for 8-bit symbols: 256 clears the table, 257 ends the data.
function lzw(symbols) {
  const out = [];
  const table = new Uint16Array(4096 * 256); // (prefix, symbol) -> code; 0 is none
  let [bits, filled, next, size] = [0, 0, 258, 9];
  const emit = (code) => {
    bits |= code << filled;
    for (filled += size; filled >= 8; filled -= 8, bits >>>= 8) out.push(bits & 255);
  };
  emit(256);
  let prefix = symbols[0];
  for (let i = 1; i < symbols.length; i++) {
    const slot = (prefix << 8) | symbols[i];
    if (table[slot]) {
      prefix = table[slot];
      continue;
    }
    emit(prefix);
    if (next === 4096) {
      emit(256);
      table.fill(0);
      [next, size] = [258, 9];
    } else {
      if (next >= 1 << size) size++;
      table[slot] = next++;
    }
    prefix = symbols[i];
  }
  emit(prefix);
  emit(257);
  if (filled) out.push(bits & 255);
  return out;
}

const greys = () => Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));

// 256 colours for RGBA pictures: boxes of 18-bit colours, the one with most pixels x spread is halved.
function medianCut(pictures) {
  const count = new Uint32Array(BINS);
  for (const rgba of pictures)
    for (let i = 0; i < rgba.length; i += 4) count[bin(rgba, i)]++;
  let boxes = [Array.from(count.keys()).filter((c) => count[c])];
  while (boxes.length < 256) {
    const best = boxes.map((box) => [...widest(box), box]).filter((b) => b[0] > 0).sort((a, b) => weight(b) - weight(a))[0];
    if (!best) break;
    const [, shift, box] = best;
    box.sort((a, b) => ((a >> shift) & 63) - ((b >> shift) & 63));
    const half = box.reduce((sum, c) => sum + count[c], 0) / 2;
    let cut = 1;
    for (let sum = count[box[0]]; cut < box.length - 1 && sum < half; cut++) sum += count[box[cut]];
    boxes = boxes.filter((b) => b !== box).concat([box.slice(0, cut), box.slice(cut)]);
  }
  function weight([spread, , box]) {
    return spread * box.reduce((sum, c) => sum + count[c], 0);
  }
  const palette = new Uint8Array(768);
  boxes.forEach((box, index) => {
    const total = box.reduce((sum, c) => sum + count[c], 0);
    SHIFTS.forEach((shift, channel) => {
      palette[index * 3 + channel] = box.reduce((sum, c) => sum + count[c] * (((c >> shift) & 63) * (255 / 63)), 0) / total;
    });
  });
  return { palette, index: nearestIn(palette, boxes.length) };
}

function nearestIn(palette, size) {
  const known = new Int16Array(BINS).fill(-1);
  return (rgba, i) => {
    const key = bin(rgba, i);
    if (known[key] < 0) {
      let least = Infinity;
      for (let c = 0; c < size; c++) {
        const d = [0, 1, 2].reduce((sum, k) => sum + (palette[3 * c + k] - rgba[i + k]) ** 2, 0);
        if (d < least) [least, known[key]] = [d, c];
      }
    }
    return known[key];
  };
}

const BINS = 1 << 18;
const SHIFTS = [12, 6, 0]; // where red, green and blue stand in the number of a bin
const bin = (rgba, i) => ((rgba[i] >> 2) << 12) | ((rgba[i + 1] >> 2) << 6) | (rgba[i + 2] >> 2);

function widest(box) {
  return SHIFTS
    .map((shift) => {
      let [low, high] = [63, 0];
      for (const c of box) [low, high] = [Math.min(low, (c >> shift) & 63), Math.max(high, (c >> shift) & 63)];
      return [high - low, shift];
    })
    .sort((a, b) => b[0] - a[0])[0];
}
