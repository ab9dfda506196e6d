"""What a person reads for a family, a data set and a run."""

from typing import Any

from explorer import data


def family_name(name: str) -> str:
    """vae -> VAE, latent-diffusion -> Latent diffusion."""
    words = name.replace("-", " ")
    return words.upper() if len(words) < 5 else words.capitalize()


def recipe_name(settings: dict[str, Any]) -> str:
    """What is trained on what, from a recipe or a run's settings."""
    few = settings.get("training", {}).get("images", 0)
    some = f"{few:,} of " if few else ""
    return f"{family_name(settings['family'])} on {some}{data.title(settings['data'])}"
