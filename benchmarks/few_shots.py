"""Measure few-shot accuracy for the page Few shots, which opens on what this writes.

``python -m benchmarks.few_shots [CHECKPOINT …]`` writes pretrained/few_shots.json: the shipped
models, and checkpoints of runs that are kept nowhere but were trained for the comparison. What the
file has of the same weights is not measured again.
"""

import sys
from dataclasses import replace

from explorer import catalog, data, few_shots, files
from explorer.abilities.shots import lines, shots
from explorer.abilities.subject import Subject
from explorer.answers import FewShots
from explorer.catalog import Entry
from explorer.few_shots import LINES, SHIPPED, VERSION

DATA = ("fashion-mnist", "mnist")
COMMAND = "python -m benchmarks.few_shots"


def main() -> None:
    """What is known already, and everything that is missing; the file grows one by one."""
    kept = [one for name in DATA for one in few_shots.shipped(name)]
    for name in DATA:
        if not any(one.data == name and one.family in LINES for one in kept):
            kept += lines(data.load(name), data.load(name, "test"))
            _write(kept)
    for entry in _entries():
        if entry.digest not in {one.weights for one in kept}:
            kept.append(_measured(entry))
            _write(kept)
    print(f"{len(kept)} lines")


def _entries() -> list[Entry]:
    """Every shipped model of these data that has numbers of its own, and those named."""
    there = [one for one in catalog.shipped() if one.header.recipe["data"].startswith(DATA)]
    alike = [one for one in there if "memorised" not in one.key]  # of few pictures, not usual ones
    return [*alike, *map(catalog.entry, sys.argv[1:])]


def _measured(entry: Entry) -> FewShots:
    for told in shots(Subject(entry)):
        if isinstance(told, float):
            print(f"\r{entry.title}: {told:4.0%}", end="", flush=True)
    near = told.vote[-1][0]
    print(f"\r{entry.title}: {near:.1%} with {told.labels[-1]} labels, samples {told.samples}")
    shipped = entry.key.startswith(catalog.SHIPPED)
    return told if shipped else replace(told, key="", title=entry.header.title)


def _write(kept: list[FewShots]) -> None:
    value = {"version": VERSION, "command": COMMAND, "models": [*map(few_shots.to_json, kept)]}
    files.publish(catalog.FOLDER / SHIPPED, files.json_bytes(value, indent=1))


if __name__ == "__main__":
    main()
