"""`kedro run`, whose `--params` takes every parameter there is, lists too."""

from collections.abc import Mapping
from typing import Any

import click
import kedro.runner
from kedro.framework.cli.project import run as kedro_run
from kedro.runner import AbstractRunner

from denoising_pipeline.cli.listing import check_names, write_lists
from denoising_pipeline.config import ParameterError, parse_params
from denoising_pipeline.core.options import allowed
from denoising_pipeline.core.processes import end_children_with_this
from denoising_pipeline.hooks.signals import mind_interrupts, minds_signals

RUN_HELP = """Run pipelines: images to a denoiser and a report.

Without options the default recipe, on MNIST, on which two cores take five minutes."""

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


class Run(click.Command):
    """A command whose help names pipelines and recipes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lists."""
        write_lists(formatter)


def own_run() -> click.Command:
    """Return Kedro's command, all options and all, with the project's own `--params`."""
    own = click.Option(
        ["--params"], type=click.UNPROCESSED, default="", help=PARAMS_HELP, callback=read_params
    )
    params = [own if option.name == "params" else option for option in kedro_run.params]
    helped = {"help_option_names": ["-h", "--help"]}
    return Run("run", callback=_run, params=params, help=RUN_HELP, context_settings=helped)


@minds_signals
def _run(**options: Any) -> Any:
    """Run, and say of an interruption how to go on."""
    callback: Any = kedro_run.callback
    check_names(options.get("env"), _named(options), options.get("conf_source"))
    _check_runner(options.get("runner"))
    farewell = f"Stopped. {_going_on(options)}"
    mind_interrupts(farewell)
    end_children_with_this()
    try:
        return callback(**options)
    except KeyboardInterrupt:
        click.secho(f"\n{farewell}", fg="yellow", err=True)
        raise click.Abort from None


def _check_runner(runner: str | None) -> None:
    """Check that Kedro has a runner of a name; one of somebody's own has dots."""
    known = [name for name in kedro.runner.__all__ if name.endswith("Runner")]
    known.remove(AbstractRunner.__name__)
    if runner and "." not in runner and runner not in known:
        raise ValueError(f"There is no runner {runner!r}{allowed(runner, known)}")


def _named(options: Mapping[str, Any]) -> set[str]:
    """Return the pipelines that were asked for."""
    return {*(options.get("pipelines") or ()), options.get("pipeline")} - {None}


def _going_on(options: Mapping[str, Any]) -> str:
    named = _named(options) - {"__default__"}
    if "study" in named:
        return "The same command goes on with the trials that are left."
    if not named or "training" in named:
        return (
            "The same command goes on after the last epoch that was finished; with "
            "--params training.resume=false it starts anew."
        )
    return "The same command starts again."
