"""Autoencoders beside PCA, in few values."""

from collections.abc import Sequence

import pandas as pd

from denoising_pipeline import figures
from denoising_pipeline.report.blocks import Block, Chart, Charts, Drawing, Section, Text
from denoising_pipeline.report.side._shared import drawn, series
from denoising_pipeline.report.tables import Table, intervals, numbers, words

MEASURES = {
    "mse": ("Reconstruction error", "MSE of 1,000", 1000),
    "trustworthiness": ("Trustworthiness", "1: all", 1),
    "continuity": ("Continuity", "1: all", 1),
    "accuracy": ("Neighbours of the same label", "correct [%]", 100),
}
"""Title, axis and factor of each measure."""

STYLES = {"autoencoder": "strong", "PCA": "weak", "linear autoencoder": "faint"}


def projections(
    scores: pd.DataFrame, rows: pd.DataFrame, verdicts: Sequence[str], maps: str
) -> Section:
    """Return the section of projections.

    Args:
        scores: A row per method and number of values.
        rows: A row per method, number of values and image.
        verdicts: What the autoencoder has over PCA, a sentence for each measure.
        maps: Name of the entry that holds the interactive maps.
    """
    verdict = verdicts[0] if verdicts else "The autoencoder and PCA were not tried at equal sizes."
    dims = sorted(scores["latent_dim"].unique().tolist())
    charts = [_chart(key, scores, dims) for key in MEASURES if not scores[key].isna().all()]
    ordered = scores.sort_values("latent_dim", kind="stable").reset_index(drop=True)
    table = Table(
        f"Means over {ordered['n_images'].iloc[0]:,} test images",
        [
            words("method", ordered["method"]),
            numbers("values", ordered["latent_dim"], "d"),
            *(
                column
                for key, (title, _, _) in MEASURES.items()
                for column in (
                    numbers(title.lower(), ordered[key], ".4f"),
                    intervals("interval", ordered, key, ".4f"),
                )
            ),
        ],
        folded=True,
    )
    blocks: list[Block] = [Text(line) for line in verdicts]
    blocks.append(Text("t-SNE has seen the test images that it places; the others have not."))
    blocks.append(Charts(charts))
    if (rows["latent_dim"] == 2).any():  # noqa: PLR2004
        blocks.append(Drawing("Test images in two values", drawn(figures.projection_maps(rows))))
        blocks.append(Text(f"The same maps, with the image under the pointer, are in {maps}."))
    return Section("projections", "Beside PCA in few values", [*blocks, table], verdict)


def _chart(key: str, scores: pd.DataFrame, dims: list[int]) -> Chart:
    title, unit, factor = MEASURES[key]
    scaled = scores.assign(
        **{f"{key}{end}": factor * scores[f"{key}{end}"] for end in ("", "_ci_low", "_ci_high")}
    )
    return Chart(
        title,
        "points",
        "values of an image",
        unit,
        list(range(len(dims))),
        [
            series(
                scaled[scaled["method"] == method].set_index("latent_dim").reindex(dims),
                key,
                method,
                style,
            )
            for method, style in STYLES.items()
            if method in set(scores["method"])
        ],
        digits=1 if factor == 100 else 3,  # noqa: PLR2004
        names=[str(dim) for dim in dims],
    )
