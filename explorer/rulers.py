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
    reference: Literal["train", "test"] = setting(
        "train",
        "Compared with",
        "The real pictures that samples are compared with.",
        labels={"train": "Training images", "test": "Test images"},
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
    def in_precision(self) -> str:
        """bf16 or float32."""
        suits = default_precision(choose().name)
        return suits if self.precision == "auto" else self.precision


def protocol(one: Competitor, asked: Asked, real: Data) -> Protocol:
    """Everything that a figure of ``one`` against ``real`` depends on."""
    first = min(FIRST, len(real))
    which = "training" if asked.reference == "train" else "test"
    return Protocol(
        network=inception.NAME if asked.inception else "classifier",
        network_sha256=inception.SHA256 if asked.inception else "",
        resize=inception.RESIZE if asked.inception else "none",
        precision=asked.in_precision if asked.inception else "float32",
        samples=asked.samples,
        reference=f"first {first:,} {which} images of {data.title(real.name)}",
        reference_size=first,
        reference_sha256=real.digest,
        seed=one.seed,
        checkpoint_sha256=one.digest,
        sampling=one.sampling,
    )
