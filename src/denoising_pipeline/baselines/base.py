"""What every baseline is, and how its strength is chosen on validation images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import TypeAlias

import numpy as np
from scipy.linalg import eigh

from denoising_pipeline.baselines.moments import Matrix, Moments, measure_moments
from denoising_pipeline.baselines.tone import ToneCurve
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images

Denoise: TypeAlias = Callable[[Images], Images]
"""What a trained `Denoiser` is, too: noisy float32 (N, H, W, C) in [0, 1] to the same, denoised."""

Strength: TypeAlias = Mapping[str, float]
"""Value by option, such as `{"weight": 0.5}`; empty where there is nothing to choose."""

Fit: TypeAlias = Callable[..., Denoise]
"""(known, one argument for each option of the strength) -> denoiser."""

Filter: TypeAlias = Callable[..., Images]
"""(noisy, one argument for each option of the strength) -> denoised."""

TONE = " + tone"
"""What the name of a baseline ends with if the tone curve is corrected after it."""


class NotApplicableError(ValueError):
    """A baseline that does not exist for these images or this noise; the message says why."""


@dataclass(frozen=True, eq=False)
class Known:
    """What a baseline may learn from.

    Attributes:
        train_clean: float32 (N, H, W, C) in [0, 1]; it may be a mapped file.
        noise: The noise model.
        seed: Root seed of what is drawn.
    """

    train_clean: Images
    noise: Degradation
    seed: int

    @cached_property
    def moments(self) -> Moments:
        """Means and covariances of clean and noisy training images, computed once."""
        return measure_moments(self.train_clean, self.noise, self.seed)

    @cached_property
    def principal_components(self) -> Matrix:
        """Orthonormal columns, float64 (D, D): those of the largest variance of `clean` first."""
        return eigh(self.moments.clean)[1][:, ::-1]


@dataclass(frozen=True)
class Baseline:
    """A way to denoise that is not the pipeline's own network.

    Attributes:
        name: How tables and parameters call it.
        fit: Called with a `Known` and a strength's options, returns the denoiser.
        grid: The strengths to choose from.
        tone: Whether a tone curve, learned on validation images, follows.
    """

    name: str
    fit: Fit
    grid: Sequence[Strength] = ({},)
    tone: bool = False


@dataclass(frozen=True)
class Calibrated:
    """A baseline that is ready to be used.

    Attributes:
        name: As in the registry.
        strength: The strength that was chosen.
        tone: Whether the tone curve is corrected.
        denoise: Noisy float32 (N, H, W, C) in [0, 1] to a new array of the same shape and range.
    """

    name: str
    strength: Strength
    tone: bool
    denoise: Denoise


_registered: dict[str, Baseline] = {}


def registered() -> dict[str, Baseline]:
    """Return the baselines by name, in the order in which they were defined."""
    return dict(_registered)


def learning(
    name: str, *, with_tone: bool = False, **strengths: Sequence[float]
) -> Callable[[Fit], Fit]:
    """Register what learns from training images or the noise model.

    Args:
        name: Its name.
        with_tone: Whether to register it once more, with its tone curve corrected.
        strengths: Values to try, by option; all combinations are.

    Returns:
        The decorator of a function (known, one argument for each option) -> denoiser; it raises
        `NotApplicableError` where there is no such denoiser.
    """
    grid = [dict(zip(strengths, values, strict=True)) for values in product(*strengths.values())]

    def register(function: Fit) -> Fit:
        _registered[name] = Baseline(name, function, grid)
        if with_tone:
            _registered[name + TONE] = Baseline(name + TONE, function, grid, tone=True)
        return function

    return register


def filtering(name: str, **strengths: Sequence[float]) -> Callable[[Filter], Filter]:
    """Register a filter, which learns nothing, as it is and with its tone curve corrected.

    Args:
        name: Its name; the second one's ends with `TONE`.
        strengths: Values to try, by option; all combinations are.

    Returns:
        The decorator of a function (noisy, one argument for each option) -> denoised.
    """

    def register(function: Filter) -> Filter:
        def fit(known: Known, **strength: float) -> Denoise:
            return partial(function, **strength)

        learning(name, with_tone=True, **strengths)(fit)
        return function

    return register


def calibrate(
    name: str,
    known: Known,
    val_noisy: Images,
    val_clean: Images,
    strengths: Sequence[Strength] | None = None,
) -> Calibrated:
    """Make a baseline ready: of its strengths, take the one with the best mean PSNR.

    The tone curve is learned anew for each strength, from the same validation images.
    scikit-image's `calibrate_denoiser` chooses without clean images, for one image at a time, by a
    loss that assumes noise of mean zero, which clipping makes it not be.

    Args:
        name: A key of `BASELINES`.
        known: What may be learned from.
        val_noisy: Noisy validation images, float32 (M, H, W, C) in [0, 1]; M is 1 or more.
        val_clean: The same images, clean.
        strengths: What to choose from; None: the baseline's grid.

    Returns:
        The calibrated baseline.

    Raises:
        KeyError: There is no such baseline.
        NotApplicableError: It does not exist for these images or this noise.
    """
    baseline = _registered[name]
    grid = baseline.grid if strengths is None else strengths
    candidates = []
    for strength in grid:
        denoise = _in_range(baseline.fit(known, **strength))
        if len(grid) == 1 and not baseline.tone:
            return Calibrated(name, strength, baseline.tone, denoise)
        denoised = denoise(val_noisy)
        if baseline.tone:
            curve = ToneCurve.learn(denoised, val_clean)
            denoise, denoised = _after(curve, denoise), curve(denoised)
        score = float(psnr(val_clean, denoised).mean())
        candidates.append((score, Calibrated(name, strength, baseline.tone, denoise)))
    return max(candidates, key=lambda candidate: candidate[0])[1]


def _in_range(denoise: Denoise) -> Denoise:
    return lambda noisy: np.clip(denoise(noisy), 0, 1, dtype=np.float32)


def _after(curve: ToneCurve, denoise: Denoise) -> Denoise:
    return lambda noisy: curve(denoise(noisy))
