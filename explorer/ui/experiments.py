"""One-click experiments: a recipe each, and a question to look at while it trains."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer import catalog, launch, runs
from explorer.runs import Run
from explorer.ui.asking import ask


@dataclass(frozen=True)
class Experiment:
    """What to train with one click, and what to watch for."""

    name: str
    title: str
    question: str
    family: str
    settings: dict[str, Any] = field(default_factory=dict)
    data: str = "fashion-mnist"
    epochs: int = 12


FORGER = Experiment(
    "gan",
    "A forger and a detective",
    "One network invents clothes, another learns to tell them from real ones. Who is ahead, and "
    "when do the first shirts appear?",
    "gan",
)
EXPERIMENTS = (
    Experiment(
        "vae",
        "A VAE learns to dress",
        "How soon do the samples look like clothes, and what stays blurred?",
        "vae",
    ),
    Experiment(
        "gap",
        "Two numbers per picture",
        "An autoencoder may keep only two numbers of each image. What survives?",
        "autoencoder",
        {"latent": 2},
    ),
    Experiment(
        "strict",
        "Too much order: β = 10",
        "The KL term wins. Watch which latents are given up, and what the samples become.",
        "vae",
        {"beta": 10},
    ),
    Experiment(
        "diffusion",
        "Pictures out of noise",
        "A diffusion model learns to remove noise. When does noise first turn into clothes?",
        "diffusion",
    ),
    FORGER,
)


def start(
    family: str,
    data: str,
    values: dict[str, Any],
    token: str | None = None,
    parent: catalog.Entry | None = None,
) -> Run:
    """Create a run and give it a worker; the same ``token`` never starts a second one.

    A fork goes on from its ``parent``.  Raises InputError for settings that are not possible.
    """
    forked = parent and parent.parent
    draft = ask("draft", family=family, data_name=data, values=values, parent=forked)
    run = runs.create(draft.recipe, token=token, start=parent and catalog.start(parent))
    launch.start(run)
    return run


def start_and_show(experiment: Experiment) -> None:
    """Start an experiment and go to where it can be watched."""
    values = {"epochs": experiment.epochs, **experiment.settings}
    run = start(experiment.family, experiment.data, values, token())
    run.note(label=experiment.title)
    used("experiment")
    st.switch_page("pages/train.py", query_params={"run": run.id})


def token(purpose: str = "experiment") -> str:
    """The request token of this session's next click: one click makes one run."""
    return st.session_state.setdefault(f"token-{purpose}", secrets.token_hex(8))


def used(purpose: str = "experiment") -> None:
    """The click was carried out; the next one gets a new token."""
    st.session_state.pop(f"token-{purpose}", None)
