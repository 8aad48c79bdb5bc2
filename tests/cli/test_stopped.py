"""A command that was stopped is told to be so, and not to have an error without a name."""

import click
from click.testing import CliRunner

from denoising_pipeline.cli.project import without_traceback


@click.command()
@without_traceback
def stopped() -> None:
    """Be stopped by a person."""
    raise click.Abort


def test_what_a_person_stops_is_no_error() -> None:
    done = CliRunner().invoke(stopped)
    assert (done.exit_code, done.output.strip()) == (1, "Aborted!")
