"""What every registered noise model must do: a new one is tested by being there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import TypeAdapter, ValidationError

from denoising_pipeline.degradations import (
    NOISES,
    Degradation,
    DegradationChoice,
    Noise,
    draw_noisy,
)
from denoising_pipeline.degradations.drawing import NOISE_BLOCK
from denoising_pipeline.images.arrays import Images

every_noise = pytest.mark.parametrize(
    "noise", [cls.model_validate({}) for cls in NOISES.values()], ids=NOISES
)


@st.composite
def batches(draw: st.DrawFn) -> Images:
    """Images in [0, 1], of any small size, with one or three channels."""
    shape = (
        draw(st.integers(0, 3)),
        draw(st.integers(1, 6)),
        draw(st.integers(1, 6)),
        draw(st.sampled_from([1, 3])),
    )
    return draw(hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32)))


def grey(images: int = 1, side: int = 64, channels: int = 1) -> Images:
    return np.full((images, side, side, channels), 0.5, np.float32)


def at_level(noise: Noise, level: float) -> Noise:
    return type(noise).model_validate({noise.level: level})


def test_there_are_noise_models_in_alphabetical_order() -> None:
    assert len(NOISES) > 1
    assert list(NOISES) == sorted(NOISES)


@every_noise
@settings(max_examples=30, deadline=None)
@given(clean=batches(), seed=st.integers(0, 2**32))
def test_shape_type_and_range_are_kept_and_the_input_is_not_changed(
    noise: Noise, clean: Images, seed: int
) -> None:
    before = clean.copy()
    clean.flags.writeable = False
    noisy = noise.apply(clean, np.random.default_rng(seed))
    assert noisy.shape == clean.shape
    assert noisy.dtype == np.float32
    assert np.all((noisy >= 0) & (noisy <= 1))
    assert not np.shares_memory(noisy, clean)
    np.testing.assert_array_equal(clean, before)


@every_noise
@settings(max_examples=30, deadline=None)
@given(clean=batches(), seed=st.integers(0, 2**32))
def test_level_zero_is_the_identity(noise: Noise, clean: Images, seed: int) -> None:
    silent = at_level(noise, 0)
    noisy = silent.apply(clean, np.random.default_rng(seed))
    np.testing.assert_array_equal(noisy, clean)
    assert not np.shares_memory(noisy, clean)


@every_noise
@pytest.mark.parametrize("channels", [1, 3])
def test_the_generator_is_the_only_randomness(noise: Noise, channels: int) -> None:
    clean = grey(channels=channels)
    first, again, other = (noise.apply(clean, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@every_noise
def test_more_noise_at_a_higher_level(noise: Noise) -> None:
    """The named field is the level: the error grows with it."""
    clean = grey()
    errors = [
        np.mean(np.abs(at_level(noise, level).apply(clean, generator) - clean))
        for level in (0.05, 0.2, 0.8)
        for generator in [np.random.default_rng(0)]
    ]
    assert errors == sorted(set(errors))


@every_noise
@settings(max_examples=10, deadline=None)
@given(kept=st.integers(1, NOISE_BLOCK + 50))
def test_noise_does_not_depend_on_the_images_that_follow(noise: Noise, kept: int) -> None:
    clean = grey(NOISE_BLOCK + 50, side=3, channels=3)
    whole = draw_noisy(clean, noise, seed=0, split="val", epoch=0)
    part = draw_noisy(clean[:kept], noise, seed=0, split="val", epoch=0)
    np.testing.assert_array_equal(part, whole[:kept])


@every_noise
def test_splits_epochs_seeds_and_blocks_share_no_noise(noise: Noise) -> None:
    """On equal grey images the draws of any two are uncorrelated, within 5 standard errors."""
    clean = grey(NOISE_BLOCK, side=4)
    drawn = [
        draw_noisy(clean, noise, seed=seed, split=split, epoch=epoch).ravel()
        for seed, split, epoch in [
            (0, "train", 0), (0, "val", 0), (0, "test", 0), (0, "train", 1), (1, "train", 0),
        ]
    ]  # fmt: skip
    two_blocks = draw_noisy(grey(2 * NOISE_BLOCK, side=4), noise, seed=0, split="train", epoch=0)
    drawn.append(two_blocks[NOISE_BLOCK:].ravel())
    correlations = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(correlations).max() < 5 / np.sqrt(clean.size)


@every_noise
def test_options_survive_the_parameters_file_and_unknown_ones_are_refused(noise: Noise) -> None:
    choice: TypeAdapter[Degradation] = TypeAdapter(DegradationChoice)
    assert choice.validate_json(noise.model_dump_json()) == noise
    assert choice.validate_python({"name": noise.name}) == noise
    with pytest.raises(ValidationError, match="no_such_option"):
        choice.validate_python({"name": noise.name, "no_such_option": 1})
    with pytest.raises(ValidationError, match=noise.level):
        choice.validate_python({"name": noise.name, noise.level: -0.1})


@every_noise
def test_every_option_is_described_and_the_short_text_names_the_level(noise: Noise) -> None:
    fields = {key: field for key, field in type(noise).model_fields.items() if key != "name"}
    assert noise.level in fields
    assert all(field.description for field in fields.values())
    assert at_level(noise, 0.25).describe() == f"{noise.name} 0.25"


@every_noise
def test_another_level_is_the_same_noise_at_it(noise: Noise) -> None:
    """Its other options stay, and a level that it does not have is refused."""
    louder = noise.at(0.75)
    assert louder.model_dump() == noise.model_dump() | {noise.level: 0.75}
    assert louder.at(getattr(noise, noise.level)) == noise
    with pytest.raises(ValidationError):
        noise.at(-1)
