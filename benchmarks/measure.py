"""What every benchmark shares: its options, the machine, medians, tables, JSON."""

import argparse
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from explorer import files

PACKAGES = ("torch", "streamlit", "numpy")


def options(text: str | None, **numbers: int) -> argparse.Namespace:
    """The command line: ``--json FILE`` and one whole number of at least 1 by each name."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    for name, usual in numbers.items():
        parser.add_argument(f"--{name}", type=_positive, default=usual, help="default %(default)s")
    return parser.parse_args()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


@dataclass
class Report:
    """Tables that are printed as they are made and kept for ``--json``."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.figures["machine"] = about = machine()
        print(f"{self.name} · " + " · ".join(about.values()) + f" · load {load()}", flush=True)

    def table(self, title: str, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Print each row once it is made, and return all; they have the columns of the first."""
        kept = self.figures[title] = []
        print(f"\n{title}")
        for row in rows:
            if not kept:
                _line(row, row)
            _line(row, row.values())
            kept.append(row)
        return kept

    def close(self, path: Path | None) -> None:
        """Print the load at the end, and write everything as strict JSON if asked."""
        self.figures["load at the end"] = load()
        print(f"\nload at the end {load()}")
        if path:
            files.publish(path, files.json_bytes(self.figures, indent=1))


def machine() -> dict[str, str]:
    """The processor, its cores and the versions that matter."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = f"{_processor()}, {os.cpu_count()} cores"
    return {
        "processor": cores,
        "versions": f"Python {platform.python_version()}, {versions}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def load() -> str:
    """How many processes wanted a core over the last minute."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown processor")


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return float(np.median(list(values)))


def p95(values: Iterable[float]) -> float:
    """The value that 95 % do not exceed."""
    return float(np.percentile(list(values), 95))


def spread(values: Iterable[float]) -> str:
    """First to third quartile."""
    low, high = np.percentile(list(values), [25, 75])
    return f"{low:.3f} .. {high:.3f}"


def _line(columns: Iterable[str], values: Iterable[Any]) -> None:
    cells = [_text(v).rjust(max(9, len(c))) for c, v in zip(columns, values, strict=True)]
    print("  ".join(cells), flush=True)


def _text(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
