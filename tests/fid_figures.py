"""A file of figures as `benchmarks.fid_lesson` writes it, with numbers that a test can foresee."""

from typing import Any

from explorer.corrupting import CORRUPTIONS

N = 500
FLOOR = 27.0
SLOPE, INFINITY = 13_000.0, 1.0  # FID = 1 + 13,000 / n


def fid_of(name: str, strength: float) -> float:
    """27 for real pictures, 26 for training ones, and 10 more for every step of a corruption."""
    if name in ("real", "train"):
        return FLOOR - (name == "train")
    steps = CORRUPTIONS[name].strengths.index(strength) + 1
    return FLOOR + (2 if name == "classes" else 10) * steps


def figures() -> dict[str, Any]:
    """The whole content, ready to be written as JSON."""
    sets = [("real", 0), ("train", 0)]
    sets += [(one.name, s) for one in CORRUPTIONS.values() for s in one.strengths]
    line = {"value": INFINITY, "error": 0.1, "slope": SLOPE}
    return {
        "protocol": {"network": "Inception", "precision": "bf16", "reference": "10,000 images"},
        "grid": {"n": N, "points": [_point(name, strength) for name, strength in sets]},
        "real": {"points": [_count(n) for n in (250, 500, 1000, 2000)], "infinity": line},
        "both": [{"n": 1000, "fid": 22.0}],
        "models": [_model("vae", 90.0), _model("gan", 30.0)],
        "resize": {"n": 1000, "title": "A GAN", "tf1": 36.2, "antialiased": 31.5, "mixed": 50.0},
    }


def _point(name: str, strength: float) -> dict[str, Any]:
    fid = fid_of(name, strength)
    kid = (fid - FLOOR) / 1000
    return {"name": name, "strength": strength, "fid": fid, "kid": kid, "kid_error": 0.0001}


def _count(n: int) -> dict[str, Any]:
    kid = {"kid": 0.0001, "kid_error": 0.0002}
    return {"n": n, "subsets": 2, "fid": INFINITY + SLOPE / n, "spread": 0.5} | kid


def _model(family: str, fid: float) -> dict[str, Any]:
    points = [(n, fid + SLOPE / n) for n in (250, 500, 750, 1000)]
    line = {"value": fid, "error": 0.2, "slope": SLOPE}
    facts = {"key": f"pretrained:{family}-fashion", "title": f"A {family}", "sha256": "0" * 64}
    return facts | {"fid": points, "infinity": line, "kid": 0.05, "kid_error": 0.001}
