"""The nodes that train and denoise hand over what they are given, in the right places."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline import __version__
from denoising_pipeline.config import validate_parameters
from denoising_pipeline.datasets import CheckpointsDataset
from denoising_pipeline.degradations import NoiseInjectionParameters, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.images.arrays import Images, array_digest
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.pipelines.inference.nodes import denoise_images
from denoising_pipeline.pipelines.noise_injection.nodes import choose_degradation
from denoising_pipeline.pipelines.training.nodes import describe_denoiser, train_denoiser
from denoising_pipeline.report.results import RunFacts
from denoising_pipeline.training import CleanExamples, PairExamples, train
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import SECOND_SHOT

MODEL = {"name": "dense", "latent_dim": 3, "layers": 0}
NOISE = Gaussian(sigma=0.4)
FACTS = RunFacts(command="kedro run", version="now", commit="abc123", dirty=True)
MANIFEST = {
    "source": "squares",
    "files": {"a.png": {"sha256": "12", "shape": [4, 5]}},
    "licence": "CC0",
    "bits": 12,
}


def options(**changes: Any) -> TrainingParameters:
    given = {"epochs": 1, "batch_size": 8, "model": MODEL, "optimizer": "adam", **changes}
    return validate_parameters({"training": given}).training


def grey(count: int, value: float) -> Images:
    return np.full((count, 4, 5, 1), value, np.float32)


def ignore(epoch: int, metrics: Mapping[str, float]) -> None:
    pass


def look_away(epoch: int, noisy: Images, denoised: Images) -> None:
    pass


def trained(
    folder: Path, chosen: TrainingParameters, manifest: dict[str, Any], facts: RunFacts
) -> tuple[Denoiser, pd.DataFrame]:
    degradation = choose_degradation(NoiseInjectionParameters(NOISE))
    stored = json.loads(json.dumps(degradation))
    images = (
        grey(16, 0.3),
        ImageSet.collect((), (), np.uint8),
        pd.DataFrame(),
        grey(7, 0.8),
        grey(7, 0.6),
    )
    checkpoints = CheckpointsDataset(filepath=str(folder)).load()
    return train_denoiser(
        *images, stored, manifest, chosen, 5, facts, ignore, look_away, checkpoints, Denoiser.load
    )


Made = tuple[Denoiser, pd.DataFrame]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return trained(tmp_path_factory.mktemp("checkpoints"), options(), MANIFEST, FACTS)


def test_the_node_trains_on_its_images_and_validates_on_the_noisy_ones(made: Made) -> None:
    """The same as `train`, called by hand; a swap of any two arguments would show."""
    denoiser, history = made
    noisy_val, clean_val = grey(7, 0.8), grey(7, 0.6)
    examples = CleanExamples.of(grey(16, 0.3), NOISE, options(), 5)
    _, expected = train(examples, (noisy_val, clean_val), options(), 5, ignore)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True
    )
    denoised = denoise_images(denoiser, noisy_val)
    np.testing.assert_array_equal(denoised, denoiser(noisy_val))
    assert denoised.shape == noisy_val.shape


def test_the_card_says_what_the_denoiser_was_made_from(made: Made) -> None:
    denoiser, history = made
    card = denoiser.card
    assert card.images.model_dump() == {
        "source": "squares",
        "files": {"a.png": "12"},
        "licence": "CC0",
        "train_images": 16,
        "digest": array_digest(grey(16, 0.3)),
        "bits": 12,
    }
    assert (card.noise, card.seed, card.objective) == (NOISE, 5, "supervised")
    assert card.training == options().model_dump(mode="json")
    assert card.code == f"{__version__}, commit abc123 with changes"
    scores = history.iloc[0][["epoch", "val_loss", "val_psnr"]].to_dict()
    assert card.validation == scores


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_scores_of_the_card_are_those_of_the_weights_that_were_kept(
    tmp_path: Path, keep: str
) -> None:
    chosen = options(keep=keep, epochs=9, learning_rate=1.0, schedule="constant")
    denoiser, history = trained(tmp_path, chosen, MANIFEST, FACTS)
    best = int(history["val_loss"].to_numpy().argmin())
    assert best < 8
    assert denoiser.card.validation["epoch"] == (best + 1 if keep == "best" else 9)
    found = denoiser.model.evaluate(grey(7, 0.8), grey(7, 0.6), verbose=0, return_dict=True)
    assert denoiser.card.validation["val_loss"] == pytest.approx(found["loss"], rel=1e-4)


def test_two_shots_of_clean_images_are_drawn_for_validation_as_well(tmp_path: Path) -> None:
    """The clean images choose nothing, and the card names no score that needs them."""
    chosen = options(objective={"name": "noise2noise"})
    denoiser, history = trained(tmp_path, chosen, MANIFEST, FACTS)
    second = draw_noisy(grey(7, 0.6), NOISE, seed=5, split="val", epoch=0, purpose=SECOND_SHOT)
    examples = CleanExamples.of(grey(16, 0.3), NOISE, chosen, 5)
    _, expected = train(examples, (grey(7, 0.8), second), chosen, 5, ignore)
    assert history["val_risk"].tolist() == expected["val_risk"].tolist()
    assert denoiser.card.objective == "noise2noise"
    assert denoiser.card.validation.keys() == {"epoch", "val_loss", "val_risk"}


def test_without_a_checkout_or_a_licence_the_card_has_none(tmp_path: Path) -> None:
    manifest = {"source": "squares", "files": {}}
    denoiser, _ = trained(tmp_path, options(), manifest, RunFacts(command="", version=""))
    assert denoiser.card.code == __version__
    assert denoiser.card.images.licence is None


def test_the_description_of_a_denoiser_is_json_and_has_all_of_its_card(made: Made) -> None:
    denoiser, _ = made
    described = describe_denoiser(denoiser)
    assert json.loads(json.dumps(described)) == described
    assert described.items() >= denoiser.card.model_dump(mode="json").items()
    assert described["architecture"] == denoiser.architecture.model_dump(mode="json")
    assert described["image_shape"] == [4, 5, 1]
    assert described["weight_count"] == 20 * 3 + 3 + 3 * 20 + 20


def test_training_can_start_from_the_weights_of_a_denoiser(made: Made, tmp_path: Path) -> None:
    """The card names both trainings."""
    path = tmp_path / "denoiser.zip"
    with path.open("wb") as file:
        write_network(made[0], DENOISER, file)
    chosen = options(start=str(path), learning_rate=1e-12, weight_decay=0)
    found, _ = trained(tmp_path / "checkpoints", chosen, MANIFEST, FACTS)
    for one, other in zip(made[0].model.get_weights(), found.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert found.card.start == made[0].card
    assert found.card.training["start"] == str(path)


def test_a_start_of_another_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"training\.start is Unet.*training\.start to null"):
        trained(tmp_path, options(start="photos"), MANIFEST, FACTS)


def test_recorded_noise_is_learnt_from_the_noisy_partner_of_each_image(tmp_path: Path) -> None:
    """The same as `train` on pairs, called by hand; of the splits, those of the training count."""
    draws = np.random.default_rng(0)
    clean, recorded = (ImageSet.of(draws.random((9, 4, 5, 1), np.float32)) for _ in range(2))
    splits = pd.DataFrame({"split": ["train"] * 4 + ["val"] * 2, "index": [5, 0, 3, 1, 2, 4]})
    train_clean, val_clean = clean.take([5, 0, 3, 1]), clean.take([2, 4])
    validation = recorded.take([2, 4]), val_clean
    stored = choose_degradation(NoiseInjectionParameters(Recorded()))
    checkpoints = CheckpointsDataset(filepath=str(tmp_path)).load()
    facts, loggers = (stored, MANIFEST, options(), 5, FACTS), (ignore, look_away)
    images = (train_clean, recorded, splits, *validation)
    denoiser, history = train_denoiser(*images, *facts, *loggers, checkpoints, Denoiser.load)
    pairs = PairExamples(recorded.take([5, 0, 3, 1]), train_clean, seed=5)
    _, expected = train(pairs, validation, options(), 5, ignore)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), expected.drop(columns="seconds"), check_exact=True
    )
    assert (denoiser.card.noise, denoiser.card.images.train_images) == (Recorded(), 4)
    assert describe_denoiser(denoiser)["degradation"] == {"name": "recorded"}
