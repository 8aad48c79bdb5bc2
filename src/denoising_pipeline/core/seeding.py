"""Randomness as data: every generator is a pure function of what it is for."""

import hashlib

import numpy as np


def _as_integer(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def generator(
    seed: int, purpose: str, split: str = "", epoch: int = 0, index: int = 0
) -> np.random.Generator:
    """Return the generator that belongs to one purpose.

    Two calls with the same arguments give generators that draw the same numbers; a difference in
    any argument gives an independent stream (`numpy.random.SeedSequence`).

    Args:
        seed: Root seed of the run, 0 or more.
        purpose: What is drawn, such as `"noise"`, `"shuffle"`, `"weights"`, `"bootstrap"` or
            `"degradation <name>"`: who draws says it.
        split: `"train"`, `"val"`, `"test"`, or empty where there is none.
        epoch: Epoch, from 0.
        index: Position within the epoch, such as a block of images or a layer.

    Returns:
        A fresh generator.
    """
    return np.random.default_rng([seed, _as_integer(purpose), _as_integer(split), epoch, index])
