"""`denoise train`: a denoiser of one's own, from a folder of images."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from denoising_pipeline.batch.results import shown
from denoising_pipeline.cli.own_recipe import (
    CHANNELS,
    NAMES,
    OWN,
    Recipe,
    around,
    held_out,
    judged_side,
    parameters_for,
    patch_for,
    patches_per_epoch,
)

if TYPE_CHECKING:
    from denoising_pipeline.batch.doctor import Findings
    from denoising_pipeline.cli.material import Material

NOTHING_DONE = 2
"""Exit code where no training began."""

LEAST_PATCH = 32


class Refused(click.ClickException):
    """No training began: a sentence for people."""

    exit_code = NOTHING_DONE


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What the denoiser is called.  [default: the folder's name]")
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    help="For all of it; the clock ends training alone, the rest is estimated.",
)
@click.option(
    "--start",
    default="photos",
    show_default=True,
    metavar="MODEL",
    help="The denoiser that is trained on: its name or its file; none: from nothing.",
)
@click.option(
    "--pairs",
    nargs=2,
    metavar="CLEAN NOISY",
    help="How the files of pairs are named, such as 'mean/*' 'real/*'.  [default: as found]",
)
@click.option("--noisy", is_flag=True, help="All images are noisy; there are no clean ones.")
@click.option(
    "--scene",
    metavar="REGEX",
    help="Finds in a file's name the scene that it shows; none is both learnt from and judged by.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out files that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
def train(
    folder: Path,
    name: str | None,
    minutes: float,
    start: str,
    pairs: tuple[str, str] | None,
    noisy: bool,
    scene: str | None,
    skip_bad: bool,
    dry_run: bool,
) -> None:
    """Train a denoiser on a folder of your own images.

    The folder may hold clean images, to which noise is added; pairs of a clean and a noisy image;
    or noisy images alone. The command looks which it is, says what it chooses and why, writes that
    down as the recipe conf/NAME of the project, and runs it: kedro run --env NAME. Ctrl-C keeps the
    best so far and scores it, once an epoch is over; before, it ends all. The same command again
    goes on after the last whole epoch where a training was cut off.

    The denoiser is then used by: denoise IN... --model NAME, if it turned out to be better than
    the one that it was trained on.
    """
    project = _project()
    source = folder.resolve()
    if not source.is_dir():
        raise Refused(f"'{shown(folder)}' is no folder: give one with images.")
    chosen = name or re.sub(r"[^\w-]+", "_", source.name)
    if not re.fullmatch(r"[\w-]+", chosen):
        raise Refused(f"--name {shown(chosen)}: take {NAMES} only.")
    conf = project / "conf" / chosen
    if _is_own(conf, source):
        click.echo(
            f"The recipe conf/{chosen} is there, and goes on, or is run again, as it is written. "
            f"For other minutes or options, give another --name or remove conf/{chosen}."
        )
    else:
        if conf.exists():
            raise Refused(f"conf/{chosen} is the recipe of something else. Give another --name.")
        _refuse_recordings(source, chosen)
        given, found = _material(source, pairs, scene, noisy=noisy, skip_bad=skip_bad)
        recipe = _recipe(
            source,
            chosen,
            given,
            found,
            minutes,
            None if start == "none" else _checked(start),
            skip_bad=skip_bad,
        )
        for reason in recipe.reasons:
            click.echo(reason)
        if dry_run:
            for file, text in recipe.files.items():
                click.echo(f"\nconf/{chosen}/{file}:\n{text}", nl=False)
            return
        try:
            recipe.write(project)
        except FileExistsError as error:
            raise Refused(f"{error} Give another --name.") from error
    if not dry_run:
        sys.exit(_run(project, chosen, skip_bad=skip_bad))


def _checked(start: str) -> str:
    """Return what the recipe calls a denoiser that can be trained on: its name or whole path."""
    from denoising_pipeline.denoiser import Denoiser
    from denoising_pipeline.denoiser.shipped import shipped_denoisers

    try:
        found = Denoiser.load(start)
    except (OSError, ValueError) as error:
        raise Refused(str(error)) from error
    if (found.architecture, found.image_shape) != (OWN, (None, None, CHANNELS)):
        raise Refused(
            f"--start {shown(start)} is {found.architecture!r} for images of {found.image_shape}: "
            f"take one like photos, which is {OWN!r} for images of any size in colour, or none."
        )
    return start if start in shipped_denoisers() else str(Path(start).resolve())


def _project() -> Path:
    from kedro.utils import find_kedro_project

    found = find_kedro_project(Path.cwd())
    if found is None:
        raise Refused(
            f"'{Path.cwd()}' is in no project, and a training keeps its recipe, its images and its "
            "runs in one. Go to the folder of a clone of denoising-pipeline."
        )
    return Path(found)


def _is_own(conf: Path, source: Path) -> bool:
    """Return whether a recipe is there that trains on a folder."""
    link = conf.parents[1] / "data/01_raw" / conf.name
    return conf.is_dir() and link.is_symlink() and link.resolve() == source


def _refuse_recordings(source: Path, name: str) -> None:
    from denoising_pipeline.batch.plan import walk
    from denoising_pipeline.images.wav import SUFFIXES

    files = walk(source, str(source), "")
    endings = {path.suffix.lower() for path, _, left_out in files if not left_out}
    if endings and endings.issubset(SUFFIXES):
        raise Refused(
            f"'{shown(source)}' holds recordings, which the recipe `sound` learns from: "
            f"ln -s {shlex.quote(str(source))} data/01_raw/{name} && kedro run --env sound "
            f"--params source={name}. Then: denoise IN.wav --model sound"
        )


def _material(
    source: Path,
    pairs: tuple[str, str] | None,
    scene: str | None,
    *,
    noisy: bool,
    skip_bad: bool,
) -> tuple["Material", "Findings"]:
    from denoising_pipeline.batch.doctor import examine
    from denoising_pipeline.cli.material import material, unreadable

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done + 1} of {of} files\x1b[K", nl=done + 1 == of, err=True)

    found = examine(source, progress=progress)
    found, faults = unreadable(source, found)
    bad = "\n  ".join(f"'{name}' {reason}" for name, reason in faults)
    if bad and not skip_bad:
        raise Refused(
            f"{len(faults)} files cannot be read. Repair or remove them, or leave them "
            f"out by --skip-bad:\n  {bad}"
        )
    if bad:
        click.echo(f"{len(faults)} files cannot be read and are left out:\n  {bad}")
    try:
        return material(source, found, pairs, scene, noisy=noisy), found
    except ValueError as error:
        raise Refused(str(error)) from error


def _recipe(
    source: Path,
    name: str,
    given: "Material",
    found: "Findings",
    minutes: float,
    start: str | None,
    *,
    skip_bad: bool,
) -> Recipe:
    reasons = [f"{found.images} images of {shown(source)}, {found.megapixels:.1f} megapixels."]
    reasons += given.reasons
    sides = [int(side) for size in found.sizes for side in size.split("x")]
    patch = patch_for(min(sides), 8)
    if patch < LEAST_PATCH:
        raise Refused(f"Images of less than {LEAST_PATCH} pixels in height or width are too small.")
    parameters = parameters_for(given, patch, start, minutes, skip_bad=skip_bad)
    test, validation = held_out(given.images)
    stacks = found.stacks // (2 if given.kind == "pairs" else 1)
    judged = max(test, found.pages // found.stacks) if stacks > 1 else test
    aside = f"{test} of them are"
    if stacks > 1:
        aside = f"About {test} of them, files as a whole, are"
        if judged > test and found.stacks == len(found.looks):
            aside = f"One stack as a whole, about {judged} of them, is"
    reasons.append(f"{aside} set aside to judge the result, and {validation} to choose the epoch.")
    training = parameters["training"]
    seconds, network = _pace(training)
    megapixels = found.megapixels / (len(found.looks) - found.stacks + found.pages)
    side = judged_side(given.kind, judged, validation, megapixels, minutes, network)
    if side and side < max(sides):
        parameters["preprocessing"]["test_side"] = side
        reasons.append(
            f"Of each image that judges, the middle of {side}x{side} pixels is scored: whole ones, "
            f"{judged * megapixels:.1f} megapixels, would take longer than {minutes:g} minutes "
            "allow."
        )
    training["patches_per_epoch"] = patches_per_epoch(minutes, seconds)
    steps = training["epochs"] * training["patches_per_epoch"] // training["batch_size"]
    reasons.append(
        f"{'Starts from ' + start if start else 'Starts from nothing'}; at most {steps:,} steps at "
        f"{seconds:.2f} s each here: training ends before the epoch, of {training['epochs']}, that "
        f"would take it past {training['minutes']:.2g} minutes, or with the first. Start, scores "
        f"and report are not timed: about {around(minutes):.2g} minutes more."
    )
    return Recipe(name, source, tuple(reasons), parameters)


def _pace(training: dict[str, object]) -> tuple[float, float]:
    """Return the seconds of a step, and those of the network alone for a megapixel.

    A network that gives an image takes a third of what it takes to learn from it.
    """
    from denoising_pipeline.config import ParameterError, validate_parameters
    from denoising_pipeline.training.pace import seconds_per_step

    try:
        options = validate_parameters({"training": training}).training
    except ParameterError as error:
        raise Refused(str(error)) from error
    seconds = seconds_per_step(options, CHANNELS)
    side = (options.patch or 0) // options.objective.shrink
    return seconds, seconds / 3 / (options.batch_size * side**2 / 1e6)


def _run(project: Path, name: str, *, skip_bad: bool) -> int:
    """Run the recipe, and the benchmark, which the report then has, in processes of their own.

    They get Ctrl-C alone. Without clean images there is no benchmark.
    """
    written = yaml.safe_load((project / "conf" / name / "parameters.yml").read_text())
    alone = written["ingestion"].get("noisy", False)
    for more in ([],) if alone else ([], ["--pipelines", "benchmark,reporting"]):
        command = [sys.executable, "-m", "kedro", "run", "--env", name, *more]
        if skip_bad and not written["ingestion"]["skip_bad"]:
            command += ["--params", "ingestion.skip_bad=true"]
        process = subprocess.Popen(command, cwd=project)  # noqa: S603  # of a checked name
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = process.wait()
        signal.signal(signal.SIGINT, before)
        if code:
            return code
    click.echo(_how_to_use(name))
    return 0


def _how_to_use(name: str) -> str:
    from denoising_pipeline.cli.model import model_file

    try:
        model_file(name)
    except ValueError:
        return (
            f"It is not better than the denoiser it started from by more than chance: go on with "
            f"that, or give it more minutes or images. To use it all the same: denoise IN... "
            f"--model models:/{name}@challenger"
        )
    return f"Use it: denoise IN... --model {name}"
