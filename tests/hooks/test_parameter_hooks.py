"""Parameters are checked as soon as they are read, and completed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from pluggy import PluginManager

from denoising_pipeline.config import ParameterError, Parameters
from denoising_pipeline.hooks import ParameterHooks


def context(folder: Path, parameters: dict[str, Any], **runtime: Any) -> KedroContext:
    """A context of a project whose only configuration are these parameters."""
    conf = folder / "conf" / "base"
    conf.mkdir(parents=True)
    (conf / "parameters.yml").write_text(yaml.safe_dump(parameters))
    given: dict[str, Any] = {"runtime_params": runtime or None}
    return KedroContext(
        project_path=str(folder),
        config_loader=OmegaConfigLoader(str(folder / "conf"), **given),
        env=None,
        package_name="denoising_pipeline",
        hook_manager=PluginManager("kedro"),
        **given,
    )


def test_what_is_not_given_has_its_default(tmp_path: Path) -> None:
    made = context(tmp_path, {"training": {"epochs": 2}}, seed=7)
    ParameterHooks().after_context_created(made)
    expected = Parameters().model_dump()
    expected["seed"] = 7
    expected["training"]["epochs"] = 2
    assert made.config_loader["parameters"] == expected


@pytest.mark.parametrize(
    ("stored", "runtime"),
    [({"training": {"epohcs": 2}}, {}), ({}, {"training": {"epohcs": 2}})],
)
def test_mistakes_are_refused_wherever_they_come_from(
    tmp_path: Path, stored: dict[str, Any], runtime: dict[str, Any]
) -> None:
    made = context(tmp_path, stored or {"seed": 1}, **runtime)
    with pytest.raises(ParameterError, match=r"training\.epohcs: no such parameter"):
        ParameterHooks().after_context_created(made)
