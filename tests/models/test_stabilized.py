"""A learnt curve and its inverse around a network that stays as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import NoiseInjectionParameters
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.card import Card, Origin
from denoising_pipeline.denoiser.export import export_denoiser
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.denoiser.onnx_weights import with_keras
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.stabilized import FINE, OTHERS, Curve, Stabilized
from denoising_pipeline.models.unet import Unet
from denoising_pipeline.training import NoisyExamples, train
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.start import starting_weights

NETWORK = Unet(widths=(4, 8), blocks=(1, 1), noise_level=True)
PIECES = 16
SLOPES = arrays(np.float32, PIECES, elements=st.floats(-2, 2, width=32))
ANY_SIZE = (None, None, 3)


def curve(
    slopes: npt.NDArray[np.float32], start: float = 0, line: tuple[float, float] = (0, 0)
) -> Any:
    others = np.array([0, 0, start, *line]) / FINE
    learnt = np.concatenate([others, slopes])[np.newaxis].astype(np.float32)
    return Curve(load_keras().ops.convert_to_tensor(learnt), PIECES)


def tensor(values: Any) -> Any:
    return load_keras().ops.convert_to_tensor(np.asarray(values, np.float32))


def started(trained: str = "curve") -> tuple[Denoiser, Denoiser]:
    """A network of random weights, and the same within a curve that nobody trained."""
    inner = Denoiser(NETWORK, ANY_SIZE, NETWORK.build(ANY_SIZE, 3))
    architecture = Stabilized.model_validate(
        {"network": NETWORK, "pieces": PIECES, "trained": trained}
    )
    model = architecture.build(ANY_SIZE, 0)
    weights = starting_weights(inner, architecture, ANY_SIZE)
    assert weights
    model.set_weights(weights)
    return inner, Denoiser(architecture, ANY_SIZE, model)


def noisy(count: int = 2, height: int = 24, width: int = 19) -> Images:
    return np.random.default_rng(0).random((count, height, width, 3), np.float32)


@settings(deadline=None, max_examples=30)
@given(slopes=SLOPES, start=st.floats(-0.5, 0.5))
def test_the_curve_increases_and_its_inverse_undoes_it(
    slopes: npt.NDArray[np.float32], start: float
) -> None:
    """Beyond [0, 1] as well."""
    found, values = curve(slopes, start), np.linspace(-0.5, 1.5, 201, dtype=np.float32)
    stable = np.asarray(found.stabilized(tensor(values)))
    assert (np.diff(stable) > 0).all()
    np.testing.assert_allclose(np.asarray(found.undone(tensor(stable))), values, atol=1e-4)


def test_the_curve_has_the_slopes_and_the_value_at_0_that_it_learnt() -> None:
    slopes = np.random.default_rng(0).normal(size=PIECES).astype(np.float32)
    ends = np.asarray(curve(slopes, 0.25).stabilized(tensor(np.arange(PIECES + 1) / PIECES)))
    assert ends[0] == pytest.approx(0.25)
    np.testing.assert_allclose(np.diff(ends) * PIECES, np.exp(slopes), rtol=1e-4)


def test_a_straight_line_is_added_to_the_inverse() -> None:
    slopes, values = np.zeros(PIECES, np.float32), tensor([0.2, 0.7])
    found = np.asarray(curve(slopes, line=(0.1, 0.03)).undone(values))
    np.testing.assert_allclose(found, [0.25, 0.8], atol=1e-6)


def test_at_the_start_images_are_those_of_the_network_inside() -> None:
    inner, outer = started()
    for sigma in (None, 0.1):
        found = outer(noisy(), sigma=sigma)
        np.testing.assert_allclose(found, inner(noisy(), sigma=sigma), atol=1e-6)
    assert np.abs(inner(noisy()) - noisy()).max() > 0.01


def test_tiles_are_those_of_the_whole_image() -> None:
    _, outer = started()
    image = noisy(1, 96, 88)
    tiled = outer(image, max_memory=1_600_000)
    np.testing.assert_allclose(tiled, outer(image), atol=1e-5)


@pytest.mark.slow
def test_without_keras_images_are_the_same(tmp_path: Path) -> None:
    """With a bent curve; as a whole denoiser, for any size, that is told the level."""
    _, outer = started()
    learnt, *kept = outer.model.get_weights()
    bent = np.random.default_rng(0).normal(0, 0.3, len(learnt)).astype(np.float32)
    outer.model.set_weights([bent, *kept])
    card = Card(
        images=Origin(source="made up"), degradation=NoiseInjectionParameters(Recorded()), seed=0
    )
    outer = Denoiser(outer.architecture, ANY_SIZE, outer.model, card)
    assert export_denoiser(outer, tmp_path / "denoiser.zip", half=False) < 1e-4
    portable = Denoiser.load(tmp_path / "denoiser.zip")
    assert portable.architecture == outer.architecture
    np.testing.assert_allclose(portable(noisy()), outer(noisy()), atol=1e-4)
    with pytest.raises(ValueError, match="take the file that its training wrote"):
        with_keras(portable)


def test_the_curve_alone_is_trained_unless_all_is_asked_for() -> None:
    (only,) = started()[1].model.trainable_variables
    assert only.shape == (OTHERS + PIECES,)
    inner, outer = started("all")
    assert len(outer.model.trainable_variables) == len(inner.model.weights) + 1


def options(**changes: Any) -> TrainingParameters:
    plain = {
        "model": {"name": "stabilized", "network": NETWORK, "pieces": PIECES},
        "start": "inner",
        "objective": {"name": "fit_to_noise"},
        "loss": "mse",
        "patch": 16,
        "patches_per_epoch": 8,
        "batch_size": 4,
        "epochs": 1,
        "learning_rate": 0.02,
        "weight_decay": 0.1,
        "precision": "float32",
    }
    return TrainingParameters.model_validate({**plain, **changes})


def fitted(start: Denoiser | None, chosen: TrainingParameters) -> Denoiser:
    examples = NoisyExamples(noisy(), seed=0, patch=16, patches=8)
    return train(examples, (noisy(), None), chosen, 0, lambda *_: None, start=start)[0]


@pytest.mark.slow
def test_training_changes_the_curve_and_leaves_the_network_as_it_was() -> None:
    inner, _ = started()
    learnt, *kept = fitted(inner, options()).model.get_weights()
    assert np.count_nonzero(learnt) > PIECES
    for one, other in zip(kept, inner.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_denoiser_that_was_trained_is_the_same_after_loading(tmp_path: Path) -> None:
    found = fitted(started()[0], options())
    with (tmp_path / "denoiser.zip").open("wb") as file:
        write_network(found, DENOISER, file)
    np.testing.assert_array_equal(Denoiser.load(tmp_path / "denoiser.zip")(noisy()), found(noisy()))


@pytest.mark.slow
def test_training_goes_on_from_a_curve_and_may_then_change_all() -> None:
    _, outer = started()
    whole = {"name": "stabilized", "network": NETWORK, "pieces": PIECES, "trained": "all"}
    found = fitted(outer, options(model=whole)).model.get_weights()
    for one, other in zip(found, outer.model.get_weights(), strict=True):
        assert not np.array_equal(one, other)


def test_a_network_that_is_not_trained_has_to_come_from_somewhere() -> None:
    with pytest.raises(ValueError, match=r"Set training\.start to one, such as photos"):
        fitted(None, options())
    other = Unet(widths=(4, 4), blocks=(1, 1), noise_level=True)
    start = Denoiser(other, ANY_SIZE, other.build(ANY_SIZE, 0))
    with pytest.raises(ValueError, match=r"Set training\.model and ingestion\.channels"):
        fitted(start, options())
