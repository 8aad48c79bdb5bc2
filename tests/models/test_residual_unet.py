"""What is special to the residual U-Net."""

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.models.residual_unet import ResidualUnet

SMALL = {"widths": (4, 8), "blocks": (1, 1), "latent_dim": 4}


@pytest.mark.parametrize("conditioning", [0, 3])
@pytest.mark.parametrize("output", ["sigmoid", "gated"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (29, 31, 3), (5, 7, 1), (1, 1, 3)])
def test_any_size_is_padded_and_cropped(
    conditioning: int, output: str, shape: tuple[int, int, int]
) -> None:
    options = {**SMALL, "output": output, "conditioning": conditioning}
    network = ResidualUnet.model_validate(options)
    noisy = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    assert network.build(shape, 0)(noisy).shape == noisy.shape


def test_an_open_gate_lets_the_image_pass_and_a_closed_one_does_not() -> None:
    """The last kernel but one of the decoder is the estimate's, the last the gate's."""
    model = ResidualUnet.model_validate({**SMALL, "output": "gated"}).build((28, 28, 1), 0)
    noisy = np.random.default_rng(0).random((2, 28, 28, 1), dtype=np.float32)
    weights = model.get_weights()
    for bias, passes in ((50, True), (-50, False)):
        weights[-1] = np.full_like(weights[-1], bias)
        model.set_weights(weights)
        denoised = load_keras().ops.convert_to_numpy(model(noisy))
        assert np.allclose(denoised, noisy, atol=1e-6) == passes
        assert np.all((denoised >= 0) & (denoised <= 1))


def test_conditioning_tunes_blocks_by_the_whole_image_and_its_values_pass_to_the_decoder() -> None:
    """A change in one corner reaches the opposite one through the values alone."""
    model = ResidualUnet.model_validate({**SMALL, "conditioning": 3}).build((28, 28, 1), 0)
    noisy = np.random.default_rng(0).random((2, 28, 28, 1), dtype=np.float32)
    noisy[1] = noisy[0]
    noisy[1, :4, :4] = 1
    encoder, decoder = (model.get_layer(name) for name in ("encoder", "decoder"))
    encoded = [load_keras().ops.convert_to_numpy(values) for values in encoder(noisy)]
    highest, *_, values = encoded
    assert values.shape == (2, 3)
    assert np.abs(values[1] - values[0]).max() > 0
    assert np.abs(highest[1, -4:, -4:] - highest[0, -4:, -4:]).max() > 0
    one, other = (
        load_keras().ops.convert_to_numpy(decoder([*encoded[:-1], condition]))
        for condition in (values, values + 9)
    )
    assert np.abs(one - other).max() > 0


def test_more_resolutions_than_numbers_of_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks lists 1 resolutions but widths 2"):
        ResidualUnet(widths=(4, 8), blocks=(1,))
