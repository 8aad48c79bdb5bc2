"""A trained denoiser as an ONNX file, which runs without this package, Keras and TensorFlow."""

import importlib.util
import logging
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images

TOLERANCE = 1e-4
"""Largest difference, of any pixel, between the file's images and the denoiser's."""

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
"""What the extra `onnx` installs."""


class ExportError(ValueError):
    """The denoiser cannot be exported; the message says what to do."""


def export_onnx(denoiser: Denoiser, path: Path, overwrite: bool = False) -> float:
    """Write the network with Keras's own export, and compare what ONNX Runtime makes of the file.

    The file has one input, `noisy`, and one output, both float32 (N, H, W, C) in [0, 1] with any
    N. It is compared on images of random values, three and one at a time.

    Args:
        denoiser: The trained denoiser.
        path: Where the file shall be, such as `denoiser.onnx`.
        overwrite: Replace a file that is there.

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
    noisy = np.random.default_rng(0).random((3, *denoiser.image_shape), np.float32)
    expected = denoiser(noisy)  # Keras only exports a network that has been called.
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras asks for np.object.
        logging.getLogger("tf2onnx").setLevel(logging.WARNING)
        exported = Path(folder, "denoiser.onnx")
        denoiser.model.export(exported, format="onnx", verbose=False)
        content = exported.read_bytes()
    difference = max(
        float(np.abs(run_onnx(content, noisy[:count]) - expected[:count]).max()) for count in (3, 1)
    )
    if difference > TOLERANCE:
        raise ExportError(
            f"The exported network differs from the denoiser by {difference:.1e}, which is more "
            f"than {TOLERANCE:.0e}. Nothing was written; try other versions of {PACKAGES}."
        )
    with atomic_write(LocalFileSystem(), str(path)) as file:
        file.write(content)
    return difference


def run_onnx(content: bytes, noisy: Images) -> Images:
    """Denoise with ONNX Runtime on the processor.

    Args:
        content: An ONNX file of `export_onnx`.
        noisy: float32 (N, H, W, C) in [0, 1].

    Returns:
        Denoised images of the same shape, type and range.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    denoised: Images = session.run(None, {"noisy": noisy})[0]
    return denoised
