"""See how generative models learn: families, one trainer, samplers, probes and the runs they leave.

Shape legend, used in end-of-line comments everywhere: B batch, C channels, H height, W width,
D features, Z latent, N images, K classes, T diffusion steps.
"""

__version__ = "0.1.0"
