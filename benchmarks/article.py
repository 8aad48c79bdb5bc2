"""Seconds per epoch of the 2020 article's model: a plain Keras script against this pipeline.

Each training is a process of its own, and they take turns: what else the machine does falls on
all of them.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median

from machine import print_table
from mlflow.tracking import MlflowClient
from plain_article import add_noise, train_plain_script
from project import in_its_own_process, mnist_images, recipe_parameters

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.hooks.epoch_logger import EpochLogger
from denoising_pipeline.hooks.outbox import Outbox
from denoising_pipeline.hooks.publishing import carry_out
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import CleanExamples, train

TRAININGS = {
    "plain": "plain Keras script",
    "frozen": "`--env article`, untracked",
    "fresh": "`--env article`, fresh noise, tracked",
}


def main() -> None:
    """Train each way in turn and print seconds per epoch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--rounds", type=int, default=1, help="times that each is trained")
    parser.add_argument("--only", choices=TRAININGS, help="train one way, in this process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(epoch_seconds(options.only, options.images, options.epochs)))
        return
    seconds: dict[str, list[float]] = {name: [] for name in TRAININGS}
    for _ in range(options.rounds):
        for name in TRAININGS:
            seconds[name] += in_its_own_process(f"--only={name}")
    print_table(
        ["training", "seconds per epoch, in order", "median", "the plain script's median / this"],
        [
            (
                TRAININGS[name],
                " ".join(f"{value:.1f}" for value in past),
                f"{median(past):.1f}",
                f"{median(seconds['plain']) / median(past):.2f}",
            )
            for name, past in seconds.items()
        ],
    )


def epoch_seconds(name: str, images: int, epochs: int) -> list[float]:
    """Train one way and return the seconds of each epoch.

    Every epoch includes its validation on 10,000 images, and the first one building and tracing
    the model. What comes before is not counted: reading images, and the plain script's noise.
    """
    clean, test_clean = mnist_images("train")[:images], mnist_images("test")
    load_keras()
    if name == "plain":
        ticks = _train_plainly(clean, test_clean, epochs)
    else:
        ticks = _train_by_pipeline(clean, test_clean, epochs, name == "fresh")
    return [after - before for before, after in pairwise(ticks)]


def _train_plainly(clean: Images, test_clean: Images, epochs: int) -> list[float]:
    noisy, test_noisy = add_noise(clean, seed=0), add_noise(test_clean, seed=1)
    ticks = [time.perf_counter()]
    train_plain_script(
        clean,
        noisy,
        (test_noisy, test_clean),
        epochs,
        lambda _: ticks.append(time.perf_counter()),
    )
    return ticks


def _train_by_pipeline(
    clean: Images, test_clean: Images, epochs: int, fresh_and_tracked: bool
) -> list[float]:
    changes = [f"training.epochs={epochs}", f"training.fresh_noise={fresh_and_tracked}"]
    parameters = recipe_parameters("article", changes)
    noise = parameters.noise_injection.root
    test_noisy = draw_noisy(test_clean, noise, seed=0, split="test", epoch=0)
    with tempfile.TemporaryDirectory() as folder:
        log_epoch = _tracked_run(Path(folder)) if fresh_and_tracked else EpochLogger(None)
        ticks = [time.perf_counter()]

        def log_and_tick(epoch: int, metrics: Mapping[str, float]) -> None:
            log_epoch(epoch, metrics)
            ticks.append(time.perf_counter())

        validation = (test_noisy, test_clean)
        examples = CleanExamples.of(clean, noise, parameters.training, parameters.seed)
        train(examples, validation, parameters.training, parameters.seed, log_and_tick)
    return ticks


def _tracked_run(folder: Path) -> EpochLogger:
    """Return the logger of a run in a store of its own."""
    store = f"sqlite:///{folder}/mlflow.db"
    client = MlflowClient(store)
    experiment = client.create_experiment("article", (folder / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    return EpochLogger(Outbox(folder, store, run_id, carry_out))


if __name__ == "__main__":
    main()
