"""`denoise models`: the denoisers of the package, with their cards."""

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def models() -> None:
    """List the denoisers of the package, and what they were made from."""
    from denoising_pipeline.denoiser.file import load_denoiser
    from denoising_pipeline.denoiser.shipped import shipped_denoisers

    found = shipped_denoisers()
    for name, path in found.items():
        denoiser = load_denoiser(path)
        card = denoiser.card
        click.echo(f"{name}: {denoiser.weight_count:,} weights, {path.stat().st_size / 1e6:.1f} MB")
        lines = {
            "trained on": f"{card.images.source}, {card.images.train_images} images",
            "licence of them": card.images.licence or "not known",
            "made to undo": card.noise.describe(),
            "validation": ", ".join(f"{key} {value:.4g}" for key, value in card.validation.items()),
            "not for": card.not_for,
            "file": str(path),
        }
        for key, value in lines.items():
            click.echo(f"  {key}: {value}")
    if not found:
        click.echo("There is none in this installation: give a file by --model.")
