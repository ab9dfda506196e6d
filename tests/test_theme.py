"""The look: one palette in three places, readable on both papers, and text that stays text."""

import base64
import tomllib
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit import config

from explorer import palette
from explorer.ui import theme

CONFIG = tomllib.loads(
    (Path(__file__).parent.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)


def linear(colour: str) -> np.ndarray:
    """An sRGB hex colour as linear light in [0, 1]."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1..21."""
    light, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def oklab(light: np.ndarray) -> np.ndarray:
    """Linear sRGB as OKLab (Ottosson 2020)."""
    lms = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ np.clip(light, 0, 1)
    )
    return (
        np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        )
        @ lms
    )


# Machado, Oliveira and Fernandes 2009, severity 1.
EYES = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


@pytest.mark.parametrize("eye", EYES)
def test_the_first_four_colours_stay_apart_for_every_eye(eye):
    seen = [oklab(EYES[eye] @ linear(colour)) for colour in palette.CATEGORICAL[:4]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 0.1


@pytest.mark.parametrize("side", [0, 1])
def test_everything_reads_on_its_paper(side):
    papers = (palette.PAPER[side], palette.SURFACE[side])
    for paper in papers:
        texts = [palette.INK, palette.MUTED, palette.ACCENT, *palette.STATES.values()]
        assert min(contrast(text[side], paper) for text in texts) >= 4.5
    assert min(contrast(colour, papers[0]) for colour in palette.CATEGORICAL) >= 3


def test_the_configuration_has_the_palettes_colours():
    for side, name in enumerate(("light", "dark")):
        section = CONFIG["theme"][name]
        assert section["primaryColor"] == section["linkColor"] == palette.ACCENT[side]
        assert section["backgroundColor"] == palette.PAPER[side]
        assert section["secondaryBackgroundColor"] == palette.SURFACE[side]
        assert section["textColor"] == palette.INK[side]
        assert section["borderColor"] == palette.LINE[side]
        assert section["sidebar"]["backgroundColor"] == palette.SURFACE[side]
    assert CONFIG["theme"]["chartCategoricalColors"] == list(palette.CATEGORICAL)


def options(section: dict, prefix: str = "") -> list[str]:
    """Every option of the file by its full name."""
    names = []
    for name, value in section.items():
        inner = options(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]
        names += inner
    return names


def test_streamlit_knows_every_option_and_the_server_is_private():
    assert set(options(CONFIG)) <= set(config.get_config_options())
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["server"]["enableCORS"]
    assert CONFIG["server"]["enableXsrfProtection"]
    assert CONFIG["runner"]["postScriptGC"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_text_from_a_person_stays_text():
    bad = '<img src=x onerror="alert(1)">'
    picture = np.zeros((2, 2), np.uint8)
    for html in (
        theme.hero(bad, bad, bad),
        theme.card(bad, bad, kicker=bad),
        theme.card(bad, bad, picture=picture).replace('<img src="data:image/png;base64,', ""),
        theme.stat(bad, bad, bad, bad),
        theme.chip(bad, bad),
        theme.row(theme.stat(bad, bad), least=bad),
    ):
        assert "<img" not in html
        assert '"alert' not in html


def test_a_picture_becomes_a_lossless_png():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    data = theme.picture_url(picture).removeprefix("data:image/png;base64,")
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(base64.b64decode(data)))), picture)


def test_every_state_has_its_colour():
    assert all(f'data-state="{state}"' in theme.stylesheet() for state in palette.STATES)
