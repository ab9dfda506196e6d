"""Two known mistakes that show without training: a KL of the wrong sign, and noise at the end.

What the other mistakes do is shown by the pages that a lesson's links open.
"""

import numpy as np

from explorer.schedules import schedule

RATE = 0.1
FIRST = (1.0, 0.5)  # μ and σ of one latent's posterior before the first update


def kl(mu: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """KL(N(μ, σ²) ‖ N(0, 1)) = −½ (1 + log σ² − μ² − σ²), in nats."""
    return -0.5 * (1 + log_variance - mu**2 - np.exp(log_variance))


def descended(steps: int, sign: float = 1.0) -> np.ndarray:
    """The KL of one latent after 0 … ``steps`` updates of gradient descent on ``sign`` · KL.

    With ``sign`` −1 the minus of the formula was forgotten, and descent climbs.
    """
    mu, s = FIRST[0], 2 * np.log(FIRST[1])
    values = [kl(mu, s)]
    for _ in range(steps):
        mu, s = mu - sign * RATE * mu, s - sign * RATE * 0.5 * (np.exp(s) - 1)
        values.append(kl(mu, s))
    return np.array(values)


def last_noise(T: int, steps: int) -> float:
    """Standard deviation that a DDPM's last of ``steps`` jumps would add if nobody stops it.

    Under linear β from 1e-4 to 0.02 over ``T`` levels the jump from level k to 0 spans the variance
    1 − ᾱ_k; the right amount of fresh noise there is 0, since nothing is left to be decided.
    """
    k = max(1, round(T / steps))
    return float(schedule("linear", T, 1e-4, 0.02).sigma[k])


def spoiled(pictures: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Finished pictures uint8 (0 … 255 stands for −1 … 1) with noise of that deviation on them."""
    noise = np.random.default_rng(seed).standard_normal(pictures.shape)
    return np.clip(np.rint(pictures + 127.5 * sigma * noise), 0, 255).astype(np.uint8)
