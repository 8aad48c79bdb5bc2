"""Denoisers of a few weights, made without training and without TensorFlow."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from denoising_pipeline.batch.collection import task
from denoising_pipeline.batch.one import Options
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.denoiser.onnx_network import INPUT, OnnxNetwork
from denoising_pipeline.models import ARCHITECTURES


def write_denoiser(
    path: Path, side: int = 3, hidden: int = 0, *, told: bool = True, flips: str = "none"
) -> Path:
    """Write a denoiser for colour, which averages squares of pixels.

    Args:
        path: Where it goes.
        side: Of the squares.
        hidden: Channels of a slow way around; 0: none.
        told: Whether it has an input for the noise level.
        flips: Of its training. With "all" it leans to one corner, so that views differ.
    """
    weights = np.zeros((hidden or 3, 3 + told, side, side), np.float32)
    weights[[0, 1, 2], [0, 1, 2]] = 1 / side**2
    if flips == "all":
        weights[..., 0, 0] *= 1.5
    pads = [side // 2] * 4
    back = np.eye(3, hidden or 3, dtype=np.float32)[..., np.newaxis, np.newaxis]
    nodes = [
        helper.make_node("Transpose", [INPUT], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "mean"], ["means"], pads=pads),
        helper.make_node("Conv", ["means", "back"], ["three"]),
        helper.make_node("Transpose", ["three"], ["denoised"], perm=[0, 2, 3, 1]),
    ]
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "h", "w", channels])
        for name, channels in ((INPUT, 3 + told), ("denoised", 3))
    )
    values = [onnx.numpy_helper.from_array(a, n) for a, n in ((weights, "mean"), (back, "back"))]
    graph = helper.make_graph(nodes, "averages", [given], [made], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = {"widths": (4, 8), "blocks": (1, 1), "output": "residual", "noise_level": told}
    architecture = ARCHITECTURES["unet"].model_validate(options)
    network = OnnxNetwork(model.SerializeToString(), 100, weights.size)
    origin = Origin(source="squares", licence="CC0-1.0")
    noise = NoiseInjectionParameters(Gaussian(sigma=0.1))
    card = Card(images=origin, degradation=noise, seed=0, training={"flips": flips})
    with path.open("wb") as file:
        write_network(Denoiser(architecture, (None, None, 3), network, card), DENOISER, file)
    return path


def resuming_options(folder: Path) -> Options:
    """Options with a small denoiser, which tasks of a cluster find in this process as well."""
    options = Options(write_denoiser(folder / "small.zip"), resume=True)
    task.MODELS[options.model_digest] = options.model
    return options
