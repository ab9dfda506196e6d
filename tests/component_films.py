"""Pictures with a known answer, for the demonstration app and the tests that look at it."""

import numpy as np

from explorer.answers import Film, Plane, Track

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


def ring_film(frames: int, count: int = 2000) -> Film:
    """Noise that flows to a ring of eight Gaussians, by their exact denoiser, and the field."""
    schedule = [(np.cos(u), np.sin(u)) for u in np.linspace(np.pi / 2, 0.03, frames)]
    x = np.random.default_rng(3).standard_normal((count, 2))
    grid = np.stack(np.meshgrid(*[np.linspace(-1.5, 1.5, 20)] * 2), -1).reshape(-1, 2)
    fine = np.stack(np.meshgrid(np.linspace(-1.6, 1.6, 64), np.linspace(1.6, -1.6, 64)), -1)
    points, arrows, ground = [x], [], []
    for (a, s), (a_to, s_to) in zip(schedule, [*schedule[1:], (1, 0)], strict=True):
        clean, _ = _ring(points[-1], a, s)
        points.append(a_to * clean + s_to * (points[-1] - a * clean) / s)
        field = a * _ring(grid, a, s)[0] - grid
        arrows.append(np.concatenate([grid, 0.14 * np.tanh(field / s)], 1))
        density = _ring(fine.reshape(-1, 2), a, s)[1].reshape(64, 64)
        ground.append(np.uint8(255 * np.sqrt(density / density.max())))
    groups = _nearest_mode(points[frames - 1])
    arrows = np.float32(arrows)
    flow = {"points": np.float32(points[:frames]), "trails": 40}
    field = {"points": np.zeros((frames, 0, 2), np.float32), "arrows": arrows}
    return Film(
        tracks=(
            Plane("Samples in their field", **flow, arrows=arrows, ground=np.stack(ground)),
            Plane("The same by their mode", **flow, groups=groups),
            Plane("Where the score points", **field, ground=np.stack(ground)),
        ),
        labels=tuple(f"t = {t:.2f}" for t in np.linspace(1, 0, frames)),
        fps=15,
    )


MODES = np.stack([(np.cos(angle), np.sin(angle)) for angle in np.arange(8) * np.pi / 4])


def _ring(x: np.ndarray, a: float, s: float, std: float = 0.08) -> tuple[np.ndarray, np.ndarray]:
    """E[x_0 | x] and the density, but for a factor, of a x_0 + s noise at x (B 2)."""
    variance = a**2 * std**2 + s**2
    joint = np.exp(-((x[:, None] - a * MODES) ** 2).sum(-1) / (2 * variance)) + 1e-300
    mean = joint @ MODES / joint.sum(1, keepdims=True)
    return (a * std**2 * x + s**2 * mean) / variance, joint.sum(1)


def _nearest_mode(x: np.ndarray) -> np.ndarray:
    return ((x[:, None] - MODES) ** 2).sum(-1).argmin(1)
