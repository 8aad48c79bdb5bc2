"""What a denoiser's file may hold, looked at before it is run or unpacked: it may be anybody's."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from denoising_pipeline.denoiser.onnx_network import INPUT

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
"""Sets of operators that ONNX Runtime has of its own."""


def check_onnx(content: bytes) -> None:
    """Check an ONNX file before it is run.

    A denoiser is one graph without branches and loops, so that what it computes has an end. All its
    weights lie in the file: those that lie elsewhere would be read from any file below the folder
    that the process is in.

    Args:
        content: The file.

    Raises:
        ValueError: What is wrong, to be put after the name of what holds it.
    """
    import onnx

    try:
        problem = next(_problems(onnx.load_from_string(content)), None)
    except Exception as error:  # A parser raises whatever it meets in damaged bytes.
        problem = f"that is damaged ({type(error).__name__})"
    if problem:
        raise ValueError(
            f"holds a network {problem}. Copy it again from where it came, or take another."
        )


def check_hdf5(content: bytes) -> None:
    """Check an HDF5 file of weights before memory is taken for them: all lie in it as they are.

    Packed ones may be any number of times as large, and take minutes before they are found not to
    fit. Links and other files are refused by Keras.

    Args:
        content: The file.

    Raises:
        ValueError: It announces more bytes than it has.
        OSError: It is damaged; h5py raises other errors as well.
    """
    import h5py

    sizes: list[int] = []

    def look(name: str, item: Any) -> None:
        del name
        if isinstance(item, h5py.Dataset):
            sizes.append(item.nbytes)

    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(look)
    if sum(sizes) > len(content):
        raise ValueError(f"{len(content):,} bytes announce {sum(sizes):,}")


def _problems(model: Any) -> Iterator[str]:
    from onnx import AttributeProto, TensorProto, numpy_helper

    graph = model.graph
    names = [given.name for given in graph.input]
    if names != [INPUT] or len(graph.output) != 1:
        yield f"with the inputs {names} and {len(graph.output)} outputs instead of one of each"
    size = graph.output[0].type.tensor_type.shape.dim
    if not size or size[-1].dim_value < 1:
        yield "that does not say how many channels its images have"
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    if any(each.type in {AttributeProto.GRAPH, AttributeProto.GRAPHS} for each in attributes):
        yield "with another one in it, which may go on for ever"
    if model.functions or any(node.domain not in DOMAINS for node in graph.node):
        yield "of operators that ONNX does not have"
    tensors = [*graph.initializer, *(tensor for each in attributes for tensor in each.tensors)]
    tensors += [each.t for each in attributes if each.HasField("t")]
    sparse = graph.sparse_initializer or any(each.HasField("sparse_tensor") for each in attributes)
    if sparse or any(each.data_location == TensorProto.EXTERNAL for each in tensors):
        yield "whose weights do not lie in it as they are"
    floats = [
        each for each in tensors if each.data_type in {TensorProto.FLOAT, TensorProto.FLOAT16}
    ]
    if not all(np.isfinite(numpy_helper.to_array(each)).all() for each in floats):
        yield "whose weights are no numbers"
