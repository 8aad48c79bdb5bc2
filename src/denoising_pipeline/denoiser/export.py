"""A trained denoiser as a file that runs without this package: ONNX, LiteRT or Keras."""

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


class ExportError(ValueError):
    """The denoiser cannot be exported; the message says what to do."""


@dataclass(frozen=True)
class Form:
    """What a network is exported to.

    Attributes:
        name: As `keras.Model.export` knows it.
        suffix: Of its files.
        runtime: What computes such a file, for people.
        packages: What has to be installed.
        extra: The extra that installs them; empty: this package itself does.
        run: Denoises float32 (N, H, W, C) in [0, 1] with the bytes of such a file.
    """

    name: str
    suffix: str
    runtime: str
    packages: tuple[str, ...]
    extra: str
    run: Callable[[bytes, Images], Images]


def export_denoiser(
    denoiser: Denoiser, path: Path, overwrite: bool = False, *, half: bool = True
) -> float:
    """Write the network with Keras's own export, and compare what its runtime makes of the file.

    The file has one input, `noisy`, and one output, both float32 (N, H, W, C) in [0, 1] with any
    N; values are clipped in the file. A network that is told the noise level has a channel more at
    its input. That of a denoiser for any size takes every H and W that are multiples of its
    architecture's `multiple`: images of other sizes have to be padded and cropped. It is compared
    on images of random values, of two sizes if it has none, three and one at a time.

    Args:
        denoiser: The trained denoiser.
        path: Where the file shall be, which says what it is: `.onnx`; `.tflite`, for LiteRT;
            `.keras`, for Keras; or `.zip`: the file of a denoiser, with its card, whose network is
            ONNX. That is what `load_denoiser` reads without Keras and TensorFlow.
        overwrite: Replace a file that is there.
        half: Whether a `.zip` has weights of half precision.

    Returns:
        The largest difference that was found, at most `TOLERANCE`.

    Raises:
        ExportError: The name ends otherwise, an extra is not installed, there is a file already, or
            the images differ by more; then nothing is written.
    """
    form = form_of(path)
    if path.exists() and not overwrite:
        raise ExportError(f"'{path}' exists. Give another name, or --overwrite.")
    content = _exported(denoiser, form)
    difference = max(
        float(np.abs(form.run(content, seen) - np.clip(_predicted(denoiser, seen), 0, 1)).max())
        for seen in _examples(denoiser)
    )
    if difference > TOLERANCE:
        raise ExportError(
            f"The exported network differs from the denoiser by {difference:.1e}, which is more "
            f"than {TOLERANCE:.0e}. Nothing was written; try other versions of "
            f"{', '.join(form.packages)}."
        )
    with atomic_write(LocalFileSystem(), str(path)) as file:
        if path.suffix == ".zip":
            written = halved(content) if half else content
            write_network(_portable(denoiser, written), DENOISER, file)
        else:
            file.write(content)
    return difference


def form_of(path: Path) -> Form:
    """Return what a file of this name is.

    Raises:
        ExportError: Its name says nothing that is known, or the extra for it is not installed.
    """
    form = FORMS.get(path.suffix)
    if form is None:
        raise ExportError(f"'{path}' has to end in {', '.join(FORMS)}.")
    missing = [name for name in form.packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"Exporting needs {', '.join(missing)}: install the extra `{form.extra}` with "
            f"pip install 'denoising-pipeline[{form.extra}]', or pip install -e '.[{form.extra}]' "
            "in a checkout."
        )
    return form


def run_onnx(content: bytes, noisy: Images) -> Images:
    """Denoise with ONNX Runtime on the processor.

    Args:
        content: An ONNX file of `export_denoiser`.
        noisy: float32 (N, H, W, C) in [0, 1].

    Returns:
        Denoised images of the same shape, type and range.
    """
    return OnnxNetwork(content, bytes_per_pixel=0, weight_count=0).predict_on_batch(noisy)


def run_litert(content: bytes, noisy: Images) -> Images:
    """Denoise with LiteRT on the processor; else as `run_onnx`."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(model_content=content)
    (taken,), (given,) = network.get_input_details(), network.get_output_details()
    network.resize_tensor_input(taken["index"], noisy.shape)
    network.allocate_tensors()
    network.set_tensor(taken["index"], noisy)
    network.invoke()
    denoised: Images = network.get_tensor(given["index"])
    return denoised


def run_keras(content: bytes, noisy: Images) -> Images:
    """Denoise with Keras alone; else as `run_onnx`."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "denoiser.keras")
        path.write_bytes(content)
        denoised: Images = load_keras().saving.load_model(path).predict_on_batch(noisy)
    return denoised


_ONNX = Form("onnx", ".onnx", "ONNX Runtime", ("onnx", "onnxruntime", "tf2onnx"), "onnx", run_onnx)

FORMS = {
    ".onnx": _ONNX,
    ".zip": _ONNX,
    ".tflite": Form("litert", ".tflite", "LiteRT", ("ai_edge_litert",), "litert", run_litert),
    ".keras": Form("keras", ".keras", "Keras", ("keras",), "", run_keras),
}
"""By how the name of the file ends."""


def _exported(denoiser: Denoiser, form: Form) -> bytes:
    keras = load_keras()
    noisy = keras.Input(denoiser.model.input_shape[1:], name=INPUT)
    clipped = keras.layers.ReLU(max_value=1, dtype="float32")(denoiser.model(noisy))
    model = denoiser.model if denoiser.architecture.bounded else keras.Model(noisy, clipped)
    model(next(_examples(denoiser)))  # Keras only exports a network that has been called.
    with TemporaryDirectory() as folder:
        path = Path(folder, f"denoiser{form.suffix}")
        _write(model, path, form)
        return path.read_bytes()


def _write(model: Any, path: Path, form: Form) -> None:
    if form.name == "keras":
        model.save(path)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras asks for np.object.
        logging.getLogger("tf2onnx").setLevel(logging.WARNING)
        model.export(path, format=form.name, verbose=False)


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
