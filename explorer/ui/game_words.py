r"""A round of the game in words, formulas and lines of our own code, phase by phase."""

from typing import NamedTuple

import numpy as np

from explorer.answers import SlowRound

READS = "the probability that a point is real"
SCORES = "a score: the higher, the more real a point looks"
SIGMOID = ("non-saturating", "minimax")

# Of each loss: D's, and G's, as they are minimised.
FORMULAS = {
    "non-saturating": (
        r"-\log \sigma(D(x)) - \log\bigl(1 - \sigma(D(G(z)))\bigr)",
        r"-\log \sigma(D(G(z)))",
    ),
    "minimax": (
        r"-\log \sigma(D(x)) - \log\bigl(1 - \sigma(D(G(z)))\bigr)",
        r"\log\bigl(1 - \sigma(D(G(z)))\bigr)",
    ),
    "least-squares": (
        r"\tfrac12 (D(x) - 1)^2 + \tfrac12 D(G(z))^2",
        r"\tfrac12 (D(G(z)) - 1)^2",
    ),
    "wasserstein": (r"D(G(z)) - D(x)", r"-D(G(z))"),
    "hinge": (r"\max(0, 1 - D(x)) + \max(0, 1 + D(G(z)))", r"-D(G(z))"),
}


class Phase(NamedTuple):
    """What happens, in words; a formula; and the place of our code, with words to find it by."""

    text: str
    formula: str
    code: str
    find: str = ""


def phase(number: int, slow: SlowRound, loss: str) -> Phase:
    """Phase 0 to 6 of a round that was played."""
    return (_draw, _carry, _look, _judge, _again, _push, _move)[number](slow, loss)


def _draw(slow: SlowRound, loss: str) -> Phase:
    size = "two numbers" if slow.z.shape[1] == 2 else "numbers"
    return Phase(
        f"A round begins with noise: every orange point is a z, {size} drawn from a normal "
        "distribution. The lines are a grid in the space of z, here still straight; they cut the "
        "noise into shares of equal size. (With more than two numbers a z, the first two are "
        "shown; all are drawn a little smaller, so that they fit.)",
        r"z \sim \mathcal{N}(0, I)",
        "explorer.models.gan:GAN._draw",
    )


def _carry(slow: SlowRound, loss: str) -> Phase:
    return Phase(
        "The generator G is a function: it carries each z to a point, and the grid comes along. "
        "Where lines are crowded, G puts many points; where they are stretched between two "
        "modes, it has to put a few, because it cannot tear the grid.",
        r"\hat x = G(z)",
        "explorer.adversaries:Generator.forward",
    )


def _look(slow: SlowRound, loss: str) -> Phase:
    real, fake = slow.before.terms["D(real)"], slow.before.terms["D(generated)"]
    reads = READS if loss in SIGMOID else SCORES
    return Phase(
        f"D gives every place of the plane {reads}. Blue ground: rather real. Orange: rather "
        f"generated. It says **{real:.2f}** of real points and **{fake:.2f}** of generated ones, "
        "on average.",
        r"p = \sigma(D(x))" if loss in SIGMOID else r"d = D(x)",
        "explorer.models.gan:GAN.judgement",
        "d_real, d_fake =",
    )


def _judge(slow: SlowRound, loss: str) -> Phase:
    before, after = slow.before.terms["D loss"], slow.judged.terms["D loss"]
    often = _often(slow.steps[0])
    return Phase(
        f"D's loss says how badly it tells the two apart. Its gradient says how each of D's "
        f"weights should change; D moves a step against it{often}, and its surface turns. G does "
        f"not move. On the points shown here, D's loss went from **{before:.3f}** to "
        f"**{after:.3f}**.",
        r"\theta_D \leftarrow \theta_D - \eta_D \nabla_{\theta_D} \bigl["
        + FORMULAS[loss][0]
        + r"\bigr]",
        "explorer.adversarial:Loss.discriminator",
    )


def _again(slow: SlowRound, loss: str) -> Phase:
    before, after = slow.before.terms["D(generated)"], slow.judged.terms["D(generated)"]
    return Phase(
        "Now it is G's turn. It asks the D that has just learned what it thinks of the generated "
        f"points: **{before:.3f}** before D moved, **{after:.3f}** now. G's loss says how little "
        "they fool D. Real points play no part in it: G learns all it knows through D.",
        r"L_G = " + FORMULAS[loss][1],
        "explorer.models.gan:GAN.forgery",
        "value =",
    )


def _push(slow: SlowRound, loss: str) -> Phase:
    push = slow.judged.terms["push"]
    return Phase(
        "The gradient of G's loss with respect to each generated point says where that point "
        "should go: uphill on D's surface. Longer arrows push more strongly (they are shortened, "
        f"so that none crosses the plane). Their mean strength is **{push:.2f}**; where D is flat "
        "there is no arrow, and nothing to learn from.",
        r"-\frac{\partial L_G}{\partial \hat x}",
        "explorer.plane_games:push",
    )


def _move(slow: SlowRound, loss: str) -> Phase:
    way = float(np.linalg.norm(slow.after.fake - slow.before.fake, axis=1).mean())
    return Phase(
        "G cannot move single points. It moves its weights along what all arrows ask for "
        f"together{_often(slow.steps[1])}, and all its points come along: by **{way:.3f}** on "
        "average. The arrows still stand where the points were. The next round begins with new "
        "noise.",
        r"\theta_G \leftarrow \theta_G - \eta_G \,"
        r"\frac{\partial L_G}{\partial \hat x} \frac{\partial G(z)}{\partial \theta_G}",
        "explorer.training:Trainer._update",
    )


def _often(steps: int) -> str:
    return f", {steps} times" if steps > 1 else ""
