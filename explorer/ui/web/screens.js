// What a track is shown on: a canvas that knows how large it may be and how to paint a moment
// { film, track, frame, next, part }, which lies the share `part` of the way from frame to next.
class PictureScreen {
  constructor(canvas) {
    Object.assign(this, { canvas, small: document.createElement("canvas") });
  }

  fit(track, roomWidth, roomHeight, whole) {
    const [height, width] = track.picture.shape;
    this.scale = scaleToFit(width, height, roomWidth, roomHeight, whole);
  }

  paint({ film, track, frame }) {
    paintPixels(this.small, film.at(track.picture, frame), ...sidesOf(track.picture));
    if (this.scale) enlarge(this.canvas, this.small, this.scale);
  }
}

class PlaneScreen {
  constructor(canvas) {
    this.canvas = canvas;
  }

  fit(track, roomWidth, roomHeight) {
    const ratio = window.devicePixelRatio || 1;
    const side = Math.max(1, Math.floor(Math.min(roomWidth, roomHeight) * ratio));
    if (this.canvas.width !== side || this.canvas.height !== side) Object.assign(this.canvas, { width: side, height: side });
    this.canvas.style.width = this.canvas.style.height = `${side / ratio}px`;
    this.ratio = ratio;
  }

  paint(moment) {
    if (this.ratio) drawPlane(this.canvas.getContext("2d"), moment, this.canvas.width, this.ratio, lookOf(this.canvas));
  }
}

const screenFor = (track, canvas) => new (track.points ? PlaneScreen : PictureScreen)(canvas);
