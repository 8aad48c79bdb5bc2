"""What a study may try: the real schema decides, before anything is trained."""

from typing import Any

import pytest
from pydantic import ValidationError

from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.options import DEFAULT, StudyParameters
from denoising_pipeline.training.study.space import Space, SpaceError

MODEL = "training.model"


def space(parameters: dict[str, Any], **recipe: Any) -> Space:
    training = TrainingParameters.model_validate({"model": {"name": "dense"}, **recipe})
    return Space.of(StudyParameters(parameters=parameters).space, training)


def test_the_default_space_is_allowed_around_the_default_recipe() -> None:
    default = Space.of(StudyParameters().space, TrainingParameters())
    assert set(default.parameters) == set(DEFAULT)
    assert len(default.grid()) == 5 * 3 * 3 * 2 + 3 * 2


def test_options_of_an_architecture_are_tried_where_it_has_them() -> None:
    both = space(
        {
            f"{MODEL}.latent_dim": [4, 8],
            f"{MODEL}.filters": [2],
            f"{MODEL}.name": ["dense", "convolutional"],
        }
    )
    assert both.grid() == [
        {f"{MODEL}.name": "dense", f"{MODEL}.latent_dim": 4},
        {f"{MODEL}.name": "dense", f"{MODEL}.latent_dim": 8},
        {f"{MODEL}.name": "convolutional", f"{MODEL}.filters": 2},
    ]


def test_a_trial_is_the_recipe_but_for_what_it_tries() -> None:
    one = space({f"{MODEL}.layers": [1], "training.loss": ["mse"]}, epochs=7)
    options = one.options(one.grid()[0])
    assert options == TrainingParameters.model_validate(
        {"model": {"name": "dense", "layers": 1}, "loss": "mse", "epochs": 7}
    )


def test_another_architecture_does_not_take_over_options_of_the_recipe() -> None:
    other = space({f"{MODEL}.name": ["convolutional"]}, model={"name": "dense", "layers": 1})
    assert other.options(other.grid()[0]).model.model_dump() == {
        "name": "convolutional",
        "filters": 32,
    }


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"training.los": ["mse"]}, r"training\.los: no such parameter.*'loss'"),
        ({"training.loss": ["mae"]}, r"training\.loss: 'mae' is not allowed"),
        ({f"{MODEL}.latent_dim": [8, 0]}, r"model\.latent_dim: 0 is not allowed: .*than or equal"),
        ({f"{MODEL}.latent_dim": {"low": 0, "high": 9}}, r"model\.latent_dim: 0 is not allowed"),
        ({f"{MODEL}.latent_dim": [8.5]}, r"model\.latent_dim: 8\.5 is not allowed"),
        ({f"{MODEL}.filters": [8]}, r"model\.filters: dense: no such option.*latent_dim"),
        ({f"{MODEL}.name": ["dens"]}, r"model\.name: 'dens' is unknown.*'dense'"),
        ({"training.model": [8]}, r"training\.model: choose by training\.model\.name"),
        ({"preprocessing.shrink": [[2]]}, r"preprocessing\.shrink: a trial trains"),
        ({f"{MODEL}.nodes": [[8, 4]], f"{MODEL}.layers": [2, 3]}, r"nodes lists 2 layers"),
        ({}, "nothing is tried"),
        ({"training.learning_rate": [0.1] * 300, "training.epochs": [1] * 300}, "combinations"),
    ],
)
def test_what_the_schema_refuses_names_its_key(parameters: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpaceError, match=rf"study\.parameters: .*{problem}"):
        space(parameters)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"low": 4, "high": 4}, "low is 4 and high 4"),
        ({"low": 0, "high": 4, "log": True}, "above 0"),
        ({"low": 1, "high": 4, "log": True, "step": 1}, "exclude each other"),
        ({"low": 1, "high": 4, "step": 0.5}, "whole step"),
        ({"low": 1}, "high: Field required"),
        ({"low": 1, "high": 4, "steps": 1}, "steps: Extra inputs"),
        (8, "neither a list of choices"),
        ([], "neither a list of choices"),
    ],
)
def test_values_that_are_none_are_refused_by_the_key(values: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=rf"training\.epochs: .*{problem}"):
        StudyParameters.model_validate({"parameters": {"training.epochs": values}})


def test_a_password_is_not_taken_into_parameters() -> None:
    with pytest.raises(ValidationError, match="PGPASSWORD"):
        StudyParameters(storage="postgresql://me:secret@host/studies")
    assert StudyParameters(storage="postgresql://me@host:5432/studies").storage


def test_null_takes_a_parameter_of_a_lower_layer_away() -> None:
    given = StudyParameters(parameters={"training.epochs": None, "training.loss": ["mse"]})
    assert given.space == {"training.loss": ["mse"]}


def test_a_grid_goes_through_ranges_by_their_steps() -> None:
    stepped = space({"training.warmup": {"low": 0.1, "high": 0.3, "step": 0.1}})
    assert [trial["training.warmup"] for trial in stepped.grid()] == [0.1, 0.2, 0.3]
    whole = space({"training.epochs": {"low": 1, "high": 3}})
    assert [trial["training.epochs"] for trial in whole.grid()] == [1, 2, 3]
    with pytest.raises(SpaceError, match=r"training\.warmup: a grid needs choices"):
        space({"training.warmup": {"low": 0.1, "high": 0.3}}).grid()
