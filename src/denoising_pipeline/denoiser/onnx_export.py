"""A trained denoiser as an ONNX file, which runs without this package, Keras and TensorFlow."""

import importlib.util
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.denoiser.memory import bytes_per_pixel
from denoising_pipeline.denoiser.onnx_network import INPUT, OnnxNetwork
from denoising_pipeline.images.arrays import Images

TOLERANCE = 1e-4
"""Largest difference, of any pixel, between the file's images and the denoiser's."""

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
"""What the extra `onnx` installs."""


class ExportError(ValueError):
    """The denoiser cannot be exported; the message says what to do."""


def export_onnx(
    denoiser: Denoiser, path: Path, overwrite: bool = False, *, half: bool = True
) -> float:
    """Write the network with Keras's own export, and compare what ONNX Runtime makes of the file.

    The file has one input, `noisy`, and one output, both float32 (N, H, W, C) in [0, 1] with any
    N; values are clipped in the file. A network that is told the noise level has a channel more at
    its input. That of a denoiser for any size takes every H and W that are multiples of its
    architecture's `multiple`: images of other sizes have to be padded and cropped. It is compared
    on images of random values, of two sizes if it has none, three and one at a time.

    Args:
        denoiser: The trained denoiser.
        path: Where the file shall be: `denoiser.onnx`; or `denoiser.zip`: the file of a denoiser,
            with its card, whose network is such an ONNX file. That is what `load_denoiser` reads
            without Keras and TensorFlow.
        overwrite: Replace a file that is there.
        half: Whether a `denoiser.zip` has weights of half precision.

    Returns:
        The largest difference that was found, at most `TOLERANCE`.

    Raises:
        ExportError: The extra `onnx` is not installed, there is a file already, or the images
            differ by more; then nothing is written.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"Exporting needs {', '.join(missing)}: install the extra `onnx` with "
            "pip install 'denoising-pipeline[onnx]', or pip install -e '.[onnx]' in a checkout."
        )
    if path.exists() and not overwrite:
        raise ExportError(f"'{path}' exists. Give another name, or --overwrite.")
    content = _exported(denoiser)
    difference = max(
        float(np.abs(run_onnx(content, seen) - np.clip(_predicted(denoiser, seen), 0, 1)).max())
        for seen in _examples(denoiser)
    )
    if difference > TOLERANCE:
        raise ExportError(
            f"The exported network differs from the denoiser by {difference:.1e}, which is more "
            f"than {TOLERANCE:.0e}. Nothing was written; try other versions of {PACKAGES}."
        )
    with atomic_write(LocalFileSystem(), str(path)) as file:
        if path.suffix == ".zip":
            written = halved(content) if half else content
            write_network(_portable(denoiser, written), DENOISER, file)
        else:
            file.write(content)
    return difference


def halved(content: bytes) -> bytes:
    """Return an ONNX file whose kernels are stored in half precision; it computes in float32.

    Args:
        content: An ONNX file with float32 weights inside.
    """
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    for weight in [w for w in graph.initializer if w.data_type == onnx.TensorProto.FLOAT]:
        values = onnx.numpy_helper.to_array(weight)
        if values.ndim <= 1:
            continue
        name = weight.name
        half = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
        graph.initializer.remove(weight)
        graph.initializer.append(half)
        cast = onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT)
        graph.node.insert(0, cast)
    return bytes(model.SerializeToString())


def _portable(denoiser: Denoiser, content: bytes) -> Denoiser:
    units = denoiser.architecture.multiples
    memory = bytes_per_pixel(denoiser.model, units) if denoiser.any_size else 1  # nobody asks
    network = OnnxNetwork(content, memory, denoiser.weight_count)
    return Denoiser(
        denoiser.architecture, denoiser.image_shape, network, denoiser.card, denoiser.quality
    )


def _predicted(denoiser: Denoiser, seen: Images) -> Images:
    found: Images = denoiser.model.predict_on_batch(seen)
    return found


def _examples(denoiser: Denoiser) -> Iterator[Images]:
    height, width, channels = denoiser.image_shape
    channels += denoiser.architecture.told_level
    rows, columns = denoiser.architecture.multiples
    one_row = denoiser.architecture.sample_rate is not None
    draws = np.random.default_rng(0)
    if height is None or width is None:
        yield draws.random((1, 1 if one_row else 3 * rows, 5 * columns, channels), np.float32)
    height = 1 if one_row else height or 4 * rows
    for count in (3, 1):
        yield draws.random((count, height, width or 4 * columns, channels), np.float32)


def _exported(denoiser: Denoiser) -> bytes:
    keras = load_keras()
    noisy = keras.Input(denoiser.model.input_shape[1:], name=INPUT)
    clipped = keras.layers.ReLU(max_value=1, dtype="float32")(denoiser.model(noisy))
    model = denoiser.model if denoiser.architecture.bounded else keras.Model(noisy, clipped)
    model(next(_examples(denoiser)))  # Keras only exports a network that has been called.
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras asks for np.object.
        logging.getLogger("tf2onnx").setLevel(logging.WARNING)
        exported = Path(folder, "denoiser.onnx")
        model.export(exported, format="onnx", verbose=False)
        return exported.read_bytes()


def run_onnx(content: bytes, noisy: Images) -> Images:
    """Denoise with ONNX Runtime on the processor.

    Args:
        content: An ONNX file of `export_onnx`.
        noisy: float32 (N, H, W, C) in [0, 1].

    Returns:
        Denoised images of the same shape, type and range.
    """
    return OnnxNetwork(content, bytes_per_pixel=0, weight_count=0).predict_on_batch(noisy)
