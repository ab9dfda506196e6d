// A film as Python packs it: per track, blocks of frames; in a block every frame but the first is
// the difference (modulo 256) to the one before it, then deflated. A block is known by its hash, so
// a film that grows costs only its new blocks here.
class Film {
  static async read(message, known) {
    const [header, body] = unpack(message);
    const film = new Film();
    Object.assign(film, header, { signature: JSON.stringify(header) });
    film.count = header.labels.length;
    film.blocks = new Map();
    let offset = 0;
    for (const track of film.tracks) {
      track.size = track.height * track.width * track.channels;
      for (const block of track.blocks) {
        const bytes = body.subarray(offset, (offset += block.size));
        film.blocks.set(block.id, known?.get(block.id) ?? undo(block.packed ? await inflate(bytes) : bytes.slice(), track.size));
      }
    }
    return film;
  }

  pixels(track, frame) {
    const block = this.blocks.get(track.blocks[Math.floor(frame / this.block)].id);
    const start = (frame % this.block) * track.size;
    return block.subarray(start, start + track.size);
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

function undo(bytes, size) {
  for (let i = size; i < bytes.length; i++) bytes[i] += bytes[i - size];
  return bytes;
}
