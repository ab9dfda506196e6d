"""Two models side by side: what they copy, what they invent, what they make of your own picture."""

import numpy as np
import streamlit as st

from explorer import catalog
from explorer.answers import Reconstruction
from explorer.catalog import Entry
from explorer.pictures import enlarge, sheet
from explorer.ui import images, kept, pickers, theme, url
from explorer.ui.asking import ask, guarded, literal
from explorer.ui.drag import Slider, drag_picture
from explorer.ui.sampler_form import seed

ABLE = ("Decodes",)  # what only decodes invents, but cannot copy
PRIORS = {"normal": "N(0, I)", "gaussian": "Fitted Gaussian", "mixture": "Mixture of 10"}
SHOWN = 8  # test images in a row
FIRST = ("autoencoder-fashion", "vae-fashion", "vae-beta-10")  # chosen when a page opens

COMPARISONS = {
    "AE or VAE": ("autoencoder-fashion", "vae-fashion"),
    "Latent 16, 128, 1024": ("autoencoder-16", "autoencoder-128", "autoencoder-1024"),
    "β = 0, tuned, 10": ("vae-beta-0", "vae-fashion", "vae-beta-10"),
    "L1 or L2": ("vae-l1", "vae-fashion"),
}


def comparisons() -> None:
    """Ready comparisons of shipped models, those whose models are here: a click chooses them."""
    there = pickers.titles(ABLE)
    with st.container(horizontal=True):
        for title, names in COMPARISONS.items():
            keys = [f"{catalog.SHIPPED}{name}" for name in names]
            if not all(key in there for key in keys):
                continue
            if url.put(st.button, title, key=f"compare-{title}"):
                chosen = dict(zip("abc", keys, strict=False)) | {"third": len(keys) == 3}
                st.session_state.update(chosen)
                st.rerun()


def choose() -> list[Entry]:
    """Two models, or three."""
    comparisons()
    url.begin("third", url.switch)
    three = st.session_state.get("third", False)
    columns = st.columns(3 if three else 2, gap="medium")
    chosen = []
    for column, key, name in zip(columns, "abc", FIRST, strict=False):
        with column:
            default = f"{catalog.SHIPPED}{name}"
            if found := pickers.checkpoint(f"Model {key.upper()}", key, default, ABLE):
                chosen.append(found)
                st.caption(described(found))
    url.toggle("A third model", "third")
    return chosen


def described(entry: Entry) -> str:
    """The settings that tell models apart, on one line."""
    model, facts = entry.header.recipe["model"], entry.header.facts
    losses = {"l2": "L2", "l1": "L1", "bce": "BCE"}
    parts = [f"latent {model['latent']}", losses.get(model["loss"], model["loss"])]
    if "beta" in model:
        parts.append(f"β = {model['beta']:g}")
    parts += [f"{entry.header.parameters:,} parameters", f"epoch {facts.get('epoch', 0):.3g}"]
    return " · ".join(parts)


def copies(entry: Entry) -> bool:
    """Whether it can find the latents of a picture."""
    return entry.header.has("Encodes")


def reconstructions(entries: list[Entry]) -> None:
    """The same test images through each model that encodes."""
    st.header("What they copy")
    for entry in entries:
        if not copies(entry):
            st.info(
                f"{literal(entry.title)} has no encoder: nothing tells which latents would give a "
                "certain picture, so it invents pictures and copies none.",
                icon=":material/block:",
            )
    if not (entries := [entry for entry in entries if copies(entry)]):
        return
    shape = tuple(entries[0].header.facts["spec"]["shape"])
    with st.container(horizontal=True):
        info = pickers.dataset("images", shape, entries[0].header.recipe["data"])
        first = images.first_of(max(0, info.test - SHOWN))
    indices = tuple(range(first, min(first + SHOWN, info.test)))
    answers = [
        ask("reconstruct", checkpoint=e.exact, data_name=info.name, indices=indices)
        for e in entries
    ]
    strip("Original", answers[0].original)
    for entry, answer in zip(entries, answers, strict=True):
        strip(entry.title, answer.reconstruction, note=mean_error(answer))
        strip("What is missing", answer.error, quiet=True)
    errors(entries, info.name)


def strip(title: str, pictures: np.ndarray, note: str = "", quiet: bool = False) -> None:
    """A row of pictures with its name."""
    row = enlarge(sheet(pictures, len(pictures), gap=2, ground=0), 4)
    theme.show(theme.strip(title, note, row, quiet))


def mean_error(answer: Reconstruction) -> str:
    """The mean error of the images shown, in both units."""
    return (
        f"squared error {answer.squared_error.mean():.1f}, "
        f"absolute error {answer.absolute_error.mean():.1f} per image"
    )


def errors(entries: list[Entry], name: str) -> None:
    """The errors over 1,000 test images."""
    stats = []
    for entry in entries:
        squared, absolute = ask("errors_of", checkpoint=entry.exact, data_name=name)
        stats.append(
            theme.stat(entry.title, f"{squared:.2f}", f"squared · {absolute:.1f} absolute")
        )
    theme.show(theme.row(*stats))
    st.caption(
        "Squared and absolute error, each summed over an image's pixels (0 to 1) and averaged over "
        "1,000 test images. Compare models within one unit, never one unit with the other."
    )


def samples(entries: list[Entry]) -> None:
    """What each model invents, from one seed; the temperature answers while it is dragged."""
    st.header("What they invent")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        prior = url.choose(
            st.segmented_control,
            "Latents drawn from",
            list(PRIORS),
            "normal",
            "prior",
            format_func=PRIORS.get,
            required=True,
            help="Where the random latents come from: the distribution a VAE is trained for, or "
            "one fitted afterwards to the latents of the training images.",
        )
        number = seed("sample_seed", 0, "Seed")
    if prior != "normal":
        for entry in filter(copies, entries):
            fit(entry.exact, prior, entry.title)

    def draw(values: dict[str, float]) -> dict[str, np.ndarray]:
        return {
            f"{name} · {entry.title}": wall(entry, number, prior, values["temperature"])
            for name, entry in zip("ABC", entries, strict=False)
        }

    slider = Slider("temperature", "Temperature (distance from the middle)", 0.0, 2.0, 0.05, 1.0)
    drag_picture(draw, key=f"samples-{prior}", sliders=[slider], title="Samples of each model")
    st.caption(
        "An autoencoder's latents lie wherever training left them, so N(0, I) misses them: noise. "
        "A mixture fitted to them cures it. A VAE was trained so that N(0, I) fits; a GAN knows "
        "no other latents, so it always draws from N(0, I)."
    )


def fit(checkpoint: str, prior: str, title: str) -> None:
    """Have the engine fit a distribution to a model's latents, once, with progress."""
    text = f"Looking where the {title}'s latents of 10,000 training images lie …"
    kept.awaited("fit_prior", text, checkpoint=checkpoint, kind=prior)


def wall(entry: Entry, number: int, prior: str, temperature: float) -> np.ndarray:
    """64 samples as one picture."""
    prior = prior if copies(entry) else "normal"
    asked = {"n": 64, "seed": number, "prior": prior, "temperature": round(temperature, 3)}
    return sheet(ask("sample", checkpoint=entry.exact, **asked).pictures, 8)


@st.fragment
def own_picture(entries: list[Entry]) -> None:
    """Draw or upload something and see what each model that encodes makes of it."""
    if not (entries := [entry for entry in entries if copies(entry)]):
        return
    st.header("Your own picture")
    channels, size = entries[0].header.facts["spec"]["shape"][:2]
    left, right = st.container(key="wrap-own").columns([1, 2], gap="large")
    drawn = None
    with left, guarded():
        st.caption("Draw here: a shoe, trousers, a letter. The model shows what it expects to see.")
        drawn = images.own_picture(size, channels == 3)
    with right, guarded():
        if drawn is None:
            st.caption("What the models make of it appears here while you draw.")
            return
        for entry in entries:
            answer = ask("reconstruct", checkpoint=entry.exact, x=drawn[None])
            both = [answer.original, answer.reconstruction, answer.error]
            strip(entry.title, np.concatenate(both), note=mean_error(answer))


theme.show(
    theme.hero(
        "Reconstruct and sample",
        "The same pictures through any two models: what they copy, what they invent.",
    )
)
entries = choose()
if entries:
    shapes = {tuple(e.header.facts["spec"]["shape"]) for e in entries}
    if len(shapes) > 1:
        st.error(
            "These models were trained on pictures of different sizes. Choose two of one size."
        )
    elif len(shapes.pop()) == 3:
        for part in (reconstructions, samples, own_picture):
            with guarded():
                part(entries)
    else:
        with guarded():
            samples(entries)
