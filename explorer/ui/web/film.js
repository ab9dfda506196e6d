// A film as Python packs it: per track, reels of equally large frames in blocks; in a block every
// frame but the first is the difference (modulo 256 or 65536) to the one before it, then deflated. A
// block is known by its hash, so a film that grows costs only its new blocks here.
class Film {
  static async read(message, known) {
    const [header, body] = unpack(message);
    const film = new Film();
    Object.assign(film, header, { signature: JSON.stringify(header) });
    film.count = header.labels.length;
    film.blocks = new Map();
    let offset = 0;
    for (const track of film.tracks) {
      Object.assign(track, track.reels);
      for (const reel of Object.values(track.reels)) {
        reel.size = reel.shape.reduce((product, side) => product * side, 1);
        for (const block of reel.blocks) {
          const bytes = body.subarray(offset, (offset += block.size));
          film.blocks.set(block.id, known?.get(block.id) ?? undo(block.packed ? await inflate(bytes) : bytes.slice(), reel));
        }
      }
    }
    return film;
  }

  // The numbers of one frame; a reel of a single frame holds it for the whole film.
  at(reel, frame) {
    const here = Math.min(frame, reel.frames - 1);
    const start = (here % this.block) * reel.size;
    return this.blocks.get(reel.blocks[Math.floor(here / this.block)].id).subarray(start, start + reel.size);
  }

  // The frame at which a film should stand that stood at `frame` of `before`.
  stand(before, frame) {
    if (!before || !before.count) return Math.min(this.value ?? 0, this.count - 1);
    if (frame >= before.count - 1) return this.count - 1;
    if (!this.ticks || !before.ticks) return Math.min(frame, this.count - 1);
    const tick = before.ticks[frame];
    return this.ticks.reduce((best, t, i) => (Math.abs(t - tick) < Math.abs(this.ticks[best] - tick) ? i : best), 0);
  }
}

function undo(bytes, { size, wide }) {
  const numbers = wide ? joined(bytes) : bytes;
  for (let i = size; i < numbers.length; i++) numbers[i] += numbers[i - size];
  return numbers;
}

// All low bytes, then all high ones.
function joined(bytes) {
  const numbers = new Int16Array(bytes.length / 2);
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes[i] | (bytes[numbers.length + i] << 8);
  return numbers;
}

// Width, height and channels of a reel of pictures.
const sidesOf = ({ shape: [height, width, channels = 1] }) => [width, height, channels];
