"""What every baseline is, and how its hyperparameters are chosen on validation images."""

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
from denoising_pipeline.evaluation.scoring import score_images
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, Shape, apply_to

Denoise: TypeAlias = Callable[[Images], Images]
"""What a trained `Denoiser` is, too: noisy images of one size to the same images, denoised."""

Hyperparameters: TypeAlias = Mapping[str, float]
"""Value by name, such as `{"weight": 0.5}`; empty where there is nothing to choose."""

Fit: TypeAlias = Callable[..., Denoise]
"""(known, one argument for each hyperparameter) -> denoiser."""

Filter: TypeAlias = Callable[..., Images]
"""(noisy, one argument for each hyperparameter) -> denoised."""

TONE = " + tone"
"""What the name of a baseline ends with if the tone curve is corrected after it."""


class NotApplicableError(ValueError):
    """A baseline that does not exist for these images or this noise; the message says why."""


@dataclass(frozen=True, eq=False)
class Known:
    """What a baseline may learn from.

    Attributes:
        train_clean: Clean training images; they may be a mapped file.
        noise: What the denoiser was trained to undo.
        seed: Root seed of what is drawn.
    """

    train_clean: Images | ImageSet
    noise: Degradation
    seed: int

    @property
    def images(self) -> ImageSet:
        """The clean training images, which are not copied.

        Raises:
            NotApplicableError: They are of different sizes.
        """
        images = ImageSet.of(self.train_clean)
        if images.uniform is None:
            raise NotApplicableError("it needs images that are all of one size")
        return images

    @property
    def shape(self) -> Shape:
        """The shape of every training image.

        Raises:
            NotApplicableError: They are of different sizes.
        """
        return self.images.shape(0)

    @cached_property
    def moments(self) -> Moments:
        """Means and covariances of clean and noisy training images, computed once.

        Raises:
            NotApplicableError: They are of different sizes, or their noise cannot be drawn.
        """
        if not self.noise.drawn:
            raise NotApplicableError(f"it draws noise, and {self.noise.describe()} cannot be drawn")
        return measure_moments(self.images, self.noise, self.seed)

    @cached_property
    def principal_components(self) -> Matrix:
        """Orthonormal columns, float64 (D, D): those of the largest variance of `clean` first."""
        return eigh(self.moments.clean)[1][:, ::-1]


@dataclass(frozen=True)
class Baseline:
    """A way to denoise that is not the pipeline's own network.

    Attributes:
        name: How tables and parameters call it.
        fit: Called with a `Known` and the hyperparameters, returns the denoiser.
        grid: The hyperparameters to choose from.
        tone: Whether a tone curve, learned on validation images, follows.
        colours: Whether it makes colour images of grey ones, and does nothing else.
    """

    name: str
    fit: Fit
    grid: Sequence[Hyperparameters] = ({},)
    tone: bool = False
    colours: bool = False


@dataclass(frozen=True)
class Calibrated:
    """A baseline that is ready to be used.

    Attributes:
        name: As in the registry.
        hyperparameters: Those that were chosen.
        tone: Whether the tone curve is corrected.
        denoise: From noisy images of one size to a new array of them; see `denoise_each`.
    """

    name: str
    hyperparameters: Hyperparameters
    tone: bool
    denoise: Denoise


_registered: dict[str, Baseline] = {}


def registered() -> dict[str, Baseline]:
    """Return the baselines by name, in the order in which they were defined."""
    return dict(_registered)


def learning(
    name: str, *, with_tone: bool = False, colours: bool = False, **values: Sequence[float]
) -> Callable[[Fit], Fit]:
    """Register what learns from training images or the degradation.

    Args:
        name: Its name.
        with_tone: Whether to register it once more, with its tone curve corrected.
        colours: Whether it makes colour images of grey ones.
        values: Values to try, by hyperparameter; all combinations are.

    Returns:
        The decorator of a function (known, one argument for each hyperparameter) -> denoiser; it
        raises `NotApplicableError` where there is no such denoiser.
    """
    grid = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]

    def register(function: Fit) -> Fit:
        _registered[name] = Baseline(name, function, grid, colours=colours)
        if with_tone:
            _registered[name + TONE] = Baseline(name + TONE, function, grid, tone=True)
        return function

    return register


def filtering(name: str, **values: Sequence[float]) -> Callable[[Filter], Filter]:
    """Register a filter, which learns nothing, as it is and with its tone curve corrected.

    Args:
        name: Its name; the second one's ends with `TONE`.
        values: Values to try, by hyperparameter; all combinations are.

    Returns:
        The decorator of a function (noisy, one argument for each hyperparameter) -> denoised.
    """

    def register(function: Filter) -> Filter:
        def fit(known: Known, **chosen: float) -> Denoise:
            return partial(function, **chosen)

        learning(name, with_tone=True, colours=False, **values)(fit)
        return function

    return register


def denoise_each(denoise: Denoise, noisy: Images | ImageSet) -> Images | ImageSet:
    """Denoise a collection of images of whatever sizes.

    Args:
        denoise: What denoises images of one size.
        noisy: The images.

    Returns:
        The denoised images: an array if `noisy` is one, else a set.
    """
    if isinstance(noisy, ImageSet):
        return apply_to(noisy, lambda place, pixels: denoise(pixels))
    return denoise(noisy)


def calibrate(
    name: str, known: Known, val_noisy: Images | ImageSet, val_clean: Images | ImageSet
) -> Calibrated:
    """Make a baseline ready, with those of its hyperparameters that have the best mean PSNR.

    scikit-image's `calibrate_denoiser` chooses without clean images, for one image at a time, by a
    loss that assumes noise of mean zero, which clipping makes it not be.

    Args:
        name: A key of `BASELINES`.
        known: What may be learned from.
        val_noisy: Noisy validation images, one or more.
        val_clean: The same images, clean.

    Returns:
        The calibrated baseline.

    Raises:
        KeyError: There is no such baseline.
        NotApplicableError: It does not exist for these images or this noise.
    """
    grid = _registered[name].grid
    if len(grid) == 1:
        return fit(name, grid[0], known, val_noisy, val_clean)
    candidates = []
    for hyperparameters in grid:
        candidate, denoised = _fit(name, hyperparameters, known, val_noisy, val_clean)
        if denoised is None:
            denoised = denoise_each(candidate.denoise, val_noisy)
        score = float(score_images(["psnr"], val_clean, denoised)["psnr"].mean())
        candidates.append((score, candidate))
    return max(candidates, key=lambda scored: scored[0])[1]


def fit(
    name: str,
    hyperparameters: Hyperparameters,
    known: Known,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
) -> Calibrated:
    """Make a baseline ready with given hyperparameters; its tone curve is learned.

    Args:
        name: A key of `BASELINES`.
        hyperparameters: An element of its grid.
        known: What may be learned from.
        val_noisy: Noisy validation images, one or more.
        val_clean: The same images, clean.

    Returns:
        The baseline.

    Raises:
        KeyError: There is no such baseline.
        NotApplicableError: It does not exist for these images or this noise.
    """
    return _fit(name, hyperparameters, known, val_noisy, val_clean)[0]


def _fit(
    name: str,
    hyperparameters: Hyperparameters,
    known: Known,
    val_noisy: Images | ImageSet,
    val_clean: Images | ImageSet,
) -> tuple[Calibrated, Images | ImageSet | None]:
    """Return the baseline and, if its tone curve had to be learned on them, what it denoised."""
    baseline = _registered[name]
    channels = tuple(ImageSet.of(images).channels for images in (val_noisy, val_clean))
    if baseline.colours and channels != (1, 3):
        raise NotApplicableError("it makes colour images of grey ones")
    if not baseline.colours and channels[0] != channels[1]:
        raise NotApplicableError("it needs noisy images with the channels of the clean ones")
    denoise = _in_range(baseline.fit(known, **hyperparameters))
    if not baseline.tone:
        return Calibrated(name, hyperparameters, False, denoise), None
    denoised = denoise_each(denoise, val_noisy)
    curve = ToneCurve.learn(_values(denoised), _values(val_clean))
    toned = Calibrated(name, hyperparameters, True, _after(curve, denoise))
    return toned, denoise_each(curve, denoised)


def _values(images: Images | ImageSet) -> Images:
    """Return the values of all images in one row."""
    return np.concatenate([pixels.ravel() for _, pixels in ImageSet.of(images).batches()])


def _in_range(denoise: Denoise) -> Denoise:
    return lambda noisy: np.clip(denoise(noisy), 0, 1, dtype=np.float32)


def _after(curve: ToneCurve, denoise: Denoise) -> Denoise:
    return lambda noisy: curve(denoise(noisy))
