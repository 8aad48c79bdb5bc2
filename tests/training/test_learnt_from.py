"""What is learnt from, by what a source has."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import CleanExamples, NoisyExamples, PairExamples
from denoising_pipeline.training.objectives import OBJECTIVES
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.sources import check_without_clean, learnt_from, partners

SIDE = 16
SPLITS = pd.DataFrame(
    {
        "split": ["train"] * 4 + ["val"] * 2 + ["test"],
        "index": [0, 2, 3, 5, 1, 4, 0],
        "scene": ["a", "b", "a", "b", "c", "c", "d"],
    }
)


def images(*values: float) -> ImageSet:
    """Flat images, each of one value."""
    shape = (SIDE, SIDE, 1)
    flat = [np.full(shape, value, np.float32) for value in values]
    return ImageSet.collect(flat, [shape] * len(values), np.float32)


def values(images: Images | ImageSet) -> list[float]:
    """The value of each flat image."""
    found = ImageSet.of(images)
    return [float(found.read(index)[0, 0, 0]) for index in range(len(found))]


RECORDED = images(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
NONE = images()
VAL = images(0.1, 0.4)


def options(objective: str) -> TrainingParameters:
    fits, told = objective == "fit_to_noise", objective == "recorrupted"
    given = {
        "objective": {"name": objective},
        "model": {"name": "stabilized"} if fits else {"name": "unet", "noise_level": told},
        "start": "photos" if fits else None,
        "patch": 16,
        "loss": "mse",
    }
    return TrainingParameters.model_validate(given)


def learnt(objective: str, clean: ImageSet = NONE, **changes: Any) -> Any:
    arguments = {"splits": SPLITS, "degradation": Recorded(), **changes}
    return learnt_from(
        clean,
        RECORDED,
        validation=(VAL, NONE),
        options=options(objective),
        seed=0,
        **arguments,
    )


def test_noisy_images_alone_are_their_own_examples_without_targets() -> None:
    examples, (noisy, target) = learnt("neighbor2neighbor")
    assert isinstance(examples, NoisyExamples)
    assert values(examples.images) == pytest.approx([0, 0.2, 0.3, 0.5])
    assert (noisy, target) == (VAL, None)


def test_shots_of_one_scene_are_compared_with_each_other() -> None:
    examples, (noisy, others) = learnt("noise2noise")
    assert isinstance(examples, PairExamples)
    assert values(examples.images) == pytest.approx([0, 0.2, 0.3, 0.5])
    assert values(examples.targets) == pytest.approx([0.3, 0.5, 0, 0.2])
    assert noisy is VAL
    assert values(others) == pytest.approx([0.4, 0.1])


def test_pairs_and_clean_images_are_learnt_as_before() -> None:
    clean = images(1, 1, 1, 1)
    assert isinstance(learnt("supervised", clean)[0], PairExamples)
    drawn, _ = learnt("supervised", clean, degradation=Gaussian())
    assert isinstance(drawn, CleanExamples)


def test_three_shots_of_a_scene_go_round() -> None:
    splits = pd.DataFrame({"split": "train", "scene": ["a", "b", "a", "a", "b"]})
    assert partners(splits, "train") == [2, 4, 3, 0, 1]


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (SPLITS.drop(columns="scene"), "say in ingestion.scene"),
        (SPLITS.assign(scene=["a", "b", "a", "e", "c", "c", "d"]), "only one shot of b, e"),
    ],
)
def test_shots_that_have_no_partner_are_refused(splits: pd.DataFrame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        learnt("noise2noise", splits=splits)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_objectives_that_compare_with_clean_images_are_refused_by_name(name: str) -> None:
    objective = options(name).objective
    if objective.self_supervised:
        check_without_clean(objective, "shots")
    else:
        with pytest.raises(ValueError, match=rf"{name}.*shots has noisy ones alone"):
            check_without_clean(objective, "shots")
