"""What the page Few shots says in words and figures: a guess, the course's numbers, a table."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.answers import FewShots
from explorer.ui import theme, url
from explorer.ui.asking import literal
from explorer.ui.shots_plots import JUDGES, at, models, short

GUESSED = 5  # labels a class
COURSE = (18, 600)  # reconstruction and KL of the VAE that the course document tuned for this
GUESSES = {
    "pixels": "Raw pixels",
    "autoencoder": "An autoencoder",
    "vae": "A VAE",
    "gan": "A GAN's discriminator",
    "diffusion": "A diffusion model",
}


def guess(found: Sequence[FewShots]) -> None:
    """A question before the figures."""
    best = {}
    for one in found:
        value = at(one, "probe", GUESSED)
        if value and one.family in GUESSES:
            best[one.family] = max(best.get(one.family, (0.0, one)), (value[0], one), key=_share)
    if len(best) < 2:
        return
    said = url.maybe(
        st.segmented_control,
        f"Guess first: whose numbers tell the classes apart best, with {GUESSED} labels a class "
        "and a straight line between the classes?",
        {name: title for name, title in GUESSES.items() if name in best},
        "shots_guess",
        wrap=True,
    )
    if said:
        first = max(best, key=lambda name: best[name][0])
        ranked = sorted(best.values(), key=_share, reverse=True)
        told = "; ".join(f"{short(one)} {share:.1f} %" for share, one in ranked)
        st.markdown(f"**{'Yes' if said == first else 'No'}.** The best of each kind: {told}.")


def _share(pair: tuple[float, FewShots]) -> float:
    return pair[0]


def course(found: Sequence[FewShots], judge: str, labels: int) -> None:
    """The course's VAE beside ours of the least β, number beside number."""
    ours = [one for one in found if one.kl is not None and one.beta is not None]
    if not ours:
        return
    chosen = [one for one in sorted(ours, key=lambda one: one.beta) if one.family == "vae"]
    cards = [
        theme.stat(
            "The course's VAE for few shots",
            f"{COURSE[0]} / {COURSE[1]}",
            "",
            "reconstruction / KL, as its document says",
        )
    ]
    for one in chosen:
        share = at(one, judge, labels)
        told = f"{share[0]:.1f} % right" if share else ""
        samples = f", samples {one.samples:.3g} away" if one.samples else ""
        both = f"{one.reconstruction:.1f} / {one.kl:.0f}"
        cards.append(theme.stat(short(one), both, "", f"{told}{samples}"))
    theme.show(theme.row(*cards, least="11rem"))
    st.caption(
        "Squared error an image (of what the means of q(z | x) decode to) / KL in nats an image. "
        "To tell classes from few labels one turns the KL term down: the latents keep more of each "
        "picture and lie further apart, and N(0, I) no longer knows where they are. What such a "
        "VAE invents is the price. The course's pair differs for two reasons: so much KL takes "
        "more latents than ours have (128 of them at β = 0.0025 take 285 nats after three epochs "
        "of digits, at a reconstruction of 8.1); and its document names no unit: with pixels from "
        "−1 to 1 each squared error is four times as large, and its 18 would be 4.5 here."
    )


def table(found: Sequence[FewShots]) -> None:
    """Every figure, and the command that trains each model."""
    with st.expander("All figures, and how each model is trained"):
        st.dataframe([_line(one) for one in found], hide_index=True)
        st.caption(
            "kNN and probe: per cent right with 1, 10 and 100 labels a class. Distance: classifier "
            "distance of 2,000 samples from the model's own prior, and from a mixture of ten "
            "Gaussians fitted to its latents. A model without a key is not shipped: its command "
            "trains it again."
        )


def _line(one: FewShots) -> dict[str, Any]:
    told = {"model": one.title, "numbers": one.numbers, "latent": one.latent, "β": one.beta}
    for judge, name in JUDGES.items():
        for labels in (1, 10, 100):
            value = at(one, judge, labels)
            told[f"{name.lower()}, {labels}"] = None if value is None else round(value[0], 1)
    told |= {"distance": one.samples, "distance, fitted": one.fitted}
    told |= {"reconstruction": one.reconstruction, "KL": one.kl}
    return told | {"key": one.key, "command": one.command}


def said(found: Sequence[FewShots], judge: str, labels: int) -> str:
    """Who is best at either side, in a sentence."""
    there = [(at(one, judge, labels), one) for one in models(found) if one.samples]
    there = [(value[0], one) for value, one in there if value]
    if len(there) < 2:
        return ""
    share, knows = max(there, key=_share)
    invents = min((one for _, one in there), key=lambda one: one.samples)
    if knows is invents:
        told = f"{short(knows)} knows the classes best ({share:.1f} %) and invents best"
        return literal(f"{told} (distance {invents.samples:.2g}).")
    other = next(value for value, one in there if one is invents)
    return literal(
        f"{short(knows)} knows the classes best ({share:.1f} %), {short(invents)} invents best "
        f"(distance {invents.samples:.2g}) and is right in {other:.1f} %."
    )
