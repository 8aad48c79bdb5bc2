"""`denoise serve`: a page and an address to denoise pictures by."""

import click

from denoising_pipeline.cli.amounts import Amount

POSITIVE = click.IntRange(1)
SECONDS = click.FloatRange(0, min_open=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--host", default="127.0.0.1", help="Where to listen; 0.0.0.0: for everybody.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0: one that is free.")
@click.option(
    "--model",
    default="photos",
    metavar="MODEL",
    help="A denoiser of the package, a file, catalog:VERSION, runs:/... or models:/... of MLflow.",
)
@click.option("--max-pixels", type=Amount(1000), help="Of a picture.  [default: just below 100M]")
@click.option("--max-bytes", type=Amount(1000), default="200M", help="Of a file.")
@click.option("--max-memory", type=Amount(1024), help="That the network may take, such as 2G.")
@click.option("--fast", is_flag=True, help="As of denoise: by OpenVINO, with fewer digits.")
@click.option("--best", is_flag=True, help="As of denoise: eight views averaged.")
@click.option("--timeout", type=SECONDS, default=120.0, help="Seconds that a picture may take.")
@click.option("--queue", type=POSITIVE, default=16, help="Pictures at once, the waiting included.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A further name that it is called by."
)
def serve(
    host: str,
    port: int,
    model: str,
    max_pixels: int | None,
    max_bytes: int,
    max_memory: int | None,
    fast: bool,
    best: bool,
    timeout: float,
    queue: int,
    allow_host: tuple[str, ...],
) -> None:
    """Denoise pictures by HTTP, and on a page to drop them on.

    Without --host, only this machine can use it. There is no password: whoever reaches the port may
    use it.
    """
    from denoising_pipeline.cli.model import model_file
    from denoising_pipeline.denoiser.file import load_denoiser
    from denoising_pipeline.images.arrays import MAX_PIXELS
    from denoising_pipeline.service.limits import Limits
    from denoising_pipeline.service.server import serve as run

    limits = Limits(max_bytes, max_pixels or MAX_PIXELS, timeout, queue, max_memory, fast, best)
    try:
        denoiser = load_denoiser(model_file(model))
        denoiser.check_ways(fast, best)
        run(denoiser, model, host, port, limits, allow_host, announce=_announce)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _announce(address: str) -> None:
    click.echo(f"Drop pictures on {address} (Ctrl+C ends it).")
