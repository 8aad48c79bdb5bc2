"""The weights in an ONNX file, as Keras has them: what a training can start from."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.onnx_network import OnnxNetwork

if TYPE_CHECKING:
    from onnx import GraphProto

Weights: TypeAlias = list[npt.NDArray[np.float32]]
"""The weights of a network, as `keras.Model.get_weights` gives them."""

CONVOLUTIONS = ("Conv", "ConvTranspose")


def with_keras(denoiser: Denoiser) -> Denoiser:
    """Return a denoiser whose network is a `keras.Model`, which can be trained.

    Args:
        denoiser: One of this package's files; if it has a Keras model, it is returned as it is.

    Raises:
        ValueError: It is not made of convolutions alone, so that its weights cannot be told apart.
    """
    if not isinstance(denoiser.model, OnnxNetwork):
        return denoiser
    architecture, shape = denoiser.architecture, denoiser.image_shape
    model = architecture.build(shape, 0, denoiser.out_channels)
    try:
        found = convolution_weights(denoiser.model.content)
    except (KeyError, ValueError):  # Weights that are computed, or kernels of other dimensions.
        found = []
    if [weight.shape for weight in found] != [weight.shape for weight in model.get_weights()]:
        raise ValueError(
            f"The weights of this denoiser ({architecture.name}) cannot be told apart in its ONNX "
            "file: take the file that its training wrote."
        )
    model.set_weights(found)
    return Denoiser(architecture, shape, model, denoiser.card, denoiser.quality)


def convolution_weights(content: bytes) -> Weights:
    """Return kernel and bias, if it has one, of each convolution, in the order of the graph.

    Keras has kernels as (H, W, in, out), and (H, W, out, in) where they are transposed; ONNX has
    (out, in, H, W), and (in, out, H, W).

    Args:
        content: An ONNX file of `export_denoiser`.
    """
    import onnx

    graph = onnx.load_from_string(content).graph
    weights = _by_name(graph)
    found: Weights = []
    for node in graph.node:
        if node.op_type in CONVOLUTIONS:
            kernel, *bias = (weights[name] for name in node.input[1:])
            found += [kernel.transpose(2, 3, 1, 0), *bias]
    return found


def _by_name(graph: "GraphProto") -> dict[str, npt.NDArray[np.float32]]:
    """Return the weights in float32 by the names that nodes know them by."""
    from onnx import numpy_helper

    weights = {
        weight.name: numpy_helper.to_array(weight).astype(np.float32)
        for weight in graph.initializer
    }
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    return weights | {name: weights[half] for name, half in casts.items() if half in weights}
