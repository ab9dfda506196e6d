"""Measure the shipped models for the page Compare, which opens on what this writes.

``python -m benchmarks.scores`` writes pretrained/scores.json; what was measured before stands on a
shelf in the folder of runs, so it may be broken off and started again.
"""

import sys

from explorer import files, standings
from explorer.competitors import competitor
from explorer.evaluation import evaluate
from explorer.rulers import Asked

ENTERED = {
    "fashion-mnist": (
        ("real:fashion-mnist:test", {}),
        ("pretrained:diffusion-fashion", {}),
        ("pretrained:gan-fashion", {}),
        ("pretrained:gan-conditional-fashion", {}),
        ("pretrained:latent-diffusion-fashion", {}),
        ("pretrained:vae-fashion", {}),
        ("pretrained:vae-fashion", {"prior": "mixture"}),
    ),
    "mnist": (("real:mnist:test", {}), ("pretrained:diffusion-mnist", {})),
}


def main() -> None:
    """Measure the data sets named on the command line, or all, and write what is known of all."""
    kept = {_name(one): one for one in standings.all_shipped()}
    for name in sys.argv[1:] or ENTERED:
        ones = [competitor(key, how) for key, how in ENTERED[name]]
        for _, told in evaluate(ones, Asked()):
            print(f"{told.title} {told.sampling}: {told.stage} {told.done:,}", flush=True)
            if told.stage == "done":
                kept[_name(told)] = told
        print(f"{name}: {len(ones)} competitors")
    values = [standings.to_json(one) for one in kept.values()]
    files.publish(standings.SHIPPED, files.json_bytes({"standings": values}, indent=1))


def _name(one) -> tuple[str, str]:
    return one.key, one.sampling


if __name__ == "__main__":
    main()
