"""A service as people start it, with a denoiser that is made in no time."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
from limits import PATIENCE
from onnx import TensorProto, helper
from PIL import Image
from skimage import data

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.denoiser.onnx_network import INPUT, OnnxNetwork
from denoising_pipeline.models.unet import Unet

SERVE = "from denoising_pipeline.cli.serve import serve; serve()"
Pixels = npt.NDArray[np.uint8]


def write_denoiser(path: Path, repeats: int = 1, side: int = 3) -> None:
    """Write a denoiser that averages squares of `side` pixels, as often as asked."""
    size: list[str | int | None] = ["n", "h", "w", 3]
    around = [side // 2] * 4
    nodes = [helper.make_node("Transpose", [INPUT], ["0"], perm=[0, 3, 1, 2])]
    nodes += [
        helper.make_node(
            "AveragePool", [str(i)], [str(i + 1)], kernel_shape=[side, side], pads=around
        )
        for i in range(repeats)
    ]
    nodes += [helper.make_node("Transpose", [str(repeats)], ["denoised"], perm=[0, 2, 3, 1])]
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size)]
        for name in (INPUT, "denoised")
    )
    graph = helper.make_graph(nodes, "average", inputs, outputs)
    opset = helper.make_opsetid("", 17)
    content = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    network = OnnxNetwork(content, bytes_per_pixel=100, weight_count=1)
    with path.open("wb") as file:
        write_network(Denoiser(Unet(), (None, None, 3), network), DENOISER, file)


@contextmanager
def served(
    folder: Path, model: Path, *options: str, measured: bool = False
) -> Iterator[tuple[Any, str]]:
    """Start a service, whose files lie in `folder`; yield its process and its address.

    Its coverage is `measured` only where it may end by itself: of one that is killed nothing is
    kept.
    """
    variables = os.environ | {"TMPDIR": str(folder), "PYTHONWARNINGS": "error::ResourceWarning"}
    if not measured:
        variables["COVERAGE_PROCESS_CONFIG"] = ""
    command = [sys.executable, "-c", SERVE, "--port", "0", "--model", str(model), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            yield process, line.split()[3]
        finally:
            process.kill()


def wait_until(condition: Callable[[], Any]) -> None:
    """Return as soon as something is true: what ends a request happens after its answer."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False)


def photograph(side: int = 96) -> Pixels:
    """A part of a photograph with noise of 25/255."""
    clean = data.astronaut()[:side, 150 : 150 + side]
    noise = np.random.default_rng(0).normal(0, 25, clean.shape)
    noisy: Pixels = np.clip(clean + noise, 0, 255).astype(np.uint8)
    return noisy


def encoded(pixels: npt.NDArray[Any], format: str = "PNG", **options: Any) -> bytes:  # noqa: A002
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


def decoded(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))
