"""Seconds of training to 20.18 dB: the article's plain script against a recipe of this project.

20.18 dB is what the article's fifty epochs reach, as a mean of PSNR over the test images. Both are
scored on the same noisy test images. Scoring is not counted; building, tracing and the validation
of script and recipe are. The clock stops when the last epoch ends. A recipe with a cosine schedule
has its quality only there, so the whole of it counts: choose a schedule that is just enough.
"""

import argparse
import json
import time
from typing import Any

from machine import print_table
from plain_article import add_noise, train_plain_script
from project import (
    in_its_own_process,
    mnist_images,
    recipe_parameters,
    training_images,
    validation_images,
)

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.evaluation.metrics import psnr, ssim
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training import CleanExamples, train

TARGET = 20.18

Scores = dict[str, Any]


def main() -> None:
    """Train both, one after the other, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--article-epochs", type=int, default=50, help="0: leave the script out")
    parser.add_argument("--article-images", type=int, default=60_000)
    parser.add_argument("--recipe", default="base", help="a folder of conf/")
    parser.add_argument(
        "--params", nargs="*", default=[], metavar="KEY=VALUE", help="such as training.epochs=1"
    )
    parser.add_argument("--images", type=int, default=55_000, help="images the recipe trains on")
    parser.add_argument("--only", choices=("article", "recipe"), help="train one, in this process")
    options = parser.parse_args()
    if options.only:
        scores = {"article": train_article, "recipe": train_recipe}[options.only](options)
        print(json.dumps(scores))
        return
    article = in_its_own_process("--only=article") if options.article_epochs else None
    recipe = in_its_own_process("--only=recipe")
    rows = [_row("the article's plain script", article)] if article else []
    name = " ".join([f"`{options.recipe}`", *options.params])
    rows.append(_row(f"{name}, {options.images:,} images", recipe))
    print_table(
        ["training", "epochs", "seconds", f"seconds to {TARGET} dB", "PSNR [dB]", "SSIM"], rows
    )
    if article and article["to_target"] and recipe["to_target"]:
        print(f"\nFaster to {TARGET} dB: {article['to_target'] / recipe['to_target']:.1f} times.")


def _row(name: str, scores: Scores) -> tuple[str, ...]:
    to_target = f"{scores['to_target']:.0f}" if scores["to_target"] else "not reached"
    return (
        name,
        str(scores["epochs"]),
        f"{scores['seconds']:.0f}",
        to_target,
        f"{scores['psnr']:.2f}",
        f"{scores['ssim']:.4f}",
    )


def train_article(options: argparse.Namespace) -> Scores:
    """Train the article's script and score the test images after every epoch."""
    test_clean, test_noisy = _test_images()
    clean = mnist_images("train")[: options.article_images]
    noisy = add_noise(clean, seed=0)
    load_keras()
    history: list[Scores] = []
    seconds, started = 0.0, time.perf_counter()

    def on_epoch(model: Any) -> None:
        nonlocal seconds, started
        seconds += time.perf_counter() - started
        denoised = model.predict(test_noisy, batch_size=500, verbose=0)
        quality = float(psnr(test_clean, denoised).mean())
        history.append({"epochs": len(history) + 1, "seconds": seconds, "psnr": quality})
        print(f"{seconds:.1f} s, PSNR {quality:.3f} dB", flush=True)
        if len(history) == options.article_epochs:
            history[-1]["ssim"] = float(ssim(test_clean, denoised).mean())
        started = time.perf_counter()

    train_plain_script(clean, noisy, (test_noisy, test_clean), options.article_epochs, on_epoch)
    reached = (epoch["seconds"] for epoch in history if epoch["psnr"] >= TARGET)
    return history[-1] | {"to_target": next(reached, None)}


def train_recipe(options: argparse.Namespace) -> Scores:
    """Train a recipe of this project and score the test images at its end."""
    test_clean, test_noisy = _test_images()
    parameters = recipe_parameters(options.recipe, options.params)
    noise = parameters.noise_injection.root
    val_clean, val_noisy = validation_images(noise)
    clean = training_images()[: options.images]
    load_keras()
    ends: list[float] = []
    started = time.perf_counter()
    denoiser, _ = train(
        CleanExamples.of(clean, noise, parameters.training, parameters.seed),
        (val_noisy, val_clean),
        parameters.training,
        parameters.seed,
        lambda epoch, metrics: ends.append(time.perf_counter()),
    )
    seconds = ends[-1] - started
    denoised = denoiser(test_noisy)
    quality = float(psnr(test_clean, denoised).mean())
    return {
        "epochs": len(ends),
        "seconds": seconds,
        "psnr": quality,
        "ssim": float(ssim(test_clean, denoised).mean()),
        "to_target": seconds if quality >= TARGET else None,
    }


def _test_images() -> tuple[Images, Images]:
    """Return the clean and noisy test images that both are scored on: those of `kedro run`."""
    clean = mnist_images("test")
    return clean, draw_noisy(clean, Gaussian(), seed=0, split="test", epoch=0)


if __name__ == "__main__":
    main()
