"""The page *Memorised or made?* in words: what one may expect, and what the statistics say."""

from explorer.answers import Copies, CopyRate

QUESTION = (
    "A diffusion model sees the same 100 pictures again and again, with fresh noise each time. "
    "Then it is asked for new ones. What does it draw?"
)
GUESSES = {
    "new": "New clothes in the style of the hundred",
    "mean": "Blurred averages: a hundred are too few",
    "copies": "The hundred pictures themselves",
    "show": "I do not know: show me",
}
RIGHT = "copies"
HAPPENS = (
    "The loss is lowest for a network that knows which of the hundred the noisy picture was, so "
    "with enough steps it learns just that: it walks from noise to one of *them*. Nothing in the "
    "loss asks for anything new. With thousands of pictures a small network cannot hold them all, "
    "and has to find out what they have in common."
)
SPACES = {
    "pixels": "Pixels",
    "classifier": "Classifier features",
    "inception": "Inception features (slow)",
}
UNITS = {
    "pixels": "Root of summed squared differences of pixels in [0, 1].",
    "classifier": "Distance between 128 features of our small classifier; it has no unit.",
    "inception": (
        "Distance between 2,048 features of the network that FID uses; it has no unit. Of the test "
        "images it looks at the first 1,000."
    ),
}


def nearness(found: Copies) -> str:
    """Which side the samples are on, against chance."""
    share, error = 100 * found.nearer, 100 * found.error
    said = (
        f"**{share:.0f} %** of the samples are nearer to one of {found.compared:,} training "
        f"pictures than to any of {found.compared:,} test pictures; by chance it would be "
        f"50 % ± {error:.0f} %."
    )
    return f"{said} {_verdict(found)}"


def _verdict(found: Copies) -> str:
    if found.copied.mean() >= 0.05:
        return f"And **{100 * found.copied.mean():.0f} %** are outright copies: it memorised."
    if found.nearer > 0.5 + 3 * found.error or found.z < -3:
        return "Too many for chance: something was memorised, though hardly any sample is a copy."
    return "That is what a model shows that draws from what pictures have in common."


def of_z(z: float) -> str:
    """How to read Z."""
    if z < -3:
        return "below −3: nearer to training pictures than unseen pictures are"
    if z > 3:
        return "above 3: farther away than unseen pictures; samples are no clean pictures yet"
    return "between −3 and 3: as near to training pictures as unseen ones are"


def of_sample(found: Copies, i: int) -> str:
    """What is to be said of one sample."""
    first = found.train_away[i, 0]
    second = found.train_away[i, 1] if found.train_away.shape[1] > 1 else None
    other = found.test_away[i, 0]
    if found.copied[i]:
        return (
            f"**A copy.** One training picture is {first:.2f} away, the next one {second:.2f}: "
            "less than a third of the distance."
        )
    side = "a training" if first < other else "a test"
    return (
        f"**No copy.** The nearest training picture is {first:.2f} away, the next one "
        f"{second:.2f}, the nearest test picture {other:.2f}: it is nearer to {side} picture."
    )


def rewarded(rates: tuple[CopyRate, ...]) -> str:
    """What the Fréchet distance says of the model that copies most."""
    known = [rate for rate in rates if rate.distance is not None]
    if not known:
        return ""
    worst = max(known, key=lambda rate: rate.copied)
    said = (
        f"**{worst.title}**: {100 * worst.copied:.0f} % copies. To the {worst.images:,} pictures "
        f"that it learned from, its distance is **{worst.distance:.2f}**; that of real pictures "
        f"which it never saw is **{worst.floor:.2f}**."
    )
    if worst.distance < worst.floor:
        return f"{said} By this measure copying is *better than reality*."
    return f"{said} It has not come nearer than reality yet."
