"""The weights that lie in an ONNX file can be trained on."""

from pathlib import Path

import numpy as np
import pytest
from small_denoiser import write_denoiser

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.onnx_weights import with_keras


def test_the_shipped_network_is_the_same_in_keras() -> None:
    shipped = Denoiser.load("photos")
    trainable = with_keras(shipped)
    assert trainable.model.count_params() == shipped.weight_count
    noisy = np.random.default_rng(0).random((1, 37, 45, 3), dtype=np.float32)
    np.testing.assert_allclose(trainable(noisy, sigma=0.1), shipped(noisy, sigma=0.1), atol=1e-5)
    assert trainable.card == shipped.card
    assert with_keras(trainable) is trainable


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    other = Denoiser.load(write_denoiser(tmp_path / "other.zip"))
    with pytest.raises(ValueError, match="cannot be told apart"):
        with_keras(other)
