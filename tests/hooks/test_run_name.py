"""What runs are called in MLflow."""

from datetime import datetime
from typing import Any

import pytest

from denoising_pipeline.config import Parameters
from denoising_pipeline.hooks.run_name import MAX_RUN_NAME, run_name

MODEL = Parameters().training.model.name


def _name(
    runtime_params: dict[str, Any],
    env: str | None = None,
    pipeline_names: list[str] | None = None,
) -> str:
    run_params = {
        "env": env,
        "pipeline_names": pipeline_names,
        "runtime_params": runtime_params,
    }
    parameters = Parameters.model_validate(runtime_params)
    return run_name(run_params, parameters, datetime(2026, 1, 2, 14, 5))


@pytest.mark.parametrize("env", [None, "local"])
def test_a_plain_run_is_called_after_time_recipe_noise_and_architecture(env: str | None) -> None:
    assert _name({}, env) == f"14:05 base · gaussian 0.5 · {MODEL}"


def test_options_of_the_command_line_lead_and_are_not_said_twice() -> None:
    given = {
        "noise_injection": {"name": "gaussian", "sigma": 0.3},
        "training": {"model": {"name": "dense", "latent_dim": 16}, "epochs": 3},
    }
    assert _name(given, "smoke") == "14:05 latent_dim 16 · epochs 3 · smoke · gaussian 0.3 · dense"


def test_noise_options_beside_the_level_are_named() -> None:
    given = {"noise_injection": {"name": "salt_and_pepper", "amount": 0.1, "salt": 0.25}}
    assert _name(given) == f"14:05 salt 0.25 · base · salt_and_pepper 0.1 · {MODEL}"


def test_named_pipelines_stand_in_the_name() -> None:
    name = _name({}, pipeline_names=["evaluation", "training"])
    assert name == f"14:05 evaluation+training · base · gaussian 0.5 · {MODEL}"


def test_stages_in_a_row_are_named_by_the_first_and_the_last() -> None:
    """The rest would leave no room for what differs."""
    name = _name({}, pipeline_names=["evaluation", "noise_injection", "study", "training"])
    assert name.startswith("14:05 noise_injection to evaluation+study · base")


def test_a_name_fits_into_the_database_however_much_is_given() -> None:
    assert len(_name({"source": "x" * 2 * MAX_RUN_NAME})) == MAX_RUN_NAME
