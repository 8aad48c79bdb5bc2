"""The exported file denoises as the denoiser does, and what cannot be exported is refused."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from architectures import FOR_PICTURES
from cards import card
from limits import PATIENCE

from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.export import FORMS, ExportError, export_denoiser, run_onnx
from denoising_pipeline.denoiser.file import load_denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.models.base import ImageShape

MNIST = Path(__file__).parents[2] / "data/01_raw/mnist/t10k-images-idx3-ubyte.gz"

not_measured = pytest.mark.no_cover
"""Coverage, which other exports give, takes a third of the time of these."""

needs_onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in FORMS[".onnx"].packages),
    reason="needs the extra `onnx`",
)

NARROW = {"widths": (4, 8), "blocks": (1, 1)}
SMALL = {**NARROW, "latent_dim": 4}
OPTIONS: dict[str, dict[str, Any]] = {
    "residual_unet": NARROW,
    "stabilized": {"network": {"name": "unet", **NARROW}},
    "unet": NARROW,
}
"""Of architectures that would take long to export as they are."""


def denoiser(name: str = "dense", shape: ImageShape = (28, 28, 1), **options: Any) -> Denoiser:
    """A denoiser whose biases, too, are not zero."""
    architecture = ARCHITECTURES[name].model_validate(options)
    model = architecture.build(shape, seed=0)
    draws = np.random.default_rng(0)
    model.set_weights([w + draws.normal(0, 0.02, w.shape) for w in model.get_weights()])
    return Denoiser(architecture, shape, model)


@pytest.fixture(scope="module")
def noisy() -> Images:
    with MNIST.open("rb") as file:
        clean = (read_idx(file)[:130, ..., np.newaxis] / 255).astype(np.float32)
    return draw_noisy(clean, Gaussian(), seed=0, split="test", epoch=0)


@not_measured
@needs_onnx
@pytest.mark.parametrize(
    ("name", "options"),
    [
        *(
            pytest.param(
                name, OPTIONS.get(name, {}), marks=() if name == "unet" else pytest.mark.slow
            )
            for name in FOR_PICTURES
        ),
        pytest.param(
            *("residual_unet", {**SMALL, "output": "gated", "conditioning": 2}),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_real_digits_come_out_as_of_the_denoiser(
    name: str, options: dict[str, Any], noisy: Images, tmp_path: Path
) -> None:
    """To 1e-4, for any number of images."""
    keras_denoiser = denoiser(name, **options)
    assert export_denoiser(keras_denoiser, tmp_path / "denoiser.onnx") <= 1e-4
    content = (tmp_path / "denoiser.onnx").read_bytes()
    expected = keras_denoiser(noisy)
    assert np.ptp(expected) > 0.01
    for count in (1, 7, len(noisy)):
        found = run_onnx(content, noisy[:count])
        np.testing.assert_allclose(found, expected[:count], rtol=0, atol=1e-4)


@not_measured
@needs_onnx
def test_colour_and_sizes_that_are_padded_can_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "new" / "denoiser.onnx"
    assert export_denoiser(denoiser("residual_unet", (9, 14, 3), **NARROW), path) <= 1e-4
    assert run_onnx(path.read_bytes(), np.zeros((2, 9, 14, 3), np.float32)).shape == (2, 9, 14, 3)


@not_measured
@needs_onnx
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("unet", NARROW),
        ("unet", {**NARROW, "output": "sigmoid"}),
        ("convolutional", {"filters": 4}),
    ],
)
def test_a_network_for_any_size_takes_every_multiple_as_a_file(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """And gives images, clipped where the network is not bounded."""
    keras_denoiser = denoiser(name, (None, None, 3), **options)
    assert export_denoiser(keras_denoiser, tmp_path / "denoiser.onnx") <= 1e-4
    content = (tmp_path / "denoiser.onnx").read_bytes()
    for shape in ((1, 8, 12, 3), (2, 40, 24, 3)):
        noisy = np.random.default_rng(1).integers(0, 2, shape).astype(np.float32)
        found = run_onnx(content, noisy)
        np.testing.assert_allclose(found, keras_denoiser(noisy), rtol=0, atol=1e-4)
        assert np.all((found >= 0) & (found <= 1))
        assert np.ptp(found) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet", "residual_unet", "stabilized"])
@pytest.mark.parametrize("suffix", [".tflite", ".keras"])
def test_litert_and_keras_alone_give_the_same_for_any_number_of_images(
    name: str, suffix: str, tmp_path: Path
) -> None:
    pytest.importorskip(FORMS[suffix].packages[0], reason="needs the extra `litert`")
    size = None if name == "unet" else 28
    keras_denoiser = denoiser(name, (size, size, 1), **OPTIONS[name])
    path = tmp_path / f"denoiser{suffix}"
    assert export_denoiser(keras_denoiser, path) <= 1e-4
    for count in (1, 3):
        noisy = np.random.default_rng(1).random((count, size or 24, size or 40, 1), np.float32)
        found = FORMS[suffix].run(path.read_bytes(), noisy)
        np.testing.assert_allclose(found, keras_denoiser(noisy), rtol=0, atol=1e-4)


def test_a_name_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"denoiser\.pb' has to end in \.onnx, \.zip, \.tflite, "):
        export_denoiser(denoiser(), tmp_path / "denoiser.pb")


@needs_onnx
def test_a_file_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "denoiser.onnx"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match=r"denoiser\.onnx' exists.*--overwrite"):
        export_denoiser(denoiser(), path)
    assert path.read_bytes() == b"mine"
    export_denoiser(denoiser(), path, overwrite=True)
    assert path.stat().st_size > 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`None` in `sys.modules` is Python's own way of making an import impossible."""
    for name in FORMS[".onnx"].packages:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ExportError, match=r"needs onnx, onnxruntime, tf2onnx.*extra `onnx`"):
        export_denoiser(denoiser(), tmp_path / "denoiser.onnx")
    assert not list(tmp_path.iterdir())


@needs_onnx
def test_a_zip_holds_the_card_and_a_network_that_runs_without_keras(tmp_path: Path) -> None:
    """In a process of its own, since Keras is imported here."""
    made = denoiser("unet", (None, None, 3), widths=(48, 48), blocks=(1, 1), noise_level=True)
    carded = Denoiser(made.architecture, made.image_shape, made.model, card())
    path = tmp_path / "small.zip"
    export_denoiser(carded, path)
    pixels = np.random.default_rng(0).random((1, 30, 41, 3), np.float32)
    np.save(tmp_path / "pixels.npy", pixels)
    seen, result = str(tmp_path / "pixels.npy"), str(tmp_path / "found.npy")
    code = f"""
import sys
import numpy as np
from denoising_pipeline import load_denoiser
found = load_denoiser({str(path)!r})
np.save({result!r}, found(np.load({seen!r}), sigma=0.1))
assert not {{"keras", "tensorflow", "kedro", "mlflow"}} & set(sys.modules), sorted(sys.modules)
assert found.card.seed == {card().seed}
print(found.weight_count)
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert printed.returncode == 0, printed.stderr
    assert int(printed.stdout) == carded.weight_count
    expected = carded(pixels, sigma=0.1)
    np.testing.assert_allclose(np.load(result), expected, atol=2e-3)
    assert path.stat().st_size < 3 * carded.weight_count


def test_a_level_is_refused_by_a_network_that_is_not_told_it(noisy: Images) -> None:
    with pytest.raises(ValueError, match=r"not told the noise level.*Leave sigma out"):
        denoiser()(noisy[:1], sigma=0.1)


@needs_onnx
def test_a_zip_for_images_of_one_size_may_keep_every_digit(tmp_path: Path, noisy: Images) -> None:
    """Nobody asks what memory such a network takes."""
    made = denoiser()
    carded = Denoiser(made.architecture, made.image_shape, made.model, card())
    export_denoiser(carded, tmp_path / "small.zip", half=False)
    found = load_denoiser(tmp_path / "small.zip")
    np.testing.assert_allclose(found(noisy), carded(noisy), rtol=0, atol=1e-6)
