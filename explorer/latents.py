"""Diffusion seen in a latent space, and what it costs beside diffusion of pixels."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.answers import Cost, Film, Plane, Track
from explorer.data import Data
from explorer.denoising import CHUNK, columns_for, drawn, sample, start
from explorer.metrics.frechet import frechet, pixel_axes, statistics
from explorer.models.diffusing import Diffusing
from explorer.pictures import sheet
from explorer.probes import as_input
from explorer.sampling import SampleSettings

REFERENCE = 4000  # real pictures that make a map, or that samples are compared with
EXTENT = 1.6  # the map shows [-EXTENT, EXTENT]²
CLOUD = 200  # samples that flow through the map: two seconds of two cores in a spatial code
SIDE = 96  # cells of the map's density a side


def latent_film(
    model: Diffusing, x: np.ndarray, n: int, seed: int, settings: SampleSettings
) -> Iterator[float | Film]:
    """How samples move through the latent space while pictures appear: yields shares done, a Film.

    The map is the plane of the two leading principal axes of the latents of real pictures ``x``
    (uint8 N C H W), whose density is its ground; the first ``n`` samples are decoded as well.
    """
    project, ground = _latent_map(model, x)
    noise = start(model, CLOUD, seed)
    points, pictures, labels = [], [], []
    levels = model.levels(settings)
    for i, step in enumerate(model.walk(noise, settings, seed)):
        points.append(project(step.x))
        pictures.append(sheet(drawn(model, model.to_data(step.x[:n])), columns_for(n), gap=2))
        labels.append(f"step {i} of {len(levels) - 1} · noise level {levels[i]:,}")
        yield i / len(levels)
    turn = np.arange(CLOUD) % max(1, len(model.classes))
    plane = Plane(
        "The latent space, seen along its two widest directions",
        np.stack(points),
        turn if settings.label is None else np.full(CLOUD, settings.label),
        ground=ground[None],
        trails=n,
        extent=EXTENT,
    )
    film = Film((plane, Track("What the decoder makes of it", np.stack(pictures))), tuple(labels))
    yield film


def _latent_map(
    model: Diffusing, x: np.ndarray
) -> tuple[Callable[[Tensor], np.ndarray], np.ndarray]:
    """A projection of latents to the plane (N Z -> float32 N 2), and the density of real ones."""
    parts = as_input(model, x[:REFERENCE]).to(model.device).split(CHUNK)
    with torch.no_grad():
        z = torch.cat([model.from_data(part) for part in parts])
    mean = z.mean(0)
    _, axes = torch.linalg.eigh(torch.cov((z - mean).T))
    flat = (z - mean) @ axes[:, -2:].flip(1)
    scale = EXTENT / (3.2 * flat.std(0))

    def project(latents: Tensor) -> np.ndarray:
        at = (latents.detach() - mean) @ axes[:, -2:].flip(1)
        return (at * scale).float().cpu().numpy()

    edges = np.linspace(-EXTENT, EXTENT, SIDE + 1)
    at = project(z)
    counts, _, _ = np.histogram2d(at[:, 1], at[:, 0], bins=(edges, edges))
    dense = np.sqrt(counts[::-1] / counts.max())
    return project, (255 * dense).astype(np.uint8)


def measured(
    model: Diffusing, real: Data, n: int, seed: int, settings: SampleSettings
) -> Iterator[float | Cost]:
    """What ``n`` samples cost and how far they are from pictures of ``real``.

    The first `REFERENCE` pictures are what samples are compared with; the floor comes from others,
    whose classes take turns as those of the samples do.
    """
    axes = pixel_axes(real.x[:REFERENCE])
    pictures, since = [], time.perf_counter()
    for chunk in sample(model, n, seed, settings):
        pictures.append(chunk)
        yield sum(map(len, pictures)) / n
    seconds = time.perf_counter() - since
    made = np.concatenate(pictures)
    made = made[:, None] if made.ndim == 3 else made.transpose(0, 3, 1, 2)
    wanted = statistics(axes.features(real.x[:REFERENCE]))
    distance, floor = (
        frechet(statistics(axes.features(x)), wanted) for x in (made, _others(real, n))
    )
    learned = sum(p.numel() for name, p in model.named_parameters() if name.startswith("net."))
    yield Cost(learned, settings.calls, 1000 * seconds / n, distance, floor)


def _others(real: Data, n: int) -> np.ndarray:
    """``n`` pictures that are not the reference, of all classes in turn."""
    rest = real.take(np.arange(min(REFERENCE, len(real) - n), len(real)))
    if rest.y is None:
        return rest.x[:n]
    nth = np.zeros(len(rest), int)  # how many of its class come before a picture
    for label in np.unique(rest.y):
        nth[rest.y == label] = np.arange((rest.y == label).sum())
    return rest.x[np.argsort(nth, kind="stable")[:n]]
