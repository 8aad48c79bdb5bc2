"""`denoise serve`: a page and an address to denoise pictures by."""

from pathlib import Path

import click

from denoising_pipeline import __file__ as package

WEIGHTS = Path(package).parent / "weights"
"""Denoisers that ship, `<name>.zip`."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, help="0: one that is free.")
@click.option("--model", default="photos", show_default=True, help="A shipped name, or a file.")
@click.option("--max-pixels", default=100_000_000, show_default=True, help="Of a picture.")
@click.option("--max-bytes", default=200_000_000, show_default=True, help="Of a file.")
@click.option("--timeout", default=120.0, show_default=True, help="Seconds for a picture.")
@click.option("--queue", default=16, show_default=True, help="Pictures at once, waiting included.")
@click.option("--allow-host", multiple=True, help="A further name that the service is called by.")
def serve(
    host: str,
    port: int,
    model: str,
    max_pixels: int,
    max_bytes: int,
    timeout: float,
    queue: int,
    allow_host: tuple[str, ...],
) -> None:
    """Denoise pictures by HTTP, and on a page to drop them on.

    Without --host only this machine can use it. There is no password: whoever reaches the port can
    use the service.
    """
    from denoising_pipeline.denoiser.file import load_denoiser
    from denoising_pipeline.service.limits import Limits
    from denoising_pipeline.service.server import serve as run

    limits = Limits(max_bytes=max_bytes, max_pixels=max_pixels, timeout=timeout, queue=queue)
    path = WEIGHTS / f"{model}.zip"
    try:
        denoiser = load_denoiser(path if path.is_file() else model)
        run(denoiser, model, host, port, limits, allow_host, announce=_announce)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _announce(address: str) -> None:
    click.echo(f"Drop pictures on {address} (Ctrl+C ends it).")
