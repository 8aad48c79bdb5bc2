"""`denoise`: people's own images, cleaned of noise. Starting it loads nothing heavy."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import click

from denoising_pipeline import __version__
from denoising_pipeline.cli.amounts import Amount
from denoising_pipeline.core.shortage import shortage
from denoising_pipeline.core.terminal import speak_any_encoding

COMMANDS = {
    "doctor": "look at a folder: what it holds, and what can be done with it",
    "serve": "the same as a service and a page in the browser, on this machine",
    "models": "the denoisers of the package, with what they were made from",
    "train": "train a denoiser on your own images",
}
"""Commands beside, each in the module of its name, and what they are for."""


def commands() -> dict[str, str]:
    """Return the commands that are there, and what they are for."""
    return {
        name: what
        for name, what in COMMANDS.items()
        if importlib.util.find_spec(f"denoising_pipeline.cli.{name}")
    }


class Help(click.Command):
    """A command whose help names the commands beside it."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands (a path of such a name is written ./name)"):
            formatter.write_dl([(f"denoise {name}", what) for name, what in commands().items()])


@click.command(cls=Help, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File or folder. Without it, photo.jpg becomes photo_denoised.jpg, and what lies "
    "in folder goes to folder_denoised.",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="From 0, the picture as it was, to 1, as the network gives it.",
)
@click.option(
    "--sigma",
    type=click.FloatRange(0, 255),
    metavar="N",
    help="Noise level, on the scale of 255: 25 means a standard deviation of 25/255, "
    "whatever the depth of the file. Without it, it is estimated from each picture.",
)
@click.option(
    "--model",
    default="photos",
    show_default=True,
    metavar="MODEL",
    help="A denoiser of the package (see denoise models), a file, catalog:VERSION of the "
    "project, or runs:/ID/denoiser or models:/NAME@ALIAS of MLflow.",
)
@click.option(
    "--format",
    metavar="FORMAT",
    help="Write all in this format: PNG, JPEG, WebP, BMP, TIFF or NPY.",
)
@click.option("--suffix", help="Put behind the names of files.  [default: _denoised without -o]")
@click.option("--overwrite", is_flag=True, help="Replace outputs that are there already.")
@click.option(
    "--resume", is_flag=True, help="Skip what is done and unchanged; do again what changed since."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that share the files; one uses all cores, too.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Share the files among the workers of a Dask cluster, such as tcp://10.0.0.1:8786, or "
    "of one on this machine: local, or local:4. IN and OUT may be addresses such as s3://....",
)
@click.option(
    "--fast",
    is_flag=True,
    help="Compute by OpenVINO (extra fast), in bfloat16 where the processor has it: about twice as "
    "fast, and not the same to the last digit.",
)
@click.option(
    "--best",
    is_flag=True,
    help="Denoise each picture in eight views, turned and mirrored, and average: about 0.1 dB "
    "better, and eight times as long.",
)
@click.option(
    "--max-memory",
    type=Amount(1024),
    metavar="SIZE",
    help="That the networks may take at once, such as 2G.  [default: 1536M each]",
)
@click.option(
    "--max-pixels",
    type=Amount(1000),
    metavar="N",
    help="Refuse larger pictures, such as 500M.  [default: just below 100M]",
)
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE", help="Write a table, too.")
@click.option("--json", type=click.Path(path_type=Path), metavar="FILE", help="The same in JSON.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page with pictures before and after, such as report.html.",
)
@click.option(
    "--against",
    metavar="CLEAN",
    help="Score files against clean partners of the same names in this folder: PSNR and SSIM, "
    "before and after.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--watch", is_flag=True, help="Go on with what is new in folders, until Ctrl-C.")
@click.version_option(__version__, prog_name="denoise")
def denoise(**given: Any) -> None:
    """Clean image files of noise: photographs, scans, micrographs; and recordings, WAV files.

    IN is a file, a folder (with all in it), or - for the standard input. What comes out has the
    size, format, depth and metadata of what went in, which is never changed.

    \b
      denoise photo.jpg                 writes photo_denoised.jpg beside it
      denoise photos -o clean           a folder, its structure kept
      denoise - < in.png > out.png      from a pipe to a pipe

    Exit code: 0 all is well, 1 files failed, 2 none was tried.
    """  # noqa: D301  # \b is the character that keeps click from filling lines
    from denoising_pipeline.cli.files import denoise_files, denoise_stream

    for each in given["inputs"]:
        if each in COMMANDS:
            raise click.UsageError(
                f"'{each}' is a command and comes first; a path of that name is written ./{each}"
            )
    is_stream = "-" in (*given["inputs"], given["output"])
    sys.exit(denoise_stream(given) if is_stream else denoise_files(given))


def main() -> None:
    """Entry point: `denoise IN...`, or `denoise COMMAND`."""
    speak_any_encoding()
    try:
        _command()
    except (MemoryError, ImportError, RuntimeError, OSError) as error:
        if not (short := shortage(error)):
            raise
        click.echo(f"Error: {short}", err=True)
        sys.exit(2)


def _command() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in commands():
        module = importlib.import_module(f"denoising_pipeline.cli.{name}")
        command: click.Command = getattr(module, name)
        command.main(args=sys.argv[2:], prog_name=f"denoise {name}")
    denoise.main(prog_name="denoise")
