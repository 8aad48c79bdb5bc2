"""Training gives a denoiser and its history: repeatable, and honest about what it kept."""

import signal
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import PSNR_CAP, psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models.base import Architecture, SeededInitializers
from denoising_pipeline.models.convolutional import Convolutional
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.training import CleanExamples, TrainingDivergedError, mean_psnr, train
from denoising_pipeline.training.options import (
    DownstreamParameters,
    FitOptions,
    ProjectionsParameters,
    TrainingParameters,
    TransformerOptions,
    UncertaintyParameters,
)
from denoising_pipeline.training.validation import validation_images

NOISE = Gaussian(sigma=0.3)
COLUMNS = ["epoch", "loss", "psnr", "val_loss", "val_psnr", "seconds"]
UNSTEADY: dict[str, Any] = {"epochs": 12, "learning_rate": 0.2}
"""Steps so long that validation does not get better at every epoch."""

Run = tuple[Denoiser, pd.DataFrame, list[dict[str, float]]]
"""The denoiser, its history, and what was reported."""


def squares(count: int, side: int = 12) -> Images:
    """Bright squares at positions that differ."""
    draws = np.random.default_rng(count)
    images = np.zeros((count, side, side, 1), np.float32)
    for image, row, column in zip(images, *draws.integers(0, side - 4, (2, count)), strict=True):
        image[row : row + 4, column : column + 4] = 1
    return images


PLAIN = {
    "model": {"name": "dense", "latent_dim": 8, "layers": 1, "nodes": 32},
    "loss": "binary_crossentropy",
    "epochs": 2,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "beta_2": 0.999,
    "weight_decay": 0.0,
    "schedule": "constant",
    "gradient_clip": None,
    "precision": "float32",
}


def options(**changes: Any) -> TrainingParameters:
    return validate_parameters({"training": {**PLAIN, **changes}}).training


def validation() -> tuple[Images, Images]:
    clean = squares(60)
    return draw_noisy(clean, NOISE, seed=0, split="val", epoch=0), clean


def trained(seed: int = 0, **changes: Any) -> tuple[Denoiser, pd.DataFrame]:
    denoiser, history, _ = reported(seed, **changes)
    return denoiser, history


def reported(seed: int = 0, **changes: Any) -> Run:
    """Train, and return what was reported as well."""
    rows: list[dict[str, float]] = []

    def log_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        rows.append({"epoch": epoch, **metrics})

    chosen = options(**changes)
    examples = CleanExamples.of(squares(200), NOISE, chosen, seed)
    return *train(examples, validation(), chosen, seed, log_epoch), rows


@pytest.fixture(scope="module")
def default() -> Run:
    return reported()


def weights(denoiser: Denoiser) -> list[Any]:
    return [weight.tolist() for weight in denoiser.model.get_weights()]


def val_loss(denoiser: Denoiser) -> float:
    return float(denoiser.model.evaluate(*validation(), verbose=0, return_dict=True)["loss"])


def test_history_has_a_row_per_epoch_and_each_is_reported_when_it_is_over(default: Run) -> None:
    _, history, rows = default
    assert sorted(history.columns) == sorted(COLUMNS)
    assert history["epoch"].tolist() == [1, 2]
    assert rows == history.to_dict("records")
    assert np.isfinite(history.to_numpy()).all()
    assert (history["seconds"] > 0).all()


def test_the_history_tells_what_the_denoiser_does_to_the_validation_images() -> None:
    """The last row's loss and PSNR are those of the network that is returned; it has learnt."""
    denoiser, history = trained(keep="last", epochs=8, learning_rate=0.03)
    noisy, clean = validation()
    assert history["val_loss"].iloc[-1] == pytest.approx(val_loss(denoiser), rel=1e-5)
    assert history["val_psnr"].iloc[-1] == pytest.approx(np.mean(psnr(clean, denoiser(noisy))))
    assert history["val_psnr"].iloc[-1] > np.mean(psnr(clean, noisy))


def test_the_denoiser_carries_what_it_was_built_from(default: Run) -> None:
    changes: dict[str, Any] = {"model": {"name": "convolutional", "filters": 2}, "loss": "mse"}
    other, _ = trained(**changes)
    for denoiser, chosen, kind in (
        (default[0], options(), Dense),
        (other, options(**changes), Convolutional),
    ):
        assert denoiser.architecture == chosen.model
        assert isinstance(denoiser.architecture, kind)
        assert denoiser.image_shape == (12, 12, 1)


def test_fault_r34_equal_seeds_train_to_the_same_bits_whatever_came_before(default: Run) -> None:
    np.random.default_rng().random()
    load_keras().utils.set_random_seed(123)
    again, repeated = trained()
    assert weights(again) == weights(default[0])
    pd.testing.assert_frame_equal(
        repeated.drop(columns="seconds"), default[1].drop(columns="seconds"), check_exact=True
    )


def test_other_seeds_train_to_other_weights(default: Run) -> None:
    other, history = trained(seed=2**32)
    assert weights(other) != weights(default[0])
    assert history["loss"].tolist() != default[1]["loss"].tolist()


@pytest.mark.parametrize("batch_size", [32, 10, 11])
def test_every_epoch_trains_on_all_images_with_the_noise_of_the_seed_and_the_epoch(
    batch_size: int,
) -> None:
    """With steps of almost nothing, losses are those of the seed's initial weights throughout."""
    seed, still = 5, options(learning_rate=1e-12)
    began = time.perf_counter()
    denoiser, history = trained(seed, learning_rate=1e-12, batch_size=batch_size)
    assert history["seconds"].sum() <= time.perf_counter() - began
    initial = still.model.build((12, 12, 1), seed)
    for weight, same in zip(denoiser.model.get_weights(), initial.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-6)
    for epoch in range(still.epochs):
        noisy = draw_noisy(squares(200), NOISE, seed=seed, split="train", epoch=epoch)
        expected = denoiser.model.evaluate(noisy, squares(200), verbose=0, return_dict=True)
        found = history.loc[epoch, ["loss", "psnr"]].to_dict()
        assert found == pytest.approx({key: expected[key] for key in found}, rel=1e-5)


def test_frozen_noise_is_the_first_epochs_noise_again(default: Run) -> None:
    """Equal in the first epoch to the bit, different as soon as new noise would be drawn."""
    _, frozen = trained(fresh_noise=False)
    assert frozen["loss"][0] == default[1]["loss"][0]
    assert frozen["loss"][1] != default[1]["loss"][1]


@pytest.fixture(scope="module")
def unsteady() -> dict[str, tuple[Denoiser, pd.DataFrame]]:
    """Trained without patience, by which weights are kept."""
    chosen = {"early_stopping_patience": None, **UNSTEADY}
    return {keep: trained(keep=keep, **chosen) for keep in ("best", "last")}


def test_the_weights_kept_are_the_best_or_the_last_as_asked(
    unsteady: dict[str, tuple[Denoiser, pd.DataFrame]],
) -> None:
    (best, history), (last, same) = unsteady["best"], unsteady["last"]
    assert history["val_loss"].tolist() == same["val_loss"].tolist()
    assert history["val_loss"].to_numpy().argmin() < len(history) - 1
    assert val_loss(best) == pytest.approx(history["val_loss"].min(), rel=1e-5)
    assert val_loss(last) == pytest.approx(history["val_loss"].iloc[-1], rel=1e-5)
    assert val_loss(best) < val_loss(last)


@pytest.mark.parametrize("patience", [1, 2])
def test_training_stops_when_validation_has_not_got_better_for_that_long(patience: int) -> None:
    _, history = trained(early_stopping_patience=patience, **{**UNSTEADY, "epochs": 60})
    assert len(history) < 60
    assert history["val_loss"].to_numpy().argmin() == len(history) - 1 - patience


def test_training_without_patience_runs_to_its_end(
    unsteady: dict[str, tuple[Denoiser, pd.DataFrame]],
) -> None:
    assert [len(history) for _, history in unsteady.values()] == [UNSTEADY["epochs"]] * 2


def test_a_loss_that_is_no_number_ends_training_with_its_epoch_and_a_remedy() -> None:
    broken = squares(64)
    broken[5] = np.nan
    epochs: list[int] = []
    with pytest.raises(
        TrainingDivergedError, match=r"after epoch 1 .*Lower training\.learning_rate"
    ):
        train(
            CleanExamples.of(broken, NOISE, options(), 0),
            validation(),
            options(),
            0,
            lambda epoch, metrics: epochs.append(epoch),
        )
    assert epochs == []


def test_images_that_an_architecture_cannot_take_are_refused() -> None:
    clean = squares(4, side=11)
    convolutional = options(model={"name": "convolutional", "filters": 2})
    examples = CleanExamples.of(clean, NOISE, convolutional, 0)
    with pytest.raises(ValueError, match="multiples of 4"):
        train(examples, (clean, clean), convolutional, 0, lambda epoch, metrics: None)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_psnr_of_training_is_that_of_the_metrics(channels: int) -> None:
    """Per image, with the same cap for identical ones."""
    draws = np.random.default_rng(0)
    clean, denoised = draws.random((2, 6, 12, 10, channels), dtype=np.float32)
    denoised[0] = clean[0]
    denoised[1] = clean[1] + np.float32(1e-6)
    denoised[2] = 1 - np.round(clean[2])
    values = load_keras().ops.convert_to_numpy(mean_psnr(clean, denoised))
    np.testing.assert_allclose(values, psnr(clean, denoised), rtol=1e-5)
    assert values[0] == values[1] == PSNR_CAP


class AnySize(Architecture):
    """Made up: one convolution, for images of any size, whose output has no bounds."""

    any_size: ClassVar[bool] = True
    name: Literal["made_up"] = "made_up"

    @property
    def bounded(self) -> bool:
        """Whether every value of the output is in [0, 1]."""
        return False

    def build(self, image_shape: Any, seed: int, out_channels: int | None = None) -> Any:
        """Build the network."""
        keras, kernel = load_keras(), SeededInitializers(seed).next_kernel()
        channels = out_channels or image_shape[-1]
        convolution = keras.layers.Conv2D(channels, 3, padding="same", kernel_initializer=kernel)
        return keras.Sequential([keras.Input(image_shape), convolution])


def on_patches(**changes: Any) -> TrainingParameters:
    chosen = options(loss="log_mse", patch=8, flips="all", **changes)
    return chosen.model_copy(update={"model": AnySize()})


def photographs() -> ImageSet:
    images = [squares(1, side)[0] for side in (9, 12, 20, 7)]
    return ImageSet.collect(images, [image.shape for image in images], np.float32)


def ignore(epoch: int, metrics: Mapping[str, float]) -> None:
    pass


@pytest.mark.parametrize("images", [photographs(), squares(6)])
def test_a_network_of_any_size_learns_from_patches(images: Images | ImageSet) -> None:
    chosen = on_patches(patches_per_epoch=40)
    examples = CleanExamples.of(images, NOISE, chosen, 0)
    denoiser, history = train(examples, (images, images), chosen, 0, ignore)
    shape: tuple[Any, ...] = denoiser.image_shape
    assert shape == (None, None, 1)
    assert np.isfinite(history.to_numpy()).all()


def test_validation_of_a_set_is_that_of_the_patches_in_the_middle() -> None:
    images = photographs()
    chosen = on_patches(epochs=1, keep="last")
    examples = CleanExamples.of(images, NOISE, chosen, 0)
    denoiser, history = train(examples, (images, images), chosen, 0, ignore)
    middle = validation_images(images, 8)
    scores = psnr(middle, np.clip(denoiser.model.predict(middle, verbose=0), -9, 9))
    assert history["val_psnr"].tolist() == pytest.approx([scores.mean()], abs=1e-3)


def test_a_degradation_may_change_the_number_of_channels() -> None:
    """Colours are lost on the way in, and are to be found again."""

    class Grey(Gaussian):
        def out_channels(self, channels: int) -> int:
            return 1

        def apply(self, clean: Images, generator: np.random.Generator) -> Images:
            grey: Images = np.mean(clean, axis=-1, keepdims=True, dtype=np.float32)
            return grey

    colours = np.random.default_rng(0).random((20, 8, 8, 3), np.float32)
    chosen = on_patches(epochs=1)
    examples = CleanExamples.of(colours, Grey(), chosen, 0)
    grey = colours.mean(axis=-1, keepdims=True)
    denoiser, _ = train(examples, (grey, colours), chosen, 0, ignore)
    shape: tuple[Any, ...] = denoiser.image_shape
    assert shape == (None, None, 1)
    assert denoiser.model.output_shape[-1] == 3


def test_a_network_of_one_size_does_not_learn_from_patches() -> None:
    chosen = options(patch=8)
    examples = CleanExamples.of(photographs(), NOISE, chosen, 0)
    with pytest.raises(ValueError, match=r"'dense' is built for images of one size.*name=unet"):
        train(examples, (squares(4), squares(4)), chosen, 0, ignore)


@pytest.mark.parametrize("loss", ["psnr", "binary_crossentropy"])
def test_a_cross_entropy_is_refused_where_the_output_has_no_bounds(loss: Any) -> None:
    given: Any = TrainingParameters.model_construct(model=AnySize(), loss=loss)
    with pytest.raises(ValueError, match=r"'made_up' is not bounded\. Set training.loss=log_mse"):
        given._a_loss_that_the_output_has()


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        ("training", {"gradient_clip": float("inf")}, "finite"),
        ("training", {"learning_rate": float("nan")}, "finite"),
        ("downstream", {"gradient_clip": float("inf")}, "finite"),
        ("uncertainty", {"beta_2": float("nan")}, "finite"),
        ("training", {"patches_per_epoch": 5}, "Set training.patch as well"),
        ("training", {"flips": "vertical"}, "unknown"),
        ("training", {"patch": 7}, "8"),
    ],
)
def test_options_that_cannot_be_are_refused(
    section: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        validate_parameters({section: changes})


def test_every_network_has_options_of_its_own_and_states_all_of_them() -> None:
    """Nobody takes over another's defaults unseen; these are the numbers that figures hang on."""
    defaults = {
        "beta_2": 0.99,
        "weight_decay": 0.3,
        "schedule": "cosine",
        "warmup": 0.05,
        "gradient_clip": 10.0,
        "precision": "auto",
        "epochs": 2,
    }
    exact: dict[str, Any] = {"precision": "float32", "weight_decay": 0.0, "optimizer": "adam"}
    exact["epochs"] = 10
    own: dict[type[FitOptions], dict[str, Any]] = {
        TrainingParameters: {"optimizer": "muon", "learning_rate": 4e-3, "batch_size": 32},
        DownstreamParameters: {"optimizer": "adam", "learning_rate": 4e-3, "batch_size": 50},
        UncertaintyParameters: {"optimizer": "adam", "learning_rate": 2e-3, "batch_size": 32},
        ProjectionsParameters: exact | {"learning_rate": 3e-3, "batch_size": 64},
        TransformerOptions: exact | {"learning_rate": 1e-3, "batch_size": 32},
    }
    assert set(FitOptions.__subclasses__()) == own.keys()
    for options_of, expected in own.items():
        found = options_of.model_validate({}).model_dump(include={*FitOptions.model_fields})
        assert found == defaults | expected
    assert all(field.is_required() for field in FitOptions.model_fields.values())


@pytest.mark.slow
def test_training_ends_before_the_epoch_that_would_take_too_long() -> None:
    """The first one is always made."""
    _, history = trained(epochs=50, minutes=1e-6)
    assert history["epoch"].tolist() == [1]
    _, history = trained(epochs=3, minutes=10)
    assert len(history) == 3


def interrupted_after(done: int, **changes: Any) -> tuple[Denoiser, pd.DataFrame]:
    """Train, with Ctrl-C when so many epochs are over."""

    def log(epoch: int, metrics: Mapping[str, float]) -> None:
        if epoch == done:
            signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    chosen = options(**changes)
    examples = CleanExamples.of(squares(200), NOISE, chosen, 0)
    return train(examples, validation(), chosen, 0, log)


@pytest.mark.slow
def test_an_interrupted_training_can_keep_its_best_weights() -> None:
    denoiser, history = interrupted_after(3, **UNSTEADY, interrupt="keep")
    assert history["epoch"].tolist() == [1, 2, 3]
    noisy, clean = validation()
    best = history["val_psnr"].iloc[int(history["val_loss"].to_numpy().argmin())]
    assert psnr(clean, denoiser(noisy)).mean() == pytest.approx(best, abs=1e-3)
    with pytest.raises(KeyboardInterrupt):
        interrupted_after(3, **UNSTEADY)


def test_an_interruption_that_keeps_needs_weights_that_are_the_best() -> None:
    with pytest.raises(ParameterError, match=r"training\.keep=best"):
        options(interrupt="keep", keep="last")


def test_patches_of_no_multiple_of_the_network_are_refused_with_the_right_one() -> None:
    with pytest.raises(ParameterError, match="multiple of 8"):
        options(model={"name": "unet"}, loss="mse", patch=100)
