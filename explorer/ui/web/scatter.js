// Many points drawn into one picture by hand: 20,000 discs take some milliseconds on any machine,
// without a graphics card and without a limit on how many such pictures a page may hold.
class Scatter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  // Begin a picture of this size in device pixels on this ground: [red, green, blue].
  begin(width, height, [red, green, blue]) {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    if (this.image?.width !== width || this.image?.height !== height) {
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(0xff000000 | (blue << 16) | (green << 8) | red);
  }

  // How much of each pixel around a centre a disc covers, in 256ths times its opacity.
  disc(radius, opacity) {
    const reach = Math.ceil(radius);
    const side = 2 * reach + 1;
    const cover = new Uint16Array(side * side);
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) {
        const share = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y)));
        cover[(y + reach) * side + x + reach] = Math.round(256 * opacity * share);
      }
    }
    return { reach, side, cover };
  }

  // One disc; what is partly outside is left out.  Two channels of a pixel are blended at once.
  dot(x, y, { reach, side, cover }, colour) {
    const { width, height } = this.image;
    const [left, top] = [Math.round(x) - reach, Math.round(y) - reach];
    if (left < 0 || top < 0 || left + side > width || top + side > height) return;
    const [redBlue, green] = [colour & 0xff00ff, colour & 0xff00];
    for (let row = 0, i = 0, at = top * width + left; row < side; row++, at += width - side) {
      for (let column = 0; column < side; column++, i++, at++) {
        const share = cover[i];
        if (!share) continue;
        const [rb, g] = [this.pixels[at] & 0xff00ff, this.pixels[at] & 0xff00];
        const mixed = ((rb + (Math.imul(redBlue - rb, share) >>> 8)) & 0xff00ff) | ((g + (Math.imul(green - g, share) >> 8)) & 0xff00);
        this.pixels[at] = 0xff000000 | mixed;
      }
    }
  }

  end() {
    this.context.putImageData(this.image, 0, 0);
  }
}

// A colour of the style sheet as [red, green, blue].
const swatch = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
function redGreenBlue(colour) {
  swatch.fillStyle = colour;
  swatch.fillRect(0, 0, 1, 1);
  return [...swatch.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

const packed = ([red, green, blue]) => (blue << 16) | (green << 8) | red;

// The numbers of a message, one array after the other: `take(Float32Array, 10)`.
function reader(body) {
  let offset = 0;
  return (kind, count) => {
    const bytes = body.slice(offset, (offset += count * kind.BYTES_PER_ELEMENT));
    return new kind(bytes.buffer);
  };
}
