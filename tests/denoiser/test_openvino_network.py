"""The faster engine: nearly the same images, and nothing told to anybody."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from limits import PATIENCE
from skimage import data

from denoising_pipeline import Denoiser
from denoising_pipeline.denoiser.openvino_network import OpenVinoNetwork
from denoising_pipeline.models.unet import Unet

needs_openvino = pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="needs the extra `fast`"
)
NOISE = np.random.default_rng(0).normal(0, 25, (240, 320, 3))
NOISY = np.clip(data.astronaut()[:240, :320] + NOISE, 0, 255).astype(np.uint8)
QUIET = """
import sys
from denoising_pipeline import Denoiser
import numpy as np
Denoiser.load().denoise(np.zeros((16, 16), np.uint8), fast=True)
print([name for name in sys.modules if name.startswith("openvino_telemetry")])
"""


@needs_openvino
def test_photos_are_the_same_by_both_engines_to_a_few_steps_of_8_bits() -> None:
    """bfloat16 has 8 binary digits; with all digits it would be one step."""
    photos = Denoiser.load()
    slow, fast = (photos.denoise(NOISY, fast=each).astype(int) for each in (False, True))
    noise = np.sqrt(np.square(NOISY - slow).mean())
    difference = np.sqrt(np.square(fast - slow).mean())
    assert difference < noise / 50
    assert np.abs(fast - slow).max() <= 6


@needs_openvino
def test_tiles_of_the_faster_engine_fit_together() -> None:
    photos = Denoiser.load()
    image = (NOISY[np.newaxis] / np.float32(255)).astype(np.float32)
    whole, tiled = (photos(image, 1, memory, 0.1, fast=True) for memory in (None, 28_000_000))
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=4 / 255)


@needs_openvino
def test_no_telemetry_is_loaded_and_nothing_is_written_to_the_home_folder(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", QUIET],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        env=home | {"PYTHONPATH": str(Path("src").resolve())},
    )
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"OpenVINO: install the extra `fast` by pip install"):
        OpenVinoNetwork(b"", 0)


def test_a_denoiser_of_keras_says_how_to_make_a_portable_one() -> None:
    architecture = Unet(widths=(3,), blocks=(1,))
    shape = (None, None, 1)
    denoiser = Denoiser(architecture, shape, architecture.build(shape, 0))
    with pytest.raises(ValueError, match=r"kedro export --to NAME.zip"):
        denoiser.check_ways(fast=True, best=False)
