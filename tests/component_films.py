"""Pictures with a known answer, for the demonstration app and the tests that look at it."""

import numpy as np

from explorer.answers import Film, Track

SIDE = 28


def tiles(frame: int, rows: int = 4, columns: int = 4) -> np.ndarray:
    """A sheet of discs that grow out of noise; every frame differs from every other."""
    generator = np.random.default_rng(7)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    sheet = np.zeros((rows * SIDE, columns * SIDE), np.uint8)
    for index in range(rows * columns):
        radius = 3 + 9 * generator.random()
        angle = np.pi * generator.random() + frame / 9
        shape = np.hypot(x, y) < radius * (1 + 0.3 * np.cos(3 * np.arctan2(y, x) + angle))
        noise = generator.integers(0, 256, (SIDE, SIDE))
        mixed = shape * 230.0 * min(1, frame / 20) + noise * max(0, 1 - frame / 20)
        row, column = divmod(index, columns)
        sheet[row * SIDE :, column * SIDE :][:SIDE, :SIDE] = np.clip(mixed, 0, 255)
    sheet[0, 0] = frame
    return sheet


def colours(frame: int) -> np.ndarray:
    """A colour picture that turns with the frame."""
    y, x = np.mgrid[:32, :32]
    waves = [np.sin((x * np.cos(a) + y * np.sin(a)) / 4 + frame / 5) for a in (0.3, 1.5, 2.6)]
    return np.clip(127 + 120 * np.stack(waves, -1), 0, 255).astype(np.uint8)


def film(frames: int) -> Film:
    """Two grey tracks and a coloured one."""
    steps = [int(64 * 1.12**i) for i in range(frames)]
    return Film(
        tracks=(
            Track("Samples", np.stack([tiles(i) for i in range(frames)])),
            Track("Reconstructions", np.stack([255 - tiles(i, 4, 4) for i in range(frames)])),
            Track("In colour", np.stack([colours(i) for i in range(frames)])),
        ),
        labels=tuple(f"step {step:,} · epoch {i // 4}" for i, step in enumerate(steps)),
        ticks=tuple(float(step) for step in steps),
        unit="steps",
        fps=12,
    )


def wave(across: float, down: float) -> np.ndarray:
    """The picture that the sliders of the demonstration ask for."""
    y, x = np.mgrid[:56, :56] / 56
    return np.uint8(127.5 + 127.5 * np.cos(2 * np.pi * (across * x + down * y)))
