"""What training on one's own images gives over the shipped weights, on images it never saw.

`pairs NOISY CLEAN`: real noise. The pairs are cut into folds, by camera (`--scene`) or in turn;
for each fold a denoiser is trained on the others, by each of the objectives, from the shipped
weights `photos`. Objectives without clean images see the noisy ones only. Beside it stand the noisy
images, the shipped weights, and fast non-local means, calibrated on the clean images that are
learnt from. The gain over the shipped weights is paired, with a 95 % interval over images.

`known CLEAN TEST...`: Gaussian noise of sigma / 255 on clean images, one specialist or, with
`--blind`, one network for all levels, scored by the papers' protocol (unclipped, the network's
output rounded to 8 bits). `--noisy-once` adds it once and learns from these noisy images alone.

`ablation CLEAN TEST...`: such a specialist of grey images by a number of steps, and without each
part of its recipe; what that changes is paired, over the images of all folders.

`alone CLEAN`: the same noise on one image, and nothing else is known: for each image a small
denoiser is trained from nothing on that one, and gives it back as the mean of eight views.
"""

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
from machine import print_table
from matplotlib.figure import Figure
from photos import (
    H_FACTORS,
    PUBLISHED,
    SUFFIXES,
    Image,
    eight_bits,
    images,
    non_local,
    psnr,
    with_interval,
)

from denoising_pipeline import Denoiser
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.denoiser.views import mean_of_views
from denoising_pipeline.images.luma import luma
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import CleanExamples, Examples, NoisyExamples, PairExamples, train
from denoising_pipeline.training.options import TrainingParameters

OBJECTIVES: dict[str, dict[str, Any]] = {
    "pairs": {"objective": {"name": "relative"}, "learning_rate": 0.0005},
    "neighbor2neighbor": {"objective": {"name": "neighbor2neighbor"}, "learning_rate": 0.0003},
    "blind_spot": {"objective": {"name": "blind_spot"}, "learning_rate": 0.0003},
}
ALONE: dict[str, Any] = {
    "model": {"name": "unet", "widths": (24, 48, 96), "blocks": (2, 1, 1), "noise_level": True},
    "objective": {"name": "recorrupted"},
    "learning_rate": 0.005,
}
"""Of one image alone; chosen on two photographs of the training of `photos`."""

Curves: TypeAlias = defaultdict[tuple[str, int], list[tuple[float, float]]]
"""Processor minutes of trainings and mean PSNR after each, by folder of test images and sigma."""

PARTS: dict[str, dict[str, Any]] = {
    "all of it": {},
    "without mirroring and turning": {"flips": "none"},
    "any place, not those with detail": {"detail": 1},
    "MSE, not its logarithm": {"loss": "mse"},
    "Adam at 0.001, not Muon at 0.003": {"optimizer": "adam", "learning_rate": 0.001},
    "a constant rate, not a cosine": {"schedule": "constant"},
    "without weight decay": {"weight_decay": 0.0},
}
"""Of the recipe of one's own images, and what stands in the place of each."""

PLACE: dict[str, Any] = {
    "xycoords": ("axes fraction", "data"),
    "textcoords": "offset points",
    "ha": "right",
    "fontsize": 8,
}
"""Of names at the right end of lines."""

EPOCHS = 4
PATCH, BATCH, COLOURS = 96, 8, 3
SEED = 0


class Unclipped(Gaussian):
    """Gaussian noise as the papers add it."""

    clipped: ClassVar[bool] = False

    def apply(self, clean: Image, generator: np.random.Generator) -> Image:
        """Return the noisy images."""
        noise = generator.standard_normal(clean.shape, np.float32)
        if clean.shape[-1] == COLOURS and (clean == clean[..., :1]).all():
            noise[...] = noise[..., :1]
        return clean + np.float32(self.sigma) * noise


def main() -> None:
    """Train, score and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    pairs = kinds.add_parser("pairs")
    pairs.add_argument("noisy", type=Path)
    pairs.add_argument("clean", type=Path)
    pairs.add_argument("--scene", help="regular expression: what of a name is never in two folds")
    pairs.add_argument("--folds", type=int, default=5)
    pairs.add_argument("--steps", type=int, default=400)
    pairs.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    known = kinds.add_parser("known")
    known.add_argument("clean", type=Path)
    known.add_argument("tests", type=Path, nargs="+")
    known.add_argument("--sigmas", type=int, nargs="+", default=[25], help="the first is learnt")
    known.add_argument("--blind", type=int, help="learn all levels up to this one instead")
    known.add_argument("--minutes", type=float, nargs="+", default=[10], help="a training each")
    known.add_argument("--colour", action="store_true", help="colour images; without: their luma")
    known.add_argument("--start", help="name or file of a denoiser; without: from nothing")
    known.add_argument("--noisy-once", action="store_true")
    known.add_argument("--objective", default="neighbor2neighbor", help="of --noisy-once")
    known.add_argument("--first", type=int, help="test images; without: all")
    known.add_argument("--plot", type=Path, help="file of a plot of PSNR over processor minutes")
    parts = kinds.add_parser("ablation")
    parts.add_argument("clean", type=Path)
    parts.add_argument("tests", type=Path, nargs="+")
    parts.add_argument("--steps", type=int, default=300)
    parts.add_argument("--first", type=int, help="test images; without: all")
    parts.set_defaults(sigmas=[25], blind=None, noisy_once=False, objective="supervised")
    alone = kinds.add_parser("alone")
    alone.add_argument("clean", type=Path)
    alone.add_argument("--sigma", type=int, default=25)
    alone.add_argument("--steps", type=int, default=600)
    alone.add_argument("--first", type=int, help="test images; without: all")
    options = parser.parse_args()
    measure = {
        "pairs": real_noise,
        "known": known_noise,
        "ablation": ablation,
        "alone": one_alone,
    }[options.kind]
    others = [options.noisy] if options.kind == "pairs" else getattr(options, "tests", [])
    for folder in (options.clean, *others):
        if not folder.is_dir():
            print(f"{folder} is not there: left out.")
            return
    print_table(*measure(options))


def real_noise(options: argparse.Namespace) -> tuple[list[str], list[list[str]]]:
    """Train and score on each fold; return the table's heading and rows."""
    names = [p.name for p in sorted(options.clean.iterdir()) if p.suffix.lower() in SUFFIXES]
    clean, noisy = ([colour(i) for i in images(f, None)] for f in (options.clean, options.noisy))
    start = Denoiser.load("photos")
    columns = ["noisy", "non-local means", "photos", *options.objectives]
    scores = np.full((len(names), len(columns)), np.nan)
    seconds: dict[str, list[float]] = {name: [] for name in options.objectives}
    for test in folds(names, options.scene, options.folds):
        learnt = [i for i in range(len(names)) if i not in set(test)]
        held, kept = learnt[::8], [i for k, i in enumerate(learnt) if k % 8]
        factor = best_factor([(noisy[i], clean[i]) for i in learnt[:6]])
        fold = [start]
        for name in options.objectives:
            began = time.perf_counter()
            alone = name != "pairs"
            fold.append(
                trained_on(
                    name,
                    (gather(noisy, kept), None if alone else gather(clean, kept)),
                    (gather(noisy, held), None if alone else gather(clean, held)),
                    start,
                    options.steps,
                )
            )
            seconds[name].append(time.perf_counter() - began)
        for i in test:
            seen = [noisy[i], non_local(noisy[i], factor)]
            seen += [eight_bits(denoiser(noisy[i][np.newaxis])[0]) for denoiser in fold]
            scores[i] = [psnr(clean[i], image) for image in seen]
        print(f"fold of {len(test)}: {np.round(scores[test].mean(0), 2)}", flush=True)
    rows = []
    for column, name in enumerate(columns):
        gain = scores[:, column] - scores[:, 2]
        taken = f"{np.mean(seconds[name]):.0f}" if name in seconds else ""
        rows.append([name, with_interval(scores[:, column].tolist()), paired(gain), taken])
    return [f"{options.noisy.parent.name}, {len(names)} pairs", "PSNR", "over photos", "s"], rows


def trained_on(
    name: str,
    learnt: tuple[ImageSet, ImageSet | None],
    held_out: tuple[ImageSet, ImageSet | None],
    start: Denoiser,
    steps: int,
) -> Denoiser:
    """Train on from a denoiser by one of `OBJECTIVES`."""
    given = parameters(start, COLOURS, steps=steps, **OBJECTIVES[name])
    examples: Examples
    if learnt[1] is None:
        examples = NoisyExamples(learnt[0], seed=SEED, **places(given))
    else:
        examples = PairExamples(learnt[0], learnt[1], seed=SEED, **places(given))
    return train(examples, held_out, given, SEED, lambda epoch, metrics: None, start=start)[0]


def known_noise(options: argparse.Namespace) -> tuple[list[str], list[list[str]]]:
    """Train a denoiser for each budget and score it; return the table's heading and rows."""
    start = Denoiser.load(options.start) if options.start else None
    channels = COLOURS if start or options.colour else 1
    found = list(images(options.clean, None))
    if not options.colour:
        found = [grey(image) for image in found]
    if channels > 1:
        found = [colour(image) for image in found]
    told = [f"{options.clean.name}, {options.objective if options.noisy_once else 'clean'}"]
    told += [f"0 to {options.blind}" if options.blind else str(options.sigmas[0])]
    told += [options.start or "nothing"]
    rows: list[list[str]] = []
    curves: Curves = defaultdict(list)
    for minutes in options.minutes:
        began, busy = time.perf_counter(), time.process_time()
        denoiser, steps = trained_for(found, start, options, minutes=minutes)
        taken, busy = time.perf_counter() - began, time.process_time() - busy
        spent = [f"{taken / 60:.1f}", f"{busy / 60:.1f}", f"{steps:,}"]
        for folder in options.tests:
            psnrs = [scored(denoiser, folder, sigma, options) for sigma in options.sigmas]
            scores = " / ".join(with_interval(values) for values in psnrs)
            for sigma, values in zip(options.sigmas, psnrs, strict=True):
                curves[folder.name, sigma].append((busy / 60, float(np.mean(values))))
            rows.append([*told, *spent, folder.name, scores])
            print(rows[-1], flush=True)
            if options.plot:
                quality_over_minutes(curves, options.plot)
    sigmas = " / ".join(map(str, options.sigmas))
    heading = ["learnt from", "sigma", "start", "minutes", "of processor", "steps", "scored on"]
    return [*heading, f"PSNR at sigma {sigmas}"], rows


def quality_over_minutes(curves: Curves, file: Path) -> None:
    """Draw mean PSNR over processor minutes, each a training of its own, beside other tools."""
    figure = Figure(figsize=(6.5, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    for (name, sigma), curve in curves.items():
        (line,) = axes.plot(*zip(*curve, strict=True), "o-", label=f"{name}, noise of {sigma}/255")
        bm3d, _, ffdnet = PUBLISHED.get((name.lower(), sigma), "").rpartition(" / ")
        for other, style in ((bm3d, ":"), (ffdnet, "--")):
            if other:
                value, tool = float(other.split()[0]), "BM3D" if style == ":" else "FFDNet"
                axes.axhline(value, linestyle=style, color=line.get_color(), linewidth=1)
                axes.annotate(tool, (1, value), (-2, 2), **PLACE)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="processor minutes of training", ylabel="PSNR on images never seen (dB)")
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(file)


def one_alone(options: argparse.Namespace) -> tuple[list[str], list[list[str]]]:
    """Train a denoiser on each noisy image and score it there; return heading and rows."""
    photos = Denoiser.load("photos")
    level = options.sigma / 255
    scores, seconds, busy = [], [], []
    for image in images(options.clean, options.first):
        draws = np.random.default_rng(0)
        noisy = image + np.float32(level) * draws.standard_normal(image.shape, np.float32)
        began, begun, alone = time.perf_counter(), time.process_time(), gather([noisy], [0])
        given = parameters(None, image.shape[2], steps=options.steps, **ALONE)
        examples = NoisyExamples(alone, seed=SEED, **places(given))
        learnt, _ = train(examples, (alone, None), given, SEED, lambda epoch, metrics: None)
        given_back = mean_of_views(with_card(learnt, level), noisy[np.newaxis])[0]
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - begun)
        seen = [noisy, given_back, photos(colour(noisy)[np.newaxis])[0]]
        scores.append([psnr(image, eight_bits(values)) for values in seen])
        print(f"{np.round(scores[-1], 2)} dB, {seconds[-1]:.0f} s", flush=True)
    columns = np.transpose(scores).tolist()
    names = ["noisy", "learnt from it alone", "photos"]
    taken = [["", ""], [f"{np.mean(seconds):.0f}", f"{np.mean(busy):.0f}"], ["", ""]]
    rows = [[n, with_interval(c), *t] for n, c, t in zip(names, columns, taken, strict=True)]
    heading = [f"{options.clean.name}, sigma {options.sigma}", "PSNR", "s an image"]
    return [*heading, "of processor"], rows


def ablation(options: argparse.Namespace) -> tuple[list[str], list[list[str]]]:
    """Train with all of the recipe, and without each part; return the table's heading and rows."""
    found = [grey(image) for image in images(options.clean, None)]
    rows, whole = [], np.zeros(0)
    for name, changed in PARTS.items():
        busy = time.process_time()
        denoiser, _ = trained_for(found, None, options, steps=options.steps, **changed)
        busy = time.process_time() - busy
        scores = [scored(denoiser, folder, options.sigmas[0], options) for folder in options.tests]
        joined = np.concatenate(scores)
        change = paired(joined - whole) if whole.size else ""
        whole = whole if whole.size else joined
        rows.append([name, *map(with_interval, scores), change, f"{busy / 60:.1f}"])
        print(rows[-1], flush=True)
    heading = [f"{options.steps} steps", *(folder.name for folder in options.tests)]
    return [*heading, "change", "processor minutes"], rows


def trained_for(
    found: Sequence[Image], start: Denoiser | None, options: argparse.Namespace, **changed: Any
) -> tuple[Denoiser, int]:
    """Train on all images but every twentieth, which is held out; return how many steps, too."""
    level = (options.blind or options.sigmas[0]) / 255
    noise = Camera(sigma=level, signal=0, rounded=0, jpeg=0) if options.blind else None
    held, kept = range(0, len(found), 20), [i for i in range(len(found)) if i % 20]
    clean, val = gather(found, kept), gather(found, held)
    noisy_val = with_noise(val, level, 1)
    more: dict[str, Any] = {"objective": {"name": "supervised"}, "loss": "log_mse"}
    if options.noisy_once:
        more = {"objective": {"name": options.objective}}
    told = bool(options.blind) or options.objective == "recorrupted"
    given = parameters(start, found[0].shape[2], told, **more | changed)
    place = {"seed": SEED, **places(given)}
    examples: Examples = CleanExamples(clean, noise or Unclipped(sigma=level), **place)
    if options.noisy_once:
        examples = NoisyExamples(with_noise(clean, level, 0), **place)
    target = None if options.noisy_once else val
    denoiser, history = train(
        examples, (noisy_val, target), given, SEED, lambda epoch, metrics: None, start=start
    )
    steps = len(history) * (given.patches_per_epoch or 0) // given.batch_size
    return with_card(denoiser, level), steps


def scored(
    denoiser: Denoiser, folder: Path, sigma: int, options: argparse.Namespace
) -> list[float]:
    """Return the PSNR of each image of a folder; a network for many levels is not told which."""
    level = sigma / 255
    known = denoiser.architecture.told_level and not (options.blind or options.noisy_once)
    told = level if known else None
    scores = []
    for image in images(folder, options.first):
        draws = np.random.default_rng(0)
        noisy = image + np.float32(level) * draws.standard_normal(image.shape, np.float32)
        seen = colour(noisy) if denoiser.image_shape[2] == COLOURS else noisy
        scores.append(psnr(image, eight_bits(denoiser(seen[np.newaxis], sigma=told)[0])))
    return scores


def with_card(denoiser: Denoiser, level: float) -> Denoiser:
    """Return the denoiser with a card that says that noise is not clipped: else it is refused."""
    noise = NoiseInjectionParameters(Camera(sigma=level, signal=0, rounded=0, jpeg=0))
    card = Card(images=Origin(source="benchmark"), degradation=noise, seed=SEED)
    return Denoiser(denoiser.architecture, denoiser.image_shape, denoiser.model, card)


def parameters(
    start: Denoiser | None,
    channels: int,
    told: bool = False,
    steps: int = 0,
    minutes: float | None = None,
    **more: Any,
) -> TrainingParameters:
    """Return the options of a training: so many steps, or as many as the minutes allow.

    With minutes an epoch has a hundred steps, and their number is measured beforehand: the rate
    that goes down with the cosine has to reach its end.
    """
    from denoising_pipeline.training.pace import seconds_per_step

    model = {"name": "unet", "noise_level": told or start is not None}
    given = {"model": model, "loss": "mse", "patch": PATCH, "detail": 4, "flips": "all"}
    given |= {"batch_size": BATCH, "weight_decay": 0.1, "warmup": 0.03, "precision": "float32"}
    given |= {"learning_rate": 0.001 if start else 0.003, "minutes": minutes, **more}
    per_epoch = max(1, steps // EPOCHS)
    epochs = EPOCHS
    if minutes:
        pace = seconds_per_step(TrainingParameters.model_validate(given), channels)
        per_epoch, epochs = 100, max(1, int(0.95 * minutes * 60 / pace / 100))
    given |= {"patches_per_epoch": BATCH * per_epoch, "epochs": epochs}
    return TrainingParameters.model_validate(given)


def places(given: TrainingParameters) -> dict[str, Any]:
    """Return where examples are cut, and how they are turned."""
    return {
        "patch": given.patch,
        "patches": given.patches_per_epoch,
        "detail": given.detail,
        "flips": given.flips,
    }


def folds(names: Sequence[str], scene: str | None, count: int) -> Iterator[list[int]]:
    """Yield the positions of each fold: by scene, or every n-th."""
    if scene is None:
        for first in range(min(count, len(names))):
            yield list(range(first, len(names), count))
        return
    found = [re.search(scene, name) for name in names]
    scenes = [match[min(match.re.groups, 1)] if match else "" for match in found]
    for one in sorted(set(scenes)):
        yield [i for i, other in enumerate(scenes) if other == one]


def best_factor(pairs: Sequence[tuple[Image, Image]]) -> float:
    """Return the filtering parameter of non-local means that is best on pairs."""
    return max(
        H_FACTORS, key=lambda h: np.mean([psnr(one, non_local(seen, h)) for seen, one in pairs])
    )


def gather(found: Sequence[Image], positions: Sequence[int]) -> ImageSet:
    """Return some images as a set of float32."""
    chosen = [found[i] for i in positions]
    return ImageSet.collect(chosen, [image.shape for image in chosen], np.float32)


def with_noise(clean: ImageSet, level: float, seed: int) -> ImageSet:
    """Return images with noise that is drawn once."""
    draws, noise = np.random.default_rng(seed), Unclipped(sigma=level)
    found = [noise.apply(clean.read(index), draws) for index in range(len(clean))]
    return gather(found, range(len(found)))


def grey(image: Image) -> Image:
    """Return the luma of a colour image."""
    return luma(image) if image.shape[2] == COLOURS else image


def colour(image: Image) -> Image:
    """Return a grey image in three equal channels."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def paired(gain: npt.NDArray[np.float64]) -> str:
    """Return the mean gain with its 95 % interval."""
    half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
    return f"{gain.mean():+.2f} ± {half:.2f}"


if __name__ == "__main__":
    main()
