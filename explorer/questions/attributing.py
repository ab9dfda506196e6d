"""Attribute vectors and arithmetic of latents, and what a classifier sees of it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from explorer import attributes, traversing
from explorer.answers import Arithmetic, Attribute
from explorer.data import Data
from explorer.errors import InputError
from explorer.metrics.classifier import Classifier, classifier
from explorer.models.base import Model
from explorer.pictures import to_uint8
from explorer.probes import decode
from explorer.questions.coders import code, coder, images, picked

LEARNED = 2000  # training images that vectors are made of
COUNTED = 100  # test images that they are tried on
SHOWN = 6
OTHERS = -1  # not one class, but all the others

Term = tuple[str, int]  # ("class", k) or ("image", index of a test image)


def latent_attribute(
    checkpoint: str, target: int, source: int, strengths: tuple[float, ...], from_image: int = 0
) -> Iterator[float | Attribute]:
    """The vector from class ``source`` (or all `OTHERS`) to ``target``, added to test images.

    Those images are of ``source``; from the ``from_image``-th of them on.  Yields how much is done,
    then the pictures and what else they change.
    """
    model, train, test, judge = _subject(checkpoint)
    y, named = train.y[:LEARNED], len(train.classes)
    _named(target, named)
    if source != OTHERS:
        _named(source, named)
    if source == target:
        raise InputError(
            "Both ends are the same class, so their difference is nothing. Choose two."
        )
    z = code(checkpoint, model, "train", LEARNED).mean
    yield 0.3
    lacks = y != target if source == OTHERS else y == source
    vector = attributes.vector(z, y == target, lacks)
    begin = test.y != target if source == OTHERS else test.y == source
    places = np.flatnonzero(begin)[from_image:][:COUNTED]
    start = traversing.codes(model, test.x[places]).mean
    s = np.array(strengths, np.float32)
    for told in attributes.off_effects(model, judge, start, vector, s):
        if isinstance(told, float):
            yield 0.3 + 0.7 * told
    rows = attributes.added(start[:SHOWN], vector, s)
    shown = to_uint8(decode(model, rows.reshape(-1, rows.shape[-1])))
    shown = shown.reshape(*rows.shape[:2], *shown.shape[1:])
    yield Attribute(s, shown, vector, told[0], told[1], len(start))


def latent_arithmetic(checkpoint: str, a: Term, b: Term, c: Term) -> Arithmetic:
    """A − B + C: pictures of the three terms and of the sum, and the classes seen in them."""
    model, train, test, judge = _subject(checkpoint)
    terms = [_term(checkpoint, model, train, test, one) for one in (a, b, c)]
    x = decode(model, np.stack([*terms, terms[0] - terms[1] + terms[2]]))
    seen, sure = attributes.verdicts(judge, x) if judge else (None, None)
    return Arithmetic(to_uint8(x), seen, sure)


def _term(
    checkpoint: str, model: Model, train: Data, test: Data, term: Term
) -> NDArray[np.float32]:
    """The latents Z of an image, or the mean of those of a class."""
    kind, number = term
    if kind == "class":
        _named(number, len(train.classes))
        return attributes.mean_of(
            code(checkpoint, model, "train", LEARNED).mean, train.y[:LEARNED] == number
        )
    if kind != "image":
        raise InputError(f"There is no term {kind!r}. Choose class or image.")
    return traversing.codes(model, picked(test, number, 1).x).mean[0]


def _subject(checkpoint: str) -> tuple[Model, Data, Data, Classifier | None]:
    """A model that encodes labelled images, the images, and a classifier if there is one."""
    model = coder(checkpoint)
    train, test = (images(checkpoint, model, split) for split in ("train", "test"))
    if train.y is None or test.y is None:
        raise InputError(
            "These data have no labels, so no class has a mean. Choose a model of labelled data."
        )
    return model, train, test, classifier(train.name)


def _named(number: int, count: int) -> None:
    if not 0 <= number < count:
        raise InputError(f"The class is {number}, but there are 0 to {count - 1}. Choose one.")
