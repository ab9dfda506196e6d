"""Simple diffusion: one picture and one noise, learned by heart in front of you."""

from typing import Any

import numpy as np
import streamlit as st

from explorer import figures
from explorer.answers import Curve
from explorer.pictures import enlarge, sheet
from explorer.ui import jobs, theme, url
from explorer.ui.asking import guarded
from explorer.ui.player import player
from explorer.ui.simple_scene import ASKED, pictures, settings
from explorer.ui.source import code

SLOT = "simple-job"
TITLES = ("Original", "Noisy", "True noise", "Predicted noise", "Denoised")
FORMULAS = {
    "eps": r"\varepsilon",
    "x0": "x_0",
    "v": r"(\alpha\,\varepsilon - \sigma\,x_0)",
    "velocity": r"(\varepsilon - x_0)",
}


# Learning -----------------------------------------------------------------------------------------


def lesson(wanted: dict[str, Any]) -> dict[str, Any] | None:
    """What was learned; the first time at once, later whenever the button is pressed."""
    url.note(ASKED)
    asked = st.session_state.setdefault(ASKED, wanted)
    bar = st.container(horizontal=True, vertical_alignment="center")
    found = None
    with guarded():
        if asked:
            found = jobs.awaited(SLOT, live, "simple_diffusion", **asked)
        else:
            st.info("Stopped. Nothing runs any more.", icon=":material/stop:")
    with bar:
        if jobs.working(SLOT):
            st.button("Stop", icon=":material/stop:", on_click=stop)
        else:
            kind = {"type": "primary", "icon": ":material/model_training:"}
            st.button("Train", on_click=begin, args=(wanted,), **kind)
        if asked and not same(asked, wanted):
            st.caption("What is shown below is from before your changes.")
    return found


def begin(wanted: dict[str, Any]) -> None:
    """The button was pressed: train on what is chosen now."""
    st.session_state[ASKED] = wanted


def stop() -> None:
    """Give up what is being trained."""
    jobs.cancel(SLOT)
    st.session_state[ASKED] = None


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two trainings are one and the same."""
    return all(np.array_equal(a[k], b[k]) for k in ("x", "other")) and a["values"] == b["values"]


def live(items: list[Any]) -> None:
    """The strip and the loss of this moment."""
    told = [item for item in items if isinstance(item, tuple)]
    losses = [loss for few, _ in told for loss in few]
    total = st.session_state[ASKED]["values"]["iterations"]
    done = f"Iteration {len(losses)} of {total}" if losses else "Building the network …"
    st.progress(min(1.0, len(losses) / total), done)
    if told:
        side_by_side(told[-1][1])
        curve(np.array(losses), total)


def side_by_side(strip: np.ndarray) -> None:
    """Original, noisy, true noise, predicted noise, denoised: each under its name."""
    parts = (theme.strip(t, "", enlarge(p, 5)) for t, p in zip(TITLES, strip, strict=True))
    theme.show(theme.row(*parts, least="7rem"))


def curve(losses: np.ndarray, total: int) -> None:
    """The loss so far, on an axis that reaches to the end."""
    losses = np.maximum(losses, 1e-16)  # a logarithm of 0 would leave a gap
    line = Curve("loss", np.arange(len(losses)), losses)
    unit = "squared error per number"
    figure = figures.curves([line], x_title="iteration", y_title=unit, log_y=True, height=260)
    figure.update_xaxes(range=[0, total - 1])
    deepest = int(np.floor(np.log10(losses.min())))
    decades = [10.0**k for k in range(3, deepest - 1, -1 - abs(deepest) // 8)]
    figure.update_yaxes(tickvals=decades, ticktext=[f"{v:g}" for v in decades])
    figure.update_layout(showlegend=False)
    st.plotly_chart(figure, key="simple-loss", config=figures.CONFIG)


# What was learned ---------------------------------------------------------------------------------


def watch(found: dict[str, Any]) -> None:
    """Every iteration on one slider, the first and the last of them side by side, and the loss."""
    film, losses = found["film"], found["losses"]
    player(film, key="simple-film", autoplay=True, report=False)
    ends = []
    for i in (0, len(losses) - 1):
        frames = np.stack([track.frames[i] for track in film.tracks])
        ends.append(row(f"Iteration {i}", f"loss {losses[i]:.2g}", frames))
    theme.show(theme.row(*ends, least="22rem"))
    st.caption(
        "From left to right: original, noisy, true noise, predicted noise, denoised. Noise is "
        "positive and negative, so it is drawn around mid-grey. At iteration 0 the network "
        f"({found['parameters']:,} weights) has learned nothing yet. Denoised is what is left of "
        "the noisy picture when the predicted noise is taken out."
    )
    curve(losses, len(losses))


def row(title: str, note: str, strip: np.ndarray) -> str:
    """The five pictures of a strip side by side."""
    return theme.strip(title, note, enlarge(sheet(strip, len(strip), gap=1), 4))


def trials(found: dict[str, Any]) -> None:
    """The trained network in front of what it has never seen."""
    st.header("Give it something else")
    first = found["losses"][0]
    st.markdown(
        "The network is trained; nothing is learned any more. Now it is asked about scenes, some "
        f"of which it has never seen. Before training, its loss was {first:.2f}."
    )
    rows = [row(t["title"], f"loss {t['loss']:.2g}", t["strip"]) for t in found["trials"]]
    theme.show(theme.row(*rows, least="22rem"))
    learned, noise, picture, _ = (one["loss"] for one in found["trials"])
    st.markdown(told(first, learned, noise, picture))
    st.caption(
        "What this shows: the loss of diffusion can be driven down by an ordinary network in "
        "seconds. What it does not show: a generative model. Nothing here was drawn from noise "
        "alone. For that, the network must see fresh noise, every level and many pictures: then "
        "learning by heart does not pay, and it has to learn what pictures look like."
    )
    st.page_link(
        "pages/train.py",
        label="Train a real diffusion model",
        icon=":material/model_training:",
        query_params={"family": "diffusion"},
    )


def told(first: float, learned: float, noise: float, picture: float) -> str:
    """What the losses mean: before training, for what it knows, for a new noise or picture."""
    if learned > first / 4:
        return (
            f"**It has not even learned its own scene**: its loss there is {learned:.2g}. Give it "
            "more iterations, or a learning rate around 0.003."
        )
    if noise > 2 * picture:
        what, how = "the noise", "It fails at another noise even on the very same picture"
    elif picture > 2 * noise:
        what, how = "the picture", "It fails at another picture even under the very same noise"
    else:
        what, how = "this one scene", "Another noise and another picture confuse it alike"
    return (
        f"**It knows {what} by heart.** {how}: its loss is {learned:.2g} where it was trained, "
        f"and {max(noise, picture):.2g} there."
    )


def behind(target: str) -> None:
    """The formula, the loss and the lines of ours that compute them."""
    st.header("The whole method in two lines")
    left, right = st.container(key="wrap-simple-formula").columns(2, gap="large")
    with left:
        st.latex(r"x = \alpha\,x_0 + \sigma\,\varepsilon, \qquad \varepsilon \sim \mathcal N(0, I)")
        code("explorer.simple:Scene.x", "return")
    with right:
        wanted = FORMULAS[target]
        st.latex(rf"\text{{loss}} = \big\lVert\, \text{{network}}(x) - {wanted} \,\big\rVert^2")
        code("explorer.simple:look_at", "loss =")
    with st.expander("The training loop"):
        code("explorer.simple:train")


theme.show(
    theme.hero(
        "Simple diffusion",
        "One picture, one noise, one small network: watch it learn to take the noise out, "
        "update by update.",
    )
)
with guarded():
    x, other = pictures()
    values = settings()
    found = lesson({"x": x, "other": other, "values": values})
    if found:
        watch(found)
        trials(found)
    behind(values["target"])
