"""Images a second of our U-Net and sampler against diffusers and other public diffusion code.

All denoise 28 x 28 grey pictures with about as many parameters (±5 %), in equally many DDIM steps,
at the same precision, without classes. They take turns, one call each, so that whatever else the
machine does hits all of them. Training is one plain loop for all: noise, forward, backward, Adam.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import product
from typing import Any

os.environ.setdefault("TQDM_DISABLE", "1")  # one of the peers draws a bar for every call

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import measure
from benchmarks.training import now
from explorer import data, device
from explorer.checkpoints import build
from explorer.device import own_randomness
from explorer.models.base import last
from explorer.recipe import recipe
from explorer.sampling import SampleSettings

DATA = "fashion-mnist"
SHAPE = (1, 28, 28)
T = 1000
STEPS = 20
BATCHES = (16, 64)
TRAINED = 64  # images of a training step
NEAR = 0.05  # how far a peer's number of parameters may be from ours
WARM = 1  # rounds that are not counted
INSTALL = {  # peers that are measured where they are installed: module -> package
    "denoising_diffusion_pytorch": "denoising-diffusion-pytorch",
    "smalldiffusion": "smalldiffusion",
}


class Contender:
    """A network and its own library's way to sample from it."""

    title: str
    network: nn.Module

    def predict(self, x: Tensor, t: Tensor) -> Tensor:
        """What the network says about x (B 1 28 28) at timesteps t (B) of 0 … 999."""
        return self.network(x, t)

    def sample(self, n: int) -> Tensor:
        """``n`` pictures in `STEPS` steps of DDIM."""
        raise NotImplementedError


class Ours(Contender):
    """The usual recipe, with linear betas and ε like the others; only the classes are left out."""

    title = "ours"

    def __init__(self, name: str):
        settings = {"conditional": False, "schedule": "linear", "target": "eps", "device": name}
        made = recipe("diffusion", DATA, settings)
        self.model = build(made, data.load(DATA).spec).to(name)
        self.network = self.model.net
        self.how = SampleSettings(sampler="ddim", steps=STEPS)

    def predict(self, x: Tensor, t: Tensor) -> Tensor:
        return self.network(x, (t + 1) / T)

    def sample(self, n: int) -> Tensor:
        return last(self.model.generate(n, own_randomness(0), self.how))


class Diffusers(Contender):
    """UNet2DModel and DDIMScheduler, as their documentation puts them together."""

    title = "diffusers"

    def __init__(self, name: str):
        from diffusers import DDIMScheduler, UNet2DModel

        self.name = name
        self.network = UNet2DModel(
            sample_size=SHAPE[1],
            in_channels=SHAPE[0],
            out_channels=SHAPE[0],
            layers_per_block=1,
            block_out_channels=(32, 56, 64),
            down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
            norm_num_groups=8,
        ).to(name)
        self.scheduler = DDIMScheduler(num_train_timesteps=T, timestep_spacing="trailing")
        self.scheduler.set_timesteps(STEPS)

    def predict(self, x: Tensor, t: Tensor) -> Tensor:
        return self.network(x, t).sample

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        x = torch.randn(n, *SHAPE, device=self.name)
        for t in self.scheduler.timesteps:
            x = self.scheduler.step(self.network(x, t).sample, t, x).prev_sample
        return x


class Lucidrains(Contender):
    """denoising-diffusion-pytorch: Unet and GaussianDiffusion."""

    title = "lucidrains"

    def __init__(self, name: str):
        from denoising_diffusion_pytorch import GaussianDiffusion, Unet

        self.network = Unet(dim=22, dim_mults=(1, 2, 3), channels=SHAPE[0]).to(name)
        self.process = GaussianDiffusion(
            self.network,
            image_size=SHAPE[1],
            timesteps=T,
            sampling_timesteps=STEPS,
            objective="pred_noise",
        ).to(name)

    def sample(self, n: int) -> Tensor:
        return self.process.sample(batch_size=n)


class SmallDiffusion(Contender):
    """smalldiffusion: Unet and samples, with σ in place of t."""

    title = "smalldiffusion"

    def __init__(self, name: str):
        from smalldiffusion import ScheduleDDPM, Unet, samples

        self.name = name
        self.network = Unet(
            *(SHAPE[1], SHAPE[0], SHAPE[0]), ch=32, ch_mult=(1, 1, 2), embed_ch_mult=2, dropout=0.0
        ).to(name)
        self.schedule = ScheduleDDPM(T)
        self.samples = partial(samples, self.network, self.schedule.sample_sigmas(STEPS), gam=1)

    def predict(self, x: Tensor, t: Tensor) -> Tensor:
        return self.network(x, self.schedule.sigmas.to(x)[t])

    def sample(self, n: int) -> Tensor:
        noise = torch.randn(n, *SHAPE, device=self.name)
        # With x given, the accelerator is never asked; True keeps it from being made each time.
        *_, x = self.samples(xt=noise * float(self.schedule.sigmas[-1]), accelerator=True)
        return x


class Learner:
    """The plain loop: random timesteps and noise, the squared error of ε, Adam."""

    def __init__(self, one: Contender, name: str, batch: int):
        self.one, self.batch = one, batch
        self.x = torch.tensor(data.load(DATA).x, device=name)
        self.kept = torch.linspace(1 - 1e-4, 1 - 0.02, T, device=name).cumprod(0)
        self.optimizer = torch.optim.Adam(one.network.parameters(), 1e-3, fused=True)

    def step(self) -> None:
        """One update."""
        chosen = torch.randint(len(self.x), (self.batch,), device=self.x.device)
        x0 = self.x[chosen].float() / 127.5 - 1
        t = torch.randint(T, (self.batch,), device=self.x.device)
        eps, kept = torch.randn_like(x0), self.kept[t][:, None, None, None]
        x = kept.sqrt() * x0 + (1 - kept).sqrt() * eps
        loss = F.mse_loss(self.one.predict(x, t).float(), eps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


def contenders(name: str) -> list[Contender]:
    """Everyone who is installed, of matching size; ours is the first."""
    there = zip(INSTALL, (Lucidrains, SmallDiffusion), strict=True)
    kinds = [Ours, Diffusers, *(kind for module, kind in there if find_spec(module))]
    found = [kind(name) for kind in kinds]
    for one in found:
        if abs(parameters(one) / parameters(found[0]) - 1) > NEAR:
            raise SystemExit(f"{one.title} has {parameters(one):,} parameters: choose its width.")
    return found


def parameters(one: Contender) -> int:
    """How many numbers its network learns."""
    return sum(p.numel() for p in one.network.parameters())


def in_turns(works: list[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Seconds of each work in each round; one after the other within a round."""
    seconds: list[list[float]] = [[] for _ in works]
    for round_ in range(WARM + rounds):
        for work, spent in zip(works, seconds, strict=True):
            start = now()
            work()
            if round_ >= WARM:
                spent.append(now() - start)
    return seconds


def row(
    found: list[Contender], seconds: list[list[float]], images: int, **named: str
) -> dict[str, Any]:
    """Images a second of each, and how we compare with the best of the others."""
    medians = [measure.median(spent) for spent in seconds]
    best = min(range(1, len(found)), key=medians.__getitem__)
    pairs = [other / mine for mine, other in zip(seconds[0], seconds[best], strict=True)]
    rates = {f"{one.title} images/s": images / m for one, m in zip(found, medians, strict=True)}
    return {
        **named,
        **rates,
        "best other": found[best].title,
        "ratio of medians": medians[best] / medians[0],
        "quartiles of pairs": measure.spread(pairs),
        "rounds": str(len(pairs)),
        "load": measure.load(),
    }


def sampling_rows(rounds: int) -> Iterator[dict[str, Any]]:
    """`STEPS` steps of DDIM from noise to pictures."""
    for name, precision, n in cases(BATCHES):
        found = contenders(name)
        for one in found:
            one.network.eval()
        with torch.no_grad(), device.precision(name, precision):
            seconds = in_turns([partial(one.sample, n) for one in found], rounds)
        yield row(found, seconds, n, device=name, precision=precision, batch=str(n))


def training_rows(rounds: int, steps: int) -> Iterator[dict[str, Any]]:
    """The plain loop, some steps a round."""
    for name, precision, n in cases((TRAINED,)):
        found = contenders(name)
        learners = [Learner(one, name, n) for one in found]
        for one in found:
            one.network.train()

        def several(learner: Learner) -> None:
            for _ in range(steps):
                learner.step()

        with device.precision(name, precision):
            seconds = in_turns([partial(several, learner) for learner in learners], rounds)
        yield row(found, seconds, n * steps, device=name, precision=precision, batch=str(n))


def cases(batches: tuple[int, ...]) -> Iterator[tuple[str, str, int]]:
    """Every device here, in float32 and in bfloat16, with these batch sizes."""
    names = sorted({device.choose().name, "cpu"})
    return product(names, ("float32", "bf16"), batches)


def sizes() -> Iterator[dict[str, Any]]:
    """Who takes part, and with how many parameters."""
    for one in contenders("cpu"):
        yield {"who": one.title, "parameters": f"{parameters(one):,}"}


def main() -> None:
    """Sizes, sampling, training."""
    usual = torch.get_num_threads()
    asked = measure.options(__doc__.partition("\n")[0], rounds=15, steps=4, threads=usual)
    torch.set_num_threads(asked.threads)
    report = measure.Report(f"sampling, {asked.threads} threads")
    for module, package in INSTALL.items():
        if not find_spec(module):
            print(f"{package} is not installed and left out: pip install {package}")
    report.table("Networks", sizes())
    ratio = "ratio = ours / best other, in images a second"
    report.table(f"{STEPS} steps of DDIM ({ratio})", sampling_rows(asked.rounds))
    report.table(f"Training in one plain loop ({ratio})", training_rows(asked.rounds, asked.steps))
    report.close(asked.json)


if __name__ == "__main__":
    main()
