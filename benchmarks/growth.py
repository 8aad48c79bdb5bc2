"""How images, patches, pixels, weights, trials and runs grow what they cost: at three sizes.

Seconds are those of the processor, of this process: they are about the same on a machine that does
other work as well. For one thread set OMP_NUM_THREADS=1 TF_NUM_INTEROP_THREADS=1
TF_NUM_INTRAOP_THREADS=1. docs/scaling.md projects them.
"""

import argparse
import io
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import print_table
from numpy.lib.format import open_memmap
from PIL import Image
from project import ROOT, mnist_images, recipe_parameters

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import array_digest
from denoising_pipeline.images.files import decode_image
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import CleanExamples
from denoising_pipeline.training.levels import telling_level
from denoising_pipeline.training.losses import loss_by_name, unpacked

NOISE = Gaussian(sigma=0.5)
IMAGES = (10_000, 40_000, 160_000)
PHOTOGRAPHS = (10, 100, 1000, 10_000)
BATCHES = 240
SIDES = (256, 512, 1024)
WIDTHS = (16, 32, 64)
TRIALS = (50, 200, 800)
RUNS = (25, 100, 400)


def main() -> None:
    """Measure what is asked for, and print a table for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"of {', '.join(PARTS)}")
    for part in parser.parse_args().parts:
        PARTS[part]()


def images() -> None:
    """Draw an epoch of noisy examples from a mapped file, and take its checksum."""
    digits = mnist_images("train")[:10_000]
    options = validate_parameters({}).training
    rows = []
    for count in IMAGES:
        with tempfile.TemporaryDirectory() as folder:
            file = open_memmap(f"{folder}/a.npy", "w+", np.float32, (count, 28, 28, 1))
            for start in range(0, count, len(digits)):
                file[start : start + len(digits)] = digits
            examples = CleanExamples.of(file, NOISE, options, 0)
            drawn = seconds(deque, examples.batches(64, 0), 0)
            digest = seconds(array_digest, file)
            rows.append(
                [f"{count:,}", f"{file.nbytes / 1e6:,.0f}", f"{drawn:.1f}", f"{digest:.2f}"]
            )
    print_table(["training images", "file, MB", "an epoch's examples, s", "checksum, s"], rows)


def patches() -> None:
    """Decode photographs, and draw the batches of patches that the recipe `photos` learns of them.

    Memory is the most that is resident while they are drawn, what is of files apart.
    """
    from denoising_pipeline.training.pace import seconds_per_step
    from denoising_pipeline.training.shards import Shards

    recipe = recipe_parameters("photos")
    options = recipe.training
    step = seconds_per_step(options, 3, time.process_time)
    with Image.open(next((ROOT / "data/01_raw/photos").glob("*.jpg"))) as image:
        image.convert("RGB").resize((768, 512)).save(file := io.BytesIO(), "JPEG", quality=90)
    rows = []
    for count in PHOTOGRAPHS:
        started = time.process_time()
        decoded = (decode_image(io.BytesIO(file.getvalue()), "a.jpg").pixels for _ in range(count))
        photographs = ImageSet.collect(decoded, [(512, 768, 3)] * count, np.uint8)
        decoding = (time.process_time() - started) / count
        noise = recipe.noise_injection.root
        examples = replace(CleanExamples.of(photographs, noise, options, 0), told=True)
        prepare = telling_level(options.objective.prepare)
        batches = Shards().batches(examples, prepare, options, 0)
        resident: list[tuple[int, int]] = []

        def draw(batches: Any = batches, resident: list[tuple[int, int]] = resident) -> None:
            for _ in islice(batches, BATCHES):
                now = psutil.Process().memory_info()
                resident.append((now.rss - now.shared, now.shared))

        drawn = seconds(draw) / BATCHES
        memory = [f"{max(column) / 1e6:,.0f}" for column in zip(*resident, strict=True)]
        each = [f"{1000 * taken:.0f}" for taken in (decoding, drawn, step)]
        rows.append([f"{count:,}", *each, f"{drawn / step:.0%}", *memory])
    heading = ["photographs, 768x512", "ms to decode one", "ms to draw a batch", "ms for its step"]
    print_table([*heading, "share", "memory, MB", "of files, MB"], rows)


def pixels() -> None:
    """Denoise a photograph's area of noise by the shipped weights."""
    from denoising_pipeline import Denoiser

    denoiser = Denoiser.load("photos")
    rows = []
    for side in SIDES:
        image = np.random.default_rng(0).random((1, side, side, 3), np.float32)
        taken = seconds(denoiser, image)
        rows.append([f"{side}x{side}", f"{taken:.2f}", f"{taken / side**2 * 1e6:.2f}"])
    print_table(["pixels", "s", "s / megapixel"], rows)


def weights() -> None:
    """Train the default architecture at three widths: a step of 32 digits."""
    from denoising_pipeline.training.loop import compile_network

    rows = []
    clean = mnist_images("train")[:32]
    for width in WIDTHS:
        given = {"model": {"name": "residual_unet", "widths": [width]}, "precision": "float32"}
        options = validate_parameters({"training": given}).training
        network: Any = options.model.build((28, 28, 1), 0, 1)
        loss = unpacked(options.objective.loss(loss_by_name(options.loss, options.mse_floor)))
        compile_network(network, options, 100, 0, loss, [])
        network.train_on_batch(clean, clean)
        taken = min(seconds(network.train_on_batch, clean, clean) for _ in range(5))
        state = 4 * sum(int(np.prod(v.shape)) for v in network.optimizer.variables)
        size = f"{(4 * network.count_params() + state) / 1e6:.1f}"
        rows.append([width, f"{network.count_params():,}", f"{1000 * taken:.0f}", size])
    print_table(["width", "weights", "ms / step of 32", "weights and optimizer, MB"], rows)


def trials() -> None:
    """Begin and end a trial of a study that has many, without training."""
    import optuna

    from denoising_pipeline.training.options import TrainingParameters
    from denoising_pipeline.training.study.options import StudyParameters
    from denoising_pipeline.training.study.space import Space
    from denoising_pipeline.training.study.trials import run_trials

    class Untold:
        def log(self, epoch: int, metrics: Any) -> None: ...
        def end(self, state: str, metrics: Any) -> None: ...

    rows = []
    for count in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            address = f"sqlite:///{folder}/study.db"

            def go_on(until: int, address: str = address) -> Any:
                given = StudyParameters.model_validate({"trials": until, "pruning": False})
                space = Space.of(given.space, TrainingParameters())
                scores = np.full(1000, 20.0)
                ways: tuple[Any, Any] = (lambda *_: scores, lambda *_: Untold())
                return run_trials(space, given, address, {}, 0, *ways)

            first = go_on(1).get_trials()[0]
            study = optuna.load_study(study_name="study", storage=address)
            study.add_trials([first] * (count - 1))
            taken = seconds(go_on, count + 5) / 5
            size = Path(folder, "study.db").stat().st_size / count / 1e3
            rows.append([f"{count:,}", f"{taken:.2f}", f"{size:.1f}"])
    print_table(["trials there", "s for one more, but its training", "kB each"], rows)


def runs() -> None:
    """Write runs as trainings do (150 parameters, 60 metrics), and search all of them."""
    import mlflow
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    rows = []
    search = partial(mlflow.search_runs, output_format="list")
    params = [Param(f"section.parameter_{i}", "0.004") for i in range(150)]
    metrics = [Metric(f"metric_{i}", i / 7, 1, 0) for i in range(60)]
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        client = MlflowClient()
        experiment = client.create_experiment("many", artifact_location=folder)
        there = 0

        def write(more: int) -> None:
            for _ in range(more):
                run = client.create_run(experiment)
                client.log_batch(run.info.run_id, metrics, params)

        for count in RUNS:
            written = seconds(write, count - there) / (count - there)
            there = count
            found = seconds(search, [experiment])
            size = Path(folder, "mlflow.db").stat().st_size / count / 1e3
            row = (f"{count:,}", f"{1000 * written:.0f}", f"{found:.2f}", f"{size:.0f}")
            rows.append(list(row))
    print_table(["runs there", "ms to write one", "s to search all", "kB each"], rows)


PARTS: dict[str, Callable[[], None]] = {
    "images": images,
    "patches": patches,
    "pixels": pixels,
    "weights": weights,
    "trials": trials,
    "runs": runs,
}


def seconds(work: Callable[..., Any], *given: Any) -> float:
    """Return the processor seconds of something."""
    started = time.process_time()
    work(*given)
    return time.process_time() - started


if __name__ == "__main__":
    main()
