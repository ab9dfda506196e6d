"""The third part of *What is FID?*: what the number of samples does to it, and to other numbers."""

import streamlit as st

from explorer import figures
from explorer.lesson import Lesson, Model
from explorer.ui import fid_plots, theme, url
from explorer.ui.source import code

SEEDS = {"VAE": 91.5, "GAN": 128.3, "Diffusion": 35.4}  # FashionMNIST FIDs of a course document
FAMILY = {"VAE": "vae-", "GAN": "gan-", "Diffusion": "diffusion-"}  # of our shipped models
SIZES = (500, 1000, 2000, 5000, 10_000)
UNSAID = ("how many samples", "which real pictures", "which network file", "which resize")


def counts(found: Lesson) -> None:
    """Real pictures against real pictures: nothing but the number of them."""
    st.header("How many pictures?")
    st.markdown(
        "These are **real test images against real training images**. A fair measure would say "
        "0, or nearly so, however many there are. **Predict:** how far from 0 is FID at 1,000?"
    )
    st.plotly_chart(
        fid_plots.counts(found.real, found.infinity), key="fid-counts", config=figures.CONFIG
    )
    st.caption(
        "Blue: mean of separate subsets (bars: their standard deviation) against the "
        f"{found.protocol['reference']}. Fewer pictures than the 2,048 dimensions cannot fill "
        "them: the covariance is singular, its small directions look empty, and FID counts what is "
        "missing. The excess falls as 1/n, so the line through the middle plot tells the value for "
        "infinitely many. KID is unbiased: it scatters around 0 at any n."
    )
    if found.infinity:
        theme.show(theme.row(*_stats(found)))


def _stats(found: Lesson) -> list[str]:
    line = found.infinity
    told = [
        theme.stat(
            "Infinitely many",
            f"{line.value:.2f}",
            f"± {line.error:.2f}",
            f"FID∞, from at most {max(one.n for one in found.real):,} pictures",
        ),
        theme.stat("Each n adds", f"{line.slope:,.0f} / n", "", "the bias of real pictures"),
    ]
    if found.both:
        n, fid = max((one for one in found.both if one[0] <= 2000), default=found.both[0])
        there = next((one.fid for one in found.real if one.n == n), None)
        more = f"with a full reference {there:.1f}" if there else ""
        told.append(
            theme.stat(f"{n:,} against {n:,}", f"{fid:.1f}", "", f"few on both sides; {more}")
        )
    return told


# Three numbers of a course ------------------------------------------------------------------------


def seeds(found: Lesson) -> None:
    """How much of a reported FID the number of samples alone may be."""
    st.header("Three numbers of a course")
    st.markdown(
        "A course document reports, for Fashion-MNIST, FID 91.5 (VAE), 128.3 (GAN) and 35.4 "
        f"(diffusion). It does not say {', '.join(UNSAID[:-1])} or {UNSAID[-1]}. Suppose that the "
        "number of samples was this:"
    )
    words = {str(n): f"{n:,}" for n in SIZES}
    n = int(url.segmented("Samples", words, "2000", "samples"))
    biases = [bias(found, name, n) for name in SEEDS]
    figure = fid_plots.parts(list(SEEDS), list(SEEDS.values()), biases)
    st.plotly_chart(figure, key="fid-seeds", config=figures.CONFIG)
    share = max(b / total for b, total in zip(biases, SEEDS.values(), strict=True))
    st.caption(
        f"At {n:,} samples, up to {share:.0%} of a bar comes from their number alone: the magenta "
        f"part is slope / n of {_whose(found)}. Fewer reference pictures would add still more. The "
        "order of the three may well be right; compared with other people's numbers they mean "
        "nothing."
    )
    _models(found)
    _resize(found)


def bias(found: Lesson, name: str, n: int) -> float:
    """What n samples add by themselves: of our model of that family if measured, or real ones."""
    line = (_model(found, name) or found).infinity or found.infinity
    return line.slope / n if line else 0.0


def _model(found: Lesson, name: str) -> Model | None:
    keys = (one for one in found.models if f":{FAMILY[name]}" in one.key and one.infinity)
    return next(keys, None)


def _whose(found: Lesson) -> str:
    own = [name for name in SEEDS if _model(found, name)]
    if not own:
        return "real pictures"
    ours = f"our own shipped {', '.join(own)} model{'s' if len(own) > 1 else ''}"
    return ours if len(own) == len(SEEDS) else f"{ours}, else of real pictures"


def _models(found: Lesson) -> None:
    """The same bias in samples of models that came with the program."""
    measured = [one for one in found.models if one.fid]
    if not measured:
        return
    st.subheader("The same models, more samples")
    left, right = st.container(key="wrap-wide-models").columns([3, 2], gap="large")
    with left:
        figure = fid_plots.models(measured, found.real)
        st.plotly_chart(figure, key="fid-models", config=figures.CONFIG)
    with right:
        cards = [
            theme.stat(one.title, f"{one.fid[-1][1]:.1f}", "", _facts(one)) for one in measured
        ]
        theme.show(theme.row(*cards, least="12rem"))
    st.caption(
        "Nothing about a model changes along its curve. Whoever measures with few samples reports "
        "a worse model; compare numbers only at one n, or at the line's end."
    )


def _facts(one: Model) -> str:
    told = f"n = {one.fid[-1][0]:,}"
    if one.infinity:
        told += f"; FID∞ {one.infinity.value:.1f} ± {one.infinity.error:.1f}"
    return told


def _resize(found: Lesson) -> None:
    """The same samples enlarged in two ways."""
    if (pair := found.resize) is None:
        return
    st.subheader("And the same samples, enlarged in another way")
    note = f"{pair.n:,} against {pair.n:,}"
    theme.show(
        theme.row(
            theme.stat("As TensorFlow 1 did", f"{pair.tf1:.1f}", "", f"the field's way; {note}"),
            theme.stat("Antialiased", f"{pair.antialiased:.1f}", "", f"a common default; {note}"),
            theme.stat("One side each", f"{pair.mixed:.1f}", "", "what mixed conventions give"),
        )
    )
    st.caption(
        f"Samples of {pair.title} against training images. The network wants 299 pixels; how a "
        "picture of 28 gets there is part of the measure, and is seldom told."
    )
    with st.expander("How ours are enlarged"):
        code("explorer.metrics.inception:enlarged")
        code("explorer.metrics.inception:_between")
