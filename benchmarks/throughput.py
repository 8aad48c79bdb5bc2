"""Images per second and core: `model.predict`, the denoiser, ONNX Runtime, OpenVINO; start-up.

Every engine computes in float32 with the same number of threads. They take turns on the same
noisy digits, and each is shown with the size of batches that suits it best. A second of CPU counts
every thread of the process, so that what else the machine does hardly matters; a waiting thread
that spins counts, too, so use `--threads 1` for it. Engines that are not installed are left out
(`pip install -e '.[onnx]'`, `pip install openvino`).
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from machine import print_table
from project import mnist_images, recipe_parameters

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.datasets import DenoiserDataset
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.export import export_denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models import ARCHITECTURES

PREDICT = "`model.predict`, as it is"
BATCH_SIZES = (32, 128, 512)

Engine = Callable[[Images], Images]

KERAS_START = """
import sys, numpy as np
from denoising_pipeline.datasets import DenoiserDataset
denoiser = DenoiserDataset(filepath=sys.argv[1]).load()
denoiser(np.zeros((1, *denoiser.image_shape), np.float32))
"""
ONNX_START = """
import sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
session.run(None, {"noisy": np.zeros((1, *session.get_inputs()[0].shape[1:]), np.float32)})
"""


class Time(NamedTuple):
    """Seconds for all images."""

    wall: float
    cpu: float


def main() -> None:
    """Measure and print two tables for each denoiser."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000, help="images in each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--denoiser", type=Path, help="a denoiser.zip; else untrained networks, equally fast"
    )
    parser.add_argument(
        "--models", nargs="*", choices=ARCHITECTURES, default=["residual_unet", "convolutional"]
    )
    options = parser.parse_args()
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(
        options.threads
    )
    load_keras()
    noise = recipe_parameters("base").noise_injection.root
    clean = mnist_images("test")[: options.images]
    noisy = draw_noisy(clean, noise, seed=0, split="test", epoch=0)
    for name, denoiser in denoisers(options):
        with tempfile.TemporaryDirectory() as folder:
            compare(name, denoiser, noisy, Path(folder), options)


def denoisers(options: argparse.Namespace) -> Iterator[tuple[str, Denoiser]]:
    """Yield names and denoisers."""
    if options.denoiser:
        denoiser = DenoiserDataset(filepath=str(options.denoiser)).load()
        yield denoiser.architecture.name, denoiser
        return
    for name in options.models:
        architecture = ARCHITECTURES[name].model_validate({})
        yield name, Denoiser(architecture, (28, 28, 1), architecture.build((28, 28, 1), 0))


def compare(
    name: str, denoiser: Denoiser, noisy: Images, folder: Path, options: argparse.Namespace
) -> None:
    """Measure one denoiser and print its tables."""
    found = engines(denoiser, folder, options.threads)
    expected = found[PREDICT, 32](noisy)
    differences = {key: np.abs(engine(noisy) - expected).max() for key, engine in found.items()}
    times: dict[Any, list[Time]] = {key: [] for key in found}
    for _ in range(options.rounds):
        for key, engine in found.items():
            times[key].append(timed(engine, noisy))
    medians = {key: Time(*map(median, zip(*past, strict=True))) for key, past in times.items()}
    rows = []
    for engine_name in dict.fromkeys(key[0] for key in found):
        sizes = [key for key in found if key[0] == engine_name]
        key = min(sizes, key=lambda key: medians[key].cpu)
        wall, cpu = (len(noisy) / seconds for seconds in medians[key])
        gain = medians[PREDICT, 32].cpu / medians[key].cpu
        figures = (f"{wall:.0f}", f"{wall / options.threads:.0f}", f"{cpu:.0f}", f"{gain:.2f}")
        rows.append((engine_name, key[1], *figures, f"{differences[key]:.0e}"))
    print_table(
        [
            f"{name}, threads: {options.threads}",
            "batch",
            "images/s",
            "images/s and core",
            "images per second of CPU",
            "the first / this",
            "largest difference",
        ],
        rows,
    )
    starts = start_seconds(denoiser, folder, options.rounds)
    print_table(
        ["from the start of a process to one denoised image", "seconds", "seconds of CPU"],
        [(key, f"{wall:.1f}", f"{cpu:.1f}") for key, (wall, cpu) in starts.items()],
    )


def engines(denoiser: Denoiser, folder: Path, threads: int) -> dict[tuple[str, int], Engine]:
    """Return what is compared, by name and size of batches."""
    model = denoiser.model
    found: dict[tuple[str, int], Engine] = {(PREDICT, 32): partial(model.predict, verbose=0)}
    for size in BATCH_SIZES:
        found["`model.predict`", size] = partial(model.predict, batch_size=size, verbose=0)
        found["`Denoiser`", size] = partial(denoiser, batch_size=size)
    for name, start in (("onnxruntime", start_onnx), ("openvino", start_openvino)):
        if importlib.util.find_spec(name):
            run_batch = start(denoiser, folder, threads)
            for size in BATCH_SIZES:
                found[f"{name} {version(name)}", size] = partial(in_batches, run_batch, size)
    return found


def start_onnx(denoiser: Denoiser, folder: Path, threads: int) -> Engine:
    """Return the denoiser in ONNX Runtime; `denoiser.onnx` lies in the folder then."""
    import onnxruntime

    path = folder / "denoiser.onnx"
    export_denoiser(denoiser, path)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return lambda noisy: session.run(None, {"noisy": noisy})[0]


def start_openvino(denoiser: Denoiser, folder: Path, threads: int) -> Engine:
    """Return the denoiser in OpenVINO, which would compute in bfloat16 if it were not told."""
    import openvino

    path = str(folder / "denoiser.xml")
    denoiser.model.export(path, format="openvino", verbose=False)
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda noisy: compiled(noisy)[0]


def in_batches(engine: Engine, size: int, noisy: Images) -> Images:
    """Denoise batch by batch."""
    denoised = np.empty_like(noisy)
    for start in range(0, len(noisy), size):
        denoised[start : start + size] = engine(noisy[start : start + size])
    return denoised


def timed(engine: Engine, noisy: Images) -> Time:
    """Return how long an engine takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    engine(noisy)
    return Time(time.perf_counter() - wall, time.process_time() - cpu)


def start_seconds(denoiser: Denoiser, folder: Path, rounds: int) -> dict[str, Time]:
    """Return the medians of starting a process that denoises one image."""
    DenoiserDataset(filepath=str(folder / "denoiser.zip")).save(denoiser)
    starts = {"`denoiser.zip`": (KERAS_START, folder / "denoiser.zip")}
    if (folder / "denoiser.onnx").exists():
        starts["`denoiser.onnx`, ONNX Runtime"] = (ONNX_START, folder / "denoiser.onnx")
    times: dict[str, list[Time]] = {name: [] for name in starts}
    for _ in range(rounds):
        for name, (code, path) in starts.items():
            wall, before = time.perf_counter(), os.times()
            subprocess.run([sys.executable, "-c", code, path], check=True)
            after = os.times()
            cpu = sum(after[2:4]) - sum(before[2:4])
            times[name].append(Time(time.perf_counter() - wall, cpu))
    return {name: Time(*map(median, zip(*past, strict=True))) for name, past in times.items()}


if __name__ == "__main__":
    main()
