"""The table of the benchmark for people."""

import math

import pandas as pd

from denoising_pipeline.core.markdown import markdown_table
from denoising_pipeline.evaluation.scoring import SCORE_FORMATS


def write_markdown(benchmark_table: pd.DataFrame) -> str:
    """Write the table in Markdown, with intervals: the best of each score in bold.

    What is left out stands beneath.

    Args:
        benchmark_table: The table of `score_denoisers`.

    Returns:
        The text.
    """
    table = benchmark_table[benchmark_table["note"] == ""]
    first = table.iloc[0]
    cells = [(name, table[name].tolist()) for name in ("denoiser", "hyperparameters")]
    for score in (score for score in SCORE_FORMATS if score.key in table):
        values = table[score.key]
        texts = [score.text(value) for value in values]
        best = score.text(values.max() if score.more_is_better else values.min())
        cells.append((score.label, [f"**{text}**" if text == best else text for text in texts]))
        if f"{score.key}_ci_low" in table:
            ends = zip(table[f"{score.key}_ci_low"], table[f"{score.key}_ci_high"], strict=True)
            bounds = [f"{score.text(low)} to {score.text(high)}" for low, high in ends]
            cells.append((f"{first['confidence']:.0%} interval", bounds))
    cells.append(("s per 1,000", [f"{seconds:.2f}" for seconds in table["seconds_per_1000"]]))
    fit_seconds = table["fit_seconds"]
    cells.append(("fit [s]", [f"{s:.1f}" if math.isfinite(s) else "" for s in fit_seconds]))
    heads, columns = zip(*cells, strict=True)
    left_out = benchmark_table[benchmark_table["note"] != ""]
    reasons = zip(left_out["denoiser"], left_out["note"], strict=True)
    return "\n".join(
        [
            f"Mean over {first['n_images']:,} test images; hyperparameters are chosen on "
            "validation images.",
            "",
            markdown_table(heads, zip(*columns, strict=True), right=range(2, len(heads))),
            "",
            *(f"Left out: {name}: {note}.\n" for name, note in reasons),
        ]
    )
