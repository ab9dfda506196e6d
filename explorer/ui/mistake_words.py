"""Three mistakes in words: how each looks in code, what one may expect, and what happens."""

from dataclasses import dataclass

SHOW = "I do not know: show me"


@dataclass(frozen=True)
class Mistake:
    """A mistake as a question: ``guesses`` of which the one called ``right`` comes true.

    ``stream`` is the engine's question that trains the twins; ``wrong`` and ``sound`` are code as
    one finds it; ``happens`` is the prediction in words.
    """

    title: str
    stream: str
    wrong: str
    sound: str
    question: str
    guesses: dict[str, str]
    right: str
    happens: str


MISTAKES = {
    "detach": Mistake(
        title="detach() left out",
        stream="detach_twins",
        wrong=(
            "fake = G(z)\n"
            "loss_D = bce(D(real), ones) + bce(D(fake), zeros)\n"
            "loss_D.backward()\n"
            "opt_D.step()"
        ),
        sound=(
            "fake = G(z).detach()\n"
            "loss_D = bce(D(real), ones) + bce(D(fake), zeros)\n"
            "loss_D.backward()\n"
            "opt_D.step()"
        ),
        question="In D's step, the generated points are not detached. What happens to G?",
        guesses={
            "nothing": "Nothing: D's optimizer only updates D",
            "faster": "G learns faster: it gets two gradients a round",
            "against": "G is also pushed the wrong way: to make D's work easy",
            "show": SHOW,
        },
        right="against",
        happens=(
            "D's optimizer indeed updates D alone. But `backward()` walks all the way back through "
            "*x = G(z)* and leaves D's gradient in G's weights, where G's own step finds it and "
            "adds to it. D wants generated points to look **generated**; so that part pushes G "
            "the wrong way. Where both parts are equally strong, nothing is left to learn from."
        ),
    ),
    "sample_in_eval": Mistake(
        title="Sampling in training mode",
        stream="neighbour_twins",
        wrong="with torch.no_grad():\n    pictures = G(z)",
        sound="G.eval()\nwith torch.no_grad():\n    pictures = G(z)\nG.train()",
        question=(
            "G has batch normalisation and is sampled as it was trained, in training mode. "
            "What becomes of the picture of one z?"
        ),
        guesses={
            "nothing": "Nothing: the weights are the same, so is the picture",
            "noise": "It gets noise on it, different each time",
            "neighbours": "It depends on which other z are drawn in the same batch",
            "show": SHOW,
        },
        right="neighbours",
        happens=(
            "In training mode, batch normalisation takes mean and variance from **the batch that "
            "is being drawn**. The picture of a z is then not a function of z: other neighbours, "
            "another picture. Nothing random is in it: the same batch gives the same pictures. "
            "With many neighbours the difference is small, which is why nobody notices; with few "
            "it is plain. And each look changes the model: training mode also updates the running "
            "statistics that evaluation mode will use later."
        ),
    ),
    "match_tanh": Mistake(
        title="Tanh against [0, 1]",
        stream="scale_twins",
        wrong="real = pixels / 255            # 0 … 1\nfake = torch.tanh(G(z))        # −1 … 1",
        sound="real = pixels / 127.5 - 1      # −1 … 1\nfake = torch.tanh(G(z))        # −1 … 1",
        question=(
            "The data are scaled to [0, 1], but G ends in a Tanh, whose range is [−1, 1]. "
            "What happens?"
        ),
        guesses={
            "nothing": "Nothing: [0, 1] lies inside [−1, 1], so G can learn to stay there",
            "dark": "The pictures come out too dark, otherwise they are the same",
            "easy": "Every generated picture is given away by a pixel below 0",
            "show": SHOW,
        },
        right="easy",
        happens=(
            "G can reach [0, 1], so nothing is impossible. But black is now 0, **the middle of the "
            "Tanh, where it is steepest**: G can no longer saturate to black, and every little "
            "wobble dips below 0, where no real pixel ever is: a rule of one line, *any pixel "
            "below 0 is generated*, is right about every picture. D needs no idea of shapes for "
            "that. How far it uses it, the curve below tells; G spends its updates on holding its "
            "grey background at 0, and leaves dark halos around the strokes."
        ),
    ),
}
