"""What a second worker gives, and what it costs to average gradients between two.

One network is trained on digits by one process on all cores, by one on a single core, and by as
many as there are cores on one each (data parallelism of Keras on JAX; the same shards, so the same
weights). Then the workers sum arrays of several sizes, as they do with gradients after each step.

Processor seconds are those of all processes; they tell the cost where others use the machine, too.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from typing import Any

import numpy as np
from machine import print_table
from project import mnist_images

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.workers import ADDRESSES, COUNT, NUMBER, Workers
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.training import CleanExamples, train

NOISE = Gaussian(sigma=0.5)
MODELS: dict[str, dict[str, Any]] = {
    "convolutional": {"name": "convolutional", "filters": 32},
    "dense": {"name": "dense", "latent_dim": 32, "layers": 2, "nodes": 512},
}
SUMMED = (10**4, 10**5, 10**6, 10**7)
"""Numbers of float32 values: networks have as many weights."""

REPEATS = 20
ALL_REDUCE = "all-reduce"


def main() -> None:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help=f"of {', '.join([*MODELS, ALL_REDUCE])}")
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        told: object = summed() if given.child == ALL_REDUCE else trained(given)
        print(json.dumps(told), flush=True)
        return
    cores = sorted(os.sched_getaffinity(0))
    ways = {
        f"1 on {len(cores)} cores": [cores],
        "1 on 1 core": [cores[:1]],
        f"{len(cores)} on 1 core each": [[core] for core in cores],
    }
    parts = given.parts or [*MODELS, ALL_REDUCE]
    rows = []
    for model in [part for part in parts if part in MODELS]:
        for way, shares in ways.items():
            found = run(model, shares)
            seconds = min(found[0]["seconds"][1:])
            processor = sum(worker["processor"] for worker in found) / found[0]["steps"]
            images = given.images // 4000 * 4000 / seconds
            weights = f"{found[0]['weights']:,}"
            rows.append([model, weights, way, f"{images:,.0f}", f"{1000 * processor:.1f}"])
    if rows:
        print_table(["network", "weights", "workers", "images / s", "processor ms / step"], rows)
    if ALL_REDUCE not in parts:
        return
    sums = run(ALL_REDUCE, [[core] for core in cores])[0]
    title = f"values summed by {len(cores)}"
    print_table([title, "median ms", "least ms"], [[f"{int(n):,}", *ms] for n, ms in sums.items()])


def run(child: str, shares: list[list[int]]) -> list[dict[str, Any]]:
    """Run a process on each share of the cores, and return what they found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    processes = []
    for rank, share in enumerate(shares):
        variables = os.environ | {"KERAS_BACKEND": "jax", "JAX_COORDINATOR_BIND_ADDRESS": address}
        if len(shares) > 1:
            variables |= {ADDRESSES: address, COUNT: str(len(shares)), NUMBER: str(rank)}
        command = [sys.executable, *sys.argv, "--child", child]
        started = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(started.pid, share)
        processes.append(started)
    outputs = [process.communicate()[0].strip().splitlines()[-1] for process in processes]
    return [json.loads(output) for output in outputs]


def trained(given: argparse.Namespace) -> dict[str, Any]:
    """Train, and return the seconds of each epoch."""
    training = {
        "model": MODELS[given.child],
        "optimizer": "adam",
        "epochs": given.epochs,
        "batch_size": given.batch,
        "precision": "float32",
        "distribution": {"shards": 4},
    }
    options = validate_parameters({"training": training}).training
    clean = mnist_images("train")[: given.images]
    noisy = draw_noisy(clean[:40], NOISE, seed=0, split="val", epoch=0)
    examples = CleanExamples.of(clean, NOISE, options, 0)
    marks: list[float] = []
    denoiser, history = train(
        examples,
        (noisy, clean[:40]),
        options,
        0,
        lambda epoch, metrics: marks.append(time.process_time()),
    )
    steps = given.images // 4 // 1000 * 1000 // (given.batch // 4)
    return {
        "seconds": history["seconds"].tolist(),
        "processor": min(np.diff(marks)),
        "steps": steps,
        "weights": denoiser.weight_count,
    }


def summed() -> dict[int, list[str]]:
    """Sum arrays over all workers, each as one step of `jit`, and return milliseconds."""
    load_keras()
    import jax

    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("workers",))
    split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("workers"))
    whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    add = jax.jit(lambda values: values.sum(axis=0), out_shardings=whole)
    found = {}
    for count in SUMMED:
        own = np.full((1, count), Workers.here().rank, np.float32)
        values = jax.make_array_from_process_local_data(split, own)
        add(values).block_until_ready()
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            add(values).block_until_ready()
            times.append(1000 * (time.perf_counter() - started))
        found[count] = [f"{np.median(times):.1f}", f"{min(times):.1f}"]
    return found


if __name__ == "__main__":
    main()
