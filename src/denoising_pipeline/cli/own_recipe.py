"""A recipe for somebody's own images: what is chosen for them, and where it is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from denoising_pipeline.batch.doctor.advice import TEST, VALIDATION
from denoising_pipeline.denoiser.quality_fit import LEAST as PREDICTED_FROM
from denoising_pipeline.models.unet import Unet

if TYPE_CHECKING:
    from denoising_pipeline.cli.material import Kind, Material

OWN, CHANNELS = Unet(noise_level=True), 3
"""The network, and channels of its images: those of the denoisers that ship."""

PATCH, BATCH = 96, 8
"""Height and width of patches in pixels, and patches per step."""

EPOCHS = 12
"""Epochs in the time that there is: so often the best weights so far are kept."""

AROUND, LEAST_AROUND = 0.25, 3.0
"""Share of the minutes that is left for scores and the report, and how many these take at least."""

FILTERING = 4.0
"""Seconds for what is no network, for a megapixel that is judged: filters and metrics."""

NETWORKS = {"clean": 2, "pairs": 2, "noisy": 3}
"""How often networks denoise it: the new one and the one that it started from; of noisy ones alone
the new one, and both for the risk."""

CALIBRATING = 1.2
"""Seconds for a megapixel of the images on which the options of the baseline are chosen."""

SWEPT, LEVELS, MEASURED = 4, 11, 2.0
"""Images that are scored under other noise, at how many levels, and seconds of metrics for a
megapixel of each; of noise that was recorded there are none."""

LEAST_SIDE = 384
"""Height and width that are judged at least: the middles of 256 pixels of 2 of 40 pages that were
laid together of micrographs did not show that noise grows with brightness."""

NAMES = "letters, digits, - and _"


@dataclass(frozen=True)
class Recipe:
    """What is trained, on what, and why.

    Attributes:
        name: Of the recipe, its source and the registered model.
        folder: Where the images lie.
        reasons: Why it is as it is, a sentence each.
        parameters: What differs from the default, as conf/<name>/parameters.yml has it.
    """

    name: str
    folder: Path
    reasons: tuple[str, ...]
    parameters: Mapping[str, Any]

    @property
    def files(self) -> dict[str, str]:
        """The text of each file of the recipe."""
        above = [f"Trains on the images of {self.folder}.", *self.reasons]
        values = {
            "source": self.name,
            "data": f"data/{self.name}",
            "registered_model": self.name,
        }
        header = "".join(f"# {line}\n" for line in above)
        return {
            "globals.yml": yaml.safe_dump(values, sort_keys=False),
            "parameters.yml": header + yaml.safe_dump(dict(self.parameters), sort_keys=False),
        }

    def write(self, project: Path) -> None:
        """Write the files, and put a link to the images where the pipeline reads them.

        Raises:
            FileExistsError: Something else of that name is there.
        """
        conf, source = project / "conf" / self.name, project / "data/01_raw" / self.name
        if conf.exists() or (source.is_symlink() and source.resolve() != self.folder):
            raise FileExistsError(f"'{conf if conf.exists() else source}' exists.")
        source.parent.mkdir(parents=True, exist_ok=True)
        if not source.is_symlink():
            source.symlink_to(self.folder, target_is_directory=True)
        conf.mkdir()
        for name, text in self.files.items():
            (conf / name).write_text(text)


def objective_without_clean(*, shots: bool) -> str:
    """Return the name of what noisy images alone are learnt by, shots of scenes or not."""
    return "noise2noise" if shots else "neighbor2neighbor"


def held_out(images: int) -> tuple[int, int]:
    """Return how many images of a folder are for the test, and how many for validation."""
    test = min(max(round(0.15 * images), TEST[0]), TEST[1])
    wanted = max(round(0.1 * images), PREDICTED_FROM)
    validation = min(wanted, VALIDATION[1], images - test - 1)
    return test, validation


def patch_for(smallest_side: int, multiple: int) -> int:
    """Return the side of patches for images whose smallest side is so many pixels."""
    return min(PATCH, smallest_side // multiple * multiple)


def parameters_for(
    given: "Material",
    patch: int,
    start: str | None,
    minutes: float,
    *,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Return the parameters of a training.

    Args:
        given: What is learnt from.
        patch: Height and width of patches, in pixels.
        start: Name or file of the denoiser that is trained on; None: from nothing.
        minutes: That it may take, in all.
        skip_bad: Leave out files that cannot be read. Pairs that are none are always left out.
    """
    test, validation = held_out(given.images)
    what, how, rates = _special(given)
    ingestion = {"channels": CHANNELS, "skip_bad": skip_bad or given.kind == "pairs", **what}
    if given.still:
        ingestion["still"] = True
    if given.scene:
        ingestion["scene"] = given.scene
    is_clean = given.kind == "clean"
    return {
        "ingestion": ingestion,
        "preprocessing": {"validation_images": validation, "test_images": test},
        "noise_injection": {"name": "camera", "sigma": 75 / 255}
        if is_clean
        else {"name": "recorded"},
        "training": {
            "model": OWN.model_dump(mode="json", exclude_defaults=True) | {"name": OWN.name},
            "start": start,
            **how,
            "loss": "mse",
            "patch": patch,
            "detail": 4,
            "flips": "all",
            "batch_size": BATCH,
            "epochs": EPOCHS,
            "learning_rate": rates[0] if start else rates[1],
            "weight_decay": 0.1,
            "warmup": 0.03,
            "precision": "float32",
            "minutes": for_steps(minutes),
            "interrupt": "keep",
        },
        "evaluation": {"limit": None, "sweep_images": SWEPT},
        "benchmark": {
            "baselines": ["non-local means", "wavelet", "total variation"],
            "crop": 256,
            "calibration_images": validation,
            "test_images": test,
            "article_epochs": 0,
        },
    }


def _special(given: "Material") -> tuple[dict[str, Any], dict[str, Any], tuple[float, float]]:
    """Return what differs by kind: of ingestion, of training, and the learning rates.

    Of the two rates one is for training on, and one for training from nothing.
    """
    if given.kind == "clean":
        return {}, {"objective": {"name": "relative"}, "grey": 0.4}, (0.001, 0.003)
    if given.names:
        names = given.names.model_dump(mode="json")
        return {"pairs": names}, {"objective": {"name": "relative"}}, (0.0005, 0.003)
    objective = objective_without_clean(shots=bool(given.scene or given.still))
    return {"noisy": True}, {"objective": {"name": objective}}, (0.0003, 0.001)


def judged_side(
    kind: "Kind",
    images: int,
    validation: int,
    megapixels: float,
    minutes: float,
    network: float,
) -> int | None:
    """Return how much of each image there is time to judge: half of that around the steps.

    Args:
        kind: What is learnt from.
        images: That are judged.
        validation: Images that the epoch is chosen by, and options of filters; whole ones.
        megapixels: Of an image, in the mean.
        minutes: That all may take.
        network: Seconds that it takes for a megapixel.

    Returns:
        Height and width of the middle, in pixels; None: all of every image.
    """
    seconds = images * (NETWORKS[kind] * network + FILTERING)
    if kind == "clean":
        seconds += min(SWEPT, images) * LEVELS * (network + MEASURED)
    left = 60 * around(minutes) / 2
    if kind != "noisy":
        left -= CALIBRATING * validation * megapixels
    fitting = max(0.0, left) / seconds
    if megapixels <= fitting:
        return None
    return max(LEAST_SIDE, math.isqrt(int(fitting * 1e6)) // 8 * 8)


def around(minutes: float) -> float:
    """Return the minutes that scores and the report will take."""
    return max(AROUND * minutes, LEAST_AROUND)


def for_steps(minutes: float) -> float:
    """Return the minutes for steps: a quarter of all, where scores would leave less."""
    return max(minutes - around(minutes), minutes / 4)


def patches_per_epoch(minutes: float, seconds_per_step: float) -> int:
    """Return the patches of an epoch, so that all epochs take about the time that there is."""
    steps = 60 * for_steps(minutes) / (EPOCHS * seconds_per_step)
    return BATCH * max(1, math.floor(steps))
