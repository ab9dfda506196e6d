"""FID of given pictures: ours against torch-fidelity and torchmetrics, how fast and how equal.

All take turns, a few pictures each, so that whatever else the machine does hits all of them. Each
computes its own distance from its own features; KID, precision and recall of torch-fidelity stand
beside ours. torchmetrics is left as it comes: its antialiased resize gives other numbers.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance

from benchmarks import measure
from explorer import competitors, data
from explorer.device import default_precision
from explorer.metrics import inception
from explorer.metrics.frechet import frechet, frechet_of, statistics
from explorer.metrics.kernel import kid
from explorer.metrics.manifold import manifold
from explorer.pictures import tiles

SETS = ("real:fashion-mnist:test", "pretrained:gan-fashion", "pretrained:vae-fashion")
TURN = 40  # pictures between two turns


def weights(folder: str) -> str:
    """The shipped network as a file that the other tools read; its class head stays empty."""
    state = {name: value.float() for name, value in load_file(inception.FILE).items()}
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    path = Path(folder, "inception.pth")
    torch.save(state, path)
    return str(path)


class Contender:
    """One tool: it looks at pictures uint8 N H W, and its seconds are counted."""

    def __init__(self) -> None:
        self.seconds, self.kept = 0.0, {"real": [], "made": []}

    def begin(self, seconds: float) -> None:
        """Forget what was made; the real ones took ``seconds``."""
        self.seconds, self.kept["made"] = seconds, []

    def look(self, kind: str, pictures: np.ndarray) -> None:
        """Take some pictures in, ``kind`` real or made."""
        start = time.perf_counter()
        self.kept[kind].append(self.features(pictures))
        self.seconds += time.perf_counter() - start

    def features(self, pictures: np.ndarray) -> Any:
        """N 2048."""
        raise NotImplementedError

    def compute(self) -> float:
        """The distance of all that was made to all that is real."""
        start = time.perf_counter()
        found = self.distance()
        self.seconds += time.perf_counter() - start
        return found

    def distance(self) -> float:
        """From what was kept."""
        raise NotImplementedError


class Ours(Contender):
    """Batch normalisation folded, channels last, at a precision."""

    def __init__(self, precision: str):
        super().__init__()
        self.precision = precision

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Float32."""
        return np.concatenate(list(inception.features(pictures, self.precision)))

    def distance(self) -> float:
        """Low-rank, as there are fewer pictures than features."""
        real, made = (np.concatenate(self.kept[kind]) for kind in ("real", "made"))
        return frechet_of(made, statistics(real))


class Fidelity(Contender):
    """torch-fidelity's network and distance."""

    def __init__(self, path: str):
        super().__init__()
        name = "inception-v3-compat"
        self.network = FeatureExtractorInceptionV3(
            name, ["2048"], feature_extractor_weights_path=path
        )

    def features(self, pictures: np.ndarray) -> torch.Tensor:
        """Float32, a batch at a time as it does."""
        with torch.no_grad():
            return torch.cat([self.network(x)[0] for x in colour(pictures).split(TURN)])

    def distance(self) -> float:
        """As its `calculate_metrics` does."""
        found = [fid_features_to_statistics(torch.cat(self.kept[k])) for k in ("real", "made")]
        return fid_statistics_to_metric(*found, verbose=False)["frechet_inception_distance"]


class Torchmetrics(Contender):
    """Left as it comes."""

    def __init__(self, path: str):
        super().__init__()
        self.metric = FrechetInceptionDistance(
            feature_extractor_weights_path=path, reset_real_features=False
        )

    def begin(self, seconds: float) -> None:
        """What is real stays."""
        super().begin(seconds)
        self.metric.reset()

    def look(self, kind: str, pictures: np.ndarray) -> None:
        """It keeps sums, not features."""
        start = time.perf_counter()
        with torch.no_grad():
            self.metric.update(colour(pictures), real=kind == "real")
        self.seconds += time.perf_counter() - start

    def distance(self) -> float:
        """Its own."""
        return float(self.metric.compute())


def colour(pictures: np.ndarray) -> torch.Tensor:
    """uint8 N H W -> N 3 H W."""
    return torch.tensor(pictures)[:, None].repeat(1, 3, 1, 1)


def contestants(path: str) -> dict[str, Contender]:
    """By name; ours at every precision that this machine is made for."""
    ours = {default_precision("cpu"), "float32"}
    return {f"ours {precision}": Ours(precision) for precision in sorted(ours)} | {
        "torch-fidelity": Fidelity(path),
        "torchmetrics": Torchmetrics(path),
    }


def looked(all_of_them: dict[str, Contender], kind: str, pictures: np.ndarray) -> None:
    """All see the same pictures, a few each in turn."""
    for start in range(0, len(pictures), TURN):
        for one in all_of_them.values():
            one.look(kind, pictures[start : start + TURN])


def contests(n: int, sets: int, path: str) -> Iterator[dict[str, Any]]:
    """A row for each of the first ``sets``: seconds and distances of all, for ``n`` pictures and as
    many real ones.

    The real ones are looked at once, and their seconds count in every row.
    """
    all_of_them = contestants(path)
    looked(all_of_them, "real", tiles(data.load("fashion-mnist").x[:n]))
    seconds = {title: one.seconds for title, one in all_of_them.items()}
    for name in SETS[:sets]:
        for title, one in all_of_them.items():
            one.begin(seconds[title])
        looked(all_of_them, "made", drawn(name, n))
        yield {"pictures": name} | outcome(all_of_them)


def outcome(all_of_them: dict[str, Contender]) -> dict[str, Any]:
    """Distances, seconds, and how many times ours are the faster of the others."""
    row = {f"FID {title}": f"{one.compute():.4f}" for title, one in all_of_them.items()}
    row |= {f"{title} s": round(one.seconds, 1) for title, one in all_of_them.items()}
    others = min(all_of_them[title].seconds for title in ("torch-fidelity", "torchmetrics"))
    for title, one in all_of_them.items():
        if title.startswith("ours"):
            row[f"{title}, times the faster"] = round(others / one.seconds, 2)
    return row | agreement(all_of_them)


def agreement(found: dict[str, Contender]) -> dict[str, Any]:
    """KID, precision and recall of our float32 features and torch-fidelity's, each by its tool."""
    real, made = (torch.cat(found["torch-fidelity"].kept[k]) for k in ("real", "made"))
    size = min(1000, len(made))
    told = kid_features_to_metric(made, real, kid_subset_size=size, verbose=False)
    told |= prc_features_to_metric(made, real, verbose=False)
    ours = {k: np.concatenate(found["ours float32"].kept[k]) for k in ("real", "made")}
    kernel, near = kid(ours["made"], ours["real"]), manifold(ours["made"], ours["real"])
    return {
        "KID ours": f"{kernel.value:.7f}",
        "KID torch-fidelity": f"{told['kernel_inception_distance_mean']:.7f}",
        "precision ours / theirs": f"{near.precision:.4f} / {told['precision']:.4f}",
        "recall ours / theirs": f"{near.recall:.4f} / {told['recall']:.4f}",
    }


def drawn(name: str, n: int) -> np.ndarray:
    """The first ``n`` pictures of a competitor."""
    one = competitors.competitor(name)
    chunks = range(-(-n // competitors.CHUNK))
    return np.concatenate([part for c in chunks for part in competitors.draw(one, c)])[:n]


def distance_alone() -> Iterator[dict[str, Any]]:
    """The Fréchet distance of 2,048 features itself, and the low-rank one."""
    random = np.random.default_rng(0)
    real = statistics(random.normal(size=(3000, 2048)))
    for n in (3000, 1000, 250):
        made = random.normal(size=(n, 2048)).astype(np.float32)
        vars(real).pop("factor", None)
        seconds = []
        for _ in range(2):  # the second with the factor of the reference kept
            start = time.perf_counter()
            frechet(statistics(made), real) if n > 2048 else frechet_of(made, real)
            seconds.append(round(time.perf_counter() - start, 2))
        yield {"samples": n, "first s": seconds[0], "again s": seconds[1]}


def main() -> None:
    """Print both tables."""
    defaults = {"n": 2000, "sets": len(SETS), "threads": torch.get_num_threads()}
    asked = measure.options(__doc__.partition("\n")[0], **defaults)
    torch.set_num_threads(asked.threads)
    report = measure.Report(f"metrics, {asked.n} pictures, {asked.threads} threads")
    report.table("The distance alone, 2048 x 2048", distance_alone())
    with TemporaryDirectory() as folder:
        path = weights(folder)
        report.table("Features and distance of given pictures", contests(asked.n, asked.sets, path))
    report.close(asked.json)


if __name__ == "__main__":
    main()
