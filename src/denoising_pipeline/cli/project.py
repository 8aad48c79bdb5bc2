"""The project's own commands beside Kedro's, and its own `run`.

Outside of a checkout the same commands stand under `denoising-pipeline`.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError, env_option
from kedro.framework.project import configure_project, pipelines
from kedro.framework.session import KedroSession
from kedro.io.core import DatasetError, Version

from denoising_pipeline import __version__
from denoising_pipeline.cli.kedro_run import own_run
from denoising_pipeline.cli.listing import check_names, write_lists
from denoising_pipeline.core.files import is_of_the_disk, not_written
from denoising_pipeline.core.shortage import shortage

KNOWN_ERRORS = (DatasetError, MissingConfigException, OSError, ValueError)
"""Errors whose message says what is wrong and what to do."""

PACKAGE_NAME = __name__.split(".", maxsplit=1)[0]

SCRIPT = "denoising-pipeline"
"""What the commands stand under where the package is installed."""


class CommandError(KedroCliError):
    """A command that could not be carried out: shown as one message, traceback on `--verbose`."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message, and the traceback if it was asked for."""
        if self.VERBOSE_ERROR:
            super().show(file)
        click.secho(f"Error: {self.format_message()}", fg="red", err=True)


def without_traceback(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the exceptions of a command into a message for people.

    Errors that say what to do (bad parameters, data or files) stand for themselves; the type of
    any other is named, since it may be a fault of the program.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (click.ClickException, click.Abort):
            raise
        except Exception as error:
            raise CommandError(_in_words(error)) from error

    return wrapped


def _in_words(error: Exception) -> str:
    if short := shortage(error):
        return short
    if isinstance(error, OSError) and isinstance(error.filename, str) and is_of_the_disk(error):
        return not_written(error.filename, error)
    known = isinstance(error, KNOWN_ERRORS)
    return str(error) if known else f"{type(error).__name__}: {error}"


class Commands(click.Group):
    """Commands whose help names pipelines and recipes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lists."""
        write_lists(formatter)


@click.group(PACKAGE_NAME, Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=SCRIPT)
def cli() -> None:
    """Train, measure and compare image denoisers."""


run = own_run()
if run.callback is not None:
    run.callback = without_traceback(run.callback)
cli.add_command(run)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("--workers", type=click.IntRange(1), required=True, help="Processes that train.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@without_traceback
def train_on_workers(workers: int, options: tuple[str, ...]) -> None:
    """Run the pipeline `training` in several processes on this machine, which share its cores.

    OPTIONS are those of `kedro run`. The images are shared by training.distribution.shards, which
    is a multiple of the workers; the denoiser depends on the shards, and not on the workers.
    """
    from denoising_pipeline.cli.workers import train_on_workers as train

    train(workers, options)


@cli.command()
@click.option("--folder", default="data/01_raw/mnist", show_default=True, help="Where they go.")
@click.option("--overwrite", is_flag=True, help="Replace files that are not those of MNIST.")
@without_traceback
def fetch_mnist(folder: str, overwrite: bool) -> None:
    """Put MNIST where the pipeline reads it.

    It is checked, and what is missing is downloaded.
    """
    from denoising_pipeline.images.fetch import fetch_mnist as fetch

    for path in fetch(Path(folder), overwrite):
        click.echo(path)


@cli.command()
@click.option(
    "--folder", default="data/01_raw/fashion-mnist", show_default=True, help="Their place."
)
@click.option("--overwrite", is_flag=True, help="Replace files that are not those of it.")
@without_traceback
def fetch_fashion_mnist(folder: str, overwrite: bool) -> None:
    """Put Fashion-MNIST, clothes, where pipelines find it."""
    from denoising_pipeline.images.fetch import FASHION_MNIST, fetch_mnist

    for path in fetch_mnist(Path(folder), overwrite, published=FASHION_MNIST):
        click.echo(path)


@cli.command()
@click.option(
    "--folder", default="data/01_raw/coloured_digits", show_default=True, help="Where they go."
)
@click.option("--mnist", default="data/01_raw/mnist", show_default=True, help="What is coloured.")
@click.option("--overwrite", is_flag=True, help="Replace other files of the same names.")
@without_traceback
def fetch_coloured_digits(folder: str, mnist: str, overwrite: bool) -> None:
    """Give colours to digits of MNIST, to learn them from.

    Stroke and ground have one of a few pairs of colours.
    """
    from denoising_pipeline.images.coloured_digits import fetch_coloured_digits as fetch

    paths = fetch(Path(folder), Path(mnist), overwrite)
    click.echo(f"{folder}: {len(paths) - 1} digits and their licence")


@cli.command()
@click.option("--folder", default="data/01_raw/photographs", show_default=True, help="Their place.")
@click.option("--overwrite", is_flag=True, help="Replace other files of the same names.")
@without_traceback
def fetch_photographs(folder: str, overwrite: bool) -> None:
    """Copy twelve photographs, of libraries.

    They are an example of images of any sizes.
    """
    from denoising_pipeline.images.photographs import fetch_photographs as fetch

    for path in fetch(Path(folder), overwrite):
        click.echo(path)


@cli.command()
@click.option("--folder", default="data/01_raw/text", show_default=True, help="Where they go.")
@click.option("--overwrite", is_flag=True, help="Replace other files of the same names.")
@without_traceback
def fetch_text(folder: str, overwrite: bool) -> None:
    """Draw pages of text to learn from.

    They are in the fonts that matplotlib brings, as clean scans.
    """
    from denoising_pipeline.images.text_pages import fetch_text as fetch

    for path in fetch(Path(folder), overwrite):
        click.echo(path)


@cli.command()
@click.option("--folder", default="data/01_raw/speech", show_default=True, help="Their place.")
@click.option("--overwrite", is_flag=True, help="Replace other files of the same names.")
@without_traceback
def fetch_speech(folder: str, overwrite: bool) -> None:
    """Make speech to learn from.

    It is that of voices of espeak-ng, and of announcements that are installed.
    """
    from denoising_pipeline.images.speech import fetch_speech as fetch

    paths = fetch(Path(folder), overwrite)
    click.echo(f"{folder}: {len(paths) - 1} recordings and their licence")


@cli.command()
@env_option
@click.option("--keep", type=click.IntRange(0), default=3, show_default=True, help="Versions kept.")
@click.option("--yes", is_flag=True, help="Remove them; without it they are only listed.")
@without_traceback
def prune(env: str | None, keep: int, yes: bool) -> None:
    """Remove old versions of what runs wrote.

    The newest of every catalog entry are kept, and it is said what removing the rest frees.
    """
    from denoising_pipeline.cli.prune import old_versions, remove
    from denoising_pipeline.hooks.running import in_use

    context = _untracked_context(env)
    catalog: Any = context.catalog
    names = {name for pipeline in dict(pipelines).values() for name in pipeline.datasets()}
    entries = sorted(name for name in names if not name.startswith("params:"))
    found = old_versions(catalog, entries, keep, in_use(context.project_path))
    for version in found:
        click.echo(f"{version.size / 1e6:10.1f} MB  {version.path}")
    total = sum(version.size for version in found) / 1e6
    if yes:
        remove(found)
    done = "Freed" if yes else "Would free (add --yes to remove)"
    click.echo(f"{done}: {total:.1f} MB in {len(found)} versions beyond the newest {keep}.")


@cli.command()
@env_option
@click.option("--to", default="denoiser.onnx", show_default=True, help="The file to write.")
@click.option("--version", help="Of the denoiser; else the newest that the recipe's images made.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
@without_traceback
def export(env: str | None, to: str, version: str | None, overwrite: bool) -> None:
    """Write the newest denoiser as a file that runs without this package.

    The name says which: .onnx, .tflite (LiteRT), .keras; or .zip, a denoiser for `denoise --model`.
    """
    from denoising_pipeline.datasets.version_choice import newest_of
    from denoising_pipeline.denoiser.export import export_denoiser, form_of

    runtime = form_of(Path(to)).runtime
    context = _untracked_context(env)
    catalog: Any = context.catalog
    entry = catalog.get("denoiser")
    chosen = newest_of(entry, "denoiser", context.config_loader["parameters"], version)
    entry._version = Version(chosen, None)
    denoiser = entry.load()
    difference = export_denoiser(denoiser, Path(to), overwrite)
    size = Path(to).stat().st_size / 1e6
    card = denoiser.card
    click.echo(
        f"{to}: {denoiser.architecture.name}, trained on {card.images.source} with "
        f"{card.noise.describe()}, version {chosen}"
    )
    click.echo(f"{to}: {size:.1f} MB. In {runtime} it differs by at most {difference:.0e}.")


def _untracked_context(env: str | None) -> Any:
    """Return the context of the project, without making or asking the tracking store."""
    from denoising_pipeline.hooks.store import UNTRACKED

    check_names(env, ())
    before = UNTRACKED.set(True)
    try:
        return KedroSession.create(env=env, save_on_close=False).load_context()
    finally:
        UNTRACKED.reset(before)


def main(*args: Any, **kwargs: Any) -> Any:
    """Entry point of the installed package, from the shell or from a platform's job.

    Args:
        args: As click's commands take them: a list of words.
        kwargs: Likewise, such as `standalone_mode`.
    """
    configure_project(PACKAGE_NAME)
    return cli(*args, **{"prog_name": SCRIPT, **kwargs})
