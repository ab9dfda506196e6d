"""How each ability is measured, in formulas, words and our own code; and what it says of a GAN."""

from collections.abc import Callable

import streamlit as st

from explorer.capabilities import Cell
from explorer.ui import theme
from explorer.ui.source import code

Cells = dict[str, dict[str, Cell]]  # by column and ability


def reconstruct() -> None:
    """Three ways to copy."""
    st.markdown(
        "**An encoder** finds the latents at once. **A GAN has none**: the latents are searched, "
        "by 200 steps of Adam from the best of 500 random ones."
    )
    st.latex(r"z^* = \arg\min_z \lVert G(z) - x \rVert^2")
    code("explorer.abilities.copies:inverted")
    st.markdown(
        "**A diffusion** walks the probability-flow ODE up to pure noise and back, 20 steps of "
        "Heun each way. Nothing is lost, because nothing is squeezed: its code has as many numbers "
        "as the picture. Noised half way and denoised, it invents what the noise has hidden."
    )
    code("explorer.abilities.copies:up_and_down")
    st.caption(
        "The first 64 test images; ± is the standard error of their mean. Above: the images, "
        "below: the copies. A latent diffusion copies by its autoencoder alone."
    )


def likelihood(cells: Cells) -> None:
    """Both bounds, the density they share, and the width of a VAE's decoder."""
    st.markdown("**A VAE:** the importance-weighted bound (Burda et al. 2016).")
    st.latex(
        r"\log P(x) \;\ge\; \mathbb{E}\,\log \frac1K \sum_{k=1}^{K} "
        r"\frac{P(x \mid z_k)\,p(z_k)}{q(z_k \mid x)}, \quad z_k \sim q(z \mid x)"
    )
    code("explorer.importance:importance_bound")
    st.latex(
        r"\lVert x-\hat x\rVert^2 + \beta\,\mathrm{KL} \;=\; 2\sigma^2\,\big(-\log "
        r"\mathcal N(x;\hat x,\sigma^2) + \mathrm{KL}\big) + \text{const}, \quad "
        r"\sigma^2 = \beta/2"
    )
    st.markdown(width_of(cells.get("vae", {}).get("likelihood")))
    st.markdown("**A diffusion:** the variational bound of its chain (Ho et al. 2020, eq. 5).")
    st.latex(
        r"\begin{aligned} -\log P(x_0) \;\le\;& L_T - \mathbb{E}\log P(x_0\mid x_s) \\"
        r"&+ \sum_{k>s} \tfrac12\big(\mathrm{SNR}_{k-1}-\mathrm{SNR}_k\big)\,"
        r"\mathbb{E}\lVert x_0-\hat x_0(x_k,k)\rVert^2 \end{aligned}"
    )
    code("explorer.chain_bound:chain_bound")
    st.caption(
        "The sum is estimated without bias from 16 levels an image. The chain may end at any level "
        "s; the one that suits training images best is taken. A class that was told costs log 10 "
        "nats. A latent diffusion takes its chain for the prior of its VAE's latents."
    )
    st.markdown(
        "**The same density for all:** the probability of the stored 8-bit value, a Gaussian added "
        "up over its bin; black and white take all that lies beyond (Ho et al. 2020, eq. 13). The "
        "density of pixels with uniform noise, the usual stand-in, gives a looser bound, never a "
        "tighter one (Theis et al. 2016)."
    )
    code("explorer.densities:_binned")
    st.caption(
        "The first 256 test images; ± is the standard error of their mean. All are upper bounds: a "
        "true figure may be lower, so small differences between bounds of two kinds mean little."
    )


def width_of(cell: Cell | None) -> str:
    """Why the width of a VAE's decoder is fitted, in a sentence, with figures if they are known."""
    text = (
        "So β stands for a Gaussian decoder of σ = √(β/2), far wider than the errors that the "
        "model makes. Its σ is one more number to be learned: the root mean squared error on "
        "training images (Rybkin et al. 2021)"
    )
    facts = cell.facts if cell else {}
    if "scale" not in facts or "scale of β" not in facts:
        return f"{text}."
    return f"{text}, {facts['scale']:.3f} where β stood for {facts['scale of β']:.3f}."


def represent() -> None:
    """The vote, and which numbers of each model."""
    st.latex(
        r"\hat y(x) = \text{most frequent class among the 10 nearest } \varphi(x_i), "
        r"\quad i = 1 \dots 5000"
    )
    code("explorer.metrics.knn:knn_classes")
    st.markdown(
        "φ is the latent mean of an autoencoder or VAE, the features before the last layer of a "
        "GAN's discriminator, and the middle of a diffusion's U-Net on a slightly noisy picture "
        "(20 dB, a level fixed beforehand). No model is told the class. A GAN's own z would need "
        "an inversion for every picture."
    )
    st.caption(
        "The first 5,000 bundled training images vote for 2,000 test images; ± is the standard "
        "error of a share."
    )


def sample() -> None:
    """The Fréchet distance of classifier features."""
    st.latex(
        r"d^2 = \lVert\mu_1-\mu_2\rVert^2 + \mathrm{tr}\big(\Sigma_1+\Sigma_2-"
        r"2(\Sigma_1\Sigma_2)^{1/2}\big)"
    )
    st.markdown(
        "Between 128 features of 2,000 samples and those of the bundled training images, as a "
        "small classifier of ours sees them. It is no FID: its scale is its own. The page "
        "*Compare* measures the FID as well."
    )
    code("explorer.metrics.frechet:frechet")
    st.caption(
        "An autoencoder has no distribution to draw from; a mixture of ten Gaussians, fitted to "
        "its latents afterwards, lends it one. ± is the standard error from random halves."
    )


def cost(cells: Cells) -> None:
    """How operations and seconds are taken, and the commands that trained the models."""
    st.markdown(
        "The median of draws of 20 pictures each, for a second. Operations are counted as the "
        "networks run: matrix products, convolutions and attention, a multiplication with its "
        "addition as two. A picture of a diffusion takes many evaluations of its network."
    )
    code("explorer.metrics.cost:operations")
    told = [cell.facts for own in cells.values() if (cell := own.get("cost"))]
    if commands := "\n".join(dict.fromkeys(facts["command"] for facts in told)):
        st.caption("How they were trained:")
        st.code(commands, language="bash", wrap_lines=True)


def explain(ability: str, cells: Cells) -> None:
    """What stands behind the button *How it is measured*."""
    if ability in ("likelihood", "cost"):
        {"likelihood": likelihood, "cost": cost}[ability](cells)
    else:
        _PLAIN[ability]()


_PLAIN: dict[str, Callable[[], None]] = {
    "reconstruct": reconstruct,
    "represent": represent,
    "sample": sample,
}


# Can a GAN do that? -------------------------------------------------------------------------------


def of_a_gan(cells: Cells) -> str:
    """HTML: three answers, each with its figures; nothing until they are known."""
    gan, ae = cells.get("gan", {}), cells.get("ae", {})
    known = ("reconstruct", "likelihood", "represent")
    if not all(gan.get(a) and (gan[a].value is not None or a == "likelihood") for a in known):
        return ""
    return theme.row(
        theme.card("Reconstruct? By a search", _searched(gan, ae)),
        theme.card("A likelihood? No", _no_density(gan["likelihood"], cells)),
        theme.card("Representations? From D", _from_d(gan["represent"])),
        least="11rem",
    )


def _searched(gan: dict[str, Cell], ae: dict[str, Cell]) -> str:
    text = (
        "Nothing leads from a picture to its z, but 200 steps of a search find one: squared error "
        f"{gan['reconstruct'].value:.1f}"
    )
    other = ae.get("reconstruct")
    if other and other.value is not None:
        text += (
            f", against {other.value:.1f} of the autoencoder at once, through "
            f"{gan['reconstruct'].facts['code']} numbers instead of {other.facts['code']}"
        )
    return f"{text}."


def _no_density(cell: Cell, cells: Cells) -> str:
    bits = {
        name: own["likelihood"].value
        for name, own in cells.items()
        if own.get("likelihood") and own["likelihood"].value is not None
    }
    names = {"vae": "the VAE", "diffusion": "the diffusion", "latent": "the latent diffusion"}
    others = ", ".join(f"{names[k]} {v:.2f}" for k, v in bits.items() if k in names)
    return f"{cell.text} In bits per dimension: {others}." if others else cell.text


def _from_d(cell: Cell) -> str:
    text = (
        "z is no help without that search. But D, which is usually thrown away, has learned what "
        f"to look at: neighbours in its features are right in {100 * cell.value:.1f} %"
    )
    pixels = cell.facts.get("pixels")
    return f"{text}, in raw pixels in {100 * pixels:.1f} %." if pixels else f"{text}."
