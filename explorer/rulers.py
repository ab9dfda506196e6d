"""How competitors are measured: what can be asked for, and the protocol of every figure."""

from typing import Literal

from explorer import data
from explorer.answers import Protocol
from explorer.competitors import Competitor
from explorer.config import SEED_LIMIT, Settings, setting
from explorer.data import Data
from explorer.device import choose, default_precision
from explorer.metrics import inception
from explorer.metrics.reference import FIRST

LEAST = 250  # samples


class Asked(Settings):
    """What is measured, and how well."""

    samples: int = setting(
        2000,
        "Samples",
        "Pictures from each competitor. FID is biased upwards, the more so the fewer there are.",
        ge=LEAST,
        le=10_000,
        group="Measuring",
        log=True,
    )
    inception: bool = setting(
        True,
        "Inception network",
        "FID, KID, precision and recall. Off: only the quick measures of the classifier.",
        group="Measuring",
    )
    reference: Literal["train", "all", "test"] = setting(
        "train",
        "Compared with",
        "The real pictures that samples are compared with. All training images are what papers "
        "compare with; the fewer there are, the higher the FID.",
        labels={
            "train": f"First {FIRST:,} training images",
            "all": "All training images",
            "test": f"First {FIRST:,} test images",
        },
        group="Measuring",
    )
    precision: Literal["auto", "bf16", "float32"] = setting(
        "auto",
        "Precision",
        "Of the Inception network. float32 equals the field's tools within 0.1 %; bf16 is twice as "
        "fast and has a reference of its own. Figures of the two are never ranked together.",
        labels={"auto": "What suits this machine", "bf16": "bf16", "float32": "float32"},
        group="Measuring",
        advanced=True,
    )
    seed: int = setting(
        0, "Seed", "Of the samples.", ge=0, le=SEED_LIMIT, group="Measuring", advanced=True
    )

    @property
    def most(self) -> int | None:
        """How many real pictures samples are compared with at most; None: with all there are."""
        return None if self.reference == "all" else FIRST

    def real(self, name: str) -> Data:
        """The split of the data set ``name`` that samples are compared with (ResourceError)."""
        if self.reference == "all":
            return data.load(data.whole(name))
        return data.load(name, self.reference)

    @property
    def in_precision(self) -> str:
        """bf16 or float32."""
        suits = default_precision(choose().name)
        return suits if self.precision == "auto" else self.precision


def protocol(one: Competitor, asked: Asked, real: Data) -> Protocol:
    """Everything that a figure of ``one`` against ``real`` depends on."""
    count = len(real.x[: asked.most])
    which = "test" if asked.reference == "test" else "training"
    part = "all" if asked.reference == "all" else "first"
    title = data.title(real.name.removesuffix("-full"))
    return Protocol(
        network=inception.NAME if asked.inception else "classifier",
        network_sha256=inception.SHA256 if asked.inception else "",
        resize=inception.RESIZE if asked.inception else "none",
        precision=asked.in_precision if asked.inception else "float32",
        samples=asked.samples,
        reference=f"{part} {count:,} {which} images of {title}",
        reference_size=count,
        reference_sha256=real.digest,
        seed=one.seed,
        checkpoint_sha256=one.digest,
        sampling=one.sampling,
    )
