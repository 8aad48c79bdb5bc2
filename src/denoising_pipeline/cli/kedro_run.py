"""`kedro run`, whose `--params` takes every parameter there is, lists too."""

import copy
from collections.abc import Mapping
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from denoising_pipeline.config import ParameterError, parse_params

PARAMS_HELP = """Other values for parameters, with commas between them, such as
training.epochs=3,robustness.levels=[0.1,0.2]. A value is YAML: null stands for none, and a
text with a comma has quotes around it."""


def read_params(context: click.Context, option: click.Parameter, value: Any) -> dict[str, Any]:
    """Read the value of `--params`; a mapping, as `--config` gives it, is taken as it is."""
    if isinstance(value, Mapping):
        return dict(value)
    try:
        return parse_params(value)
    except ParameterError as error:
        raise click.BadParameter(str(error), context, option) from None


def own_run() -> click.Command:
    """Return Kedro's command, all options and all, with the project's own `--params`."""
    command = copy.copy(kedro_run)
    own = click.Option(
        ["--params"], type=click.UNPROCESSED, default="", help=PARAMS_HELP, callback=read_params
    )
    command.params = [own if option.name == "params" else option for option in kedro_run.params]
    return command
