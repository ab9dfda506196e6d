"""The samples that come with the shipped standings."""

import numpy as np
import pytest

from explorer import files, standings


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Where the shipped figures are; what is written there is read anew."""
    path = tmp_path / "scores.json"
    monkeypatch.setattr(standings, "SHIPPED", path)
    for cached in (standings._shipped, standings._walls, standings._standings):
        cached.cache_clear()
    yield path
    for cached in (standings._shipped, standings._walls, standings._standings):
        cached.cache_clear()


@pytest.mark.parametrize("colours", [(), (3,)])
def test_a_wall_is_found_by_all_that_its_samples_depend_on(shipped, colours):
    pictures = np.random.default_rng(0).integers(0, 256, (25, 8, 6, *colours), np.uint8)
    wall = standings.wall_json("abc", "Heun", 3, pictures)
    shipped.write_bytes(files.json_bytes({"standings": [], "walls": [wall]}))
    assert np.array_equal(standings.shipped_wall("abc", "Heun", 3), pictures[: standings.WALL])
    assert standings.shipped_wall("abc", "Heun", 4) is None
    assert standings.shipped_wall("abd", "Heun", 3) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '{"walls": 3}', '{"walls": [{"drawn": 1, "png": "x"}]}']
)
def test_a_damaged_file_has_no_walls(shipped, text):
    assert standings.shipped_wall("abc", "Heun", 3) is None
    shipped.write_text(text)
    assert standings.shipped_wall("abc", "Heun", 3) is None
    assert standings.all_shipped() == []


def test_every_shipped_standing_has_its_wall():
    for one in standings.all_shipped():
        how = one.protocol
        wall = standings.shipped_wall(how.checkpoint_sha256, how.sampling, how.seed)
        assert wall is not None, one.title
        assert wall.shape[1:] == ((32, 32, 3) if "birds" in one.title.lower() else (28, 28))
        assert len(wall) == standings.WALL
