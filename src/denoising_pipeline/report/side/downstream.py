"""What denoising does to a classifier that was trained on clean images."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.report.blocks import Block, Chart, Gallery, Section, Text
from denoising_pipeline.report.side._shared import ends, line, pictures, share
from denoising_pipeline.report.tables import Table, numbers, words

VIEWS = {
    "clean": "clean images",
    "noisy": "noisy images",
    "denoised": "denoised images",
    "direct": "noisy images, by a classifier trained on noisy ones",
}

SHOWN = 6
"""Hallucinations that are shown."""

MISLED = {
    "noisy": "misled_rate_noisy",
    "denoised": "hallucination_rate",
    "direct": "misled_rate_direct",
}


def downstream(
    downstream_summary: dict[str, Any],
    downstream_by_digit: pd.DataFrame,
    predictions: pd.DataFrame,
    test_clean: Images | ImageSet,
    test_noisy: Images | ImageSet,
    test_denoised: Images | ImageSet,
) -> Section:
    """Return the section of the downstream task.

    Args:
        downstream_summary: Of `pipelines.downstream`, as the two tables.
        downstream_by_digit: A row per label.
        predictions: A row per test image.
        test_clean: Clean test images.
        test_noisy: The same images, noisy.
        test_denoised: The same images, denoised.
    """
    summary, by_label = downstream_summary, downstream_by_digit
    verdict = _verdict(summary)
    keys = [f"accuracy_{view}" for view in VIEWS]
    rates = [f"{MISLED[view]}" if view in MISLED else None for view in VIEWS]
    table = Table(
        f"What classifiers read on {summary['n_images']:,} test images; hallucinated: confident of "
        "another label where the clean image is read correctly",
        [
            words("what is read", VIEWS.values()),
            numbers("accuracy", [summary[key] for key in keys], ".2%"),
            words("interval", [ends(summary, key) for key in keys]),
            words("hallucinated", [share(summary[rate]) if rate else "" for rate in rates]),
            words("interval of that", [ends(summary, rate) if rate else "" for rate in rates]),
        ],
        chosen=VIEWS["denoised"],
    )
    labels = [str(label) for label in by_label["label"]]
    styles = {"denoised": "strong", "direct": "weak"}
    chart = Chart(
        "Accuracy by label [%]",
        "points",
        "label",
        "correct [%]",
        list(range(len(labels))),
        [
            line(
                "denoised" if view == "denoised" else "trained on noisy",
                (100 * by_label[f"accuracy_{view}"]).tolist(),
                style,
                (100 * by_label[f"accuracy_{view}_ci_low"]).tolist(),
                (100 * by_label[f"accuracy_{view}_ci_high"]).tolist(),
            )
            for view, style in styles.items()
        ],
        digits=1,
        names=labels,
    )
    each = Table(
        "Accuracy by label",
        [
            words("label", labels),
            numbers("images", by_label["n_images"], "d"),
            *(numbers(view, 100 * by_label[f"accuracy_{view}"], ".1f") for view in VIEWS),
            *(
                words(
                    f"{view}, interval",
                    [
                        f"{100 * low:.1f} to {100 * high:.1f}"
                        for low, high in zip(
                            by_label[f"accuracy_{view}_ci_low"],
                            by_label[f"accuracy_{view}_ci_high"],
                            strict=True,
                        )
                    ],
                )
                for view in styles
            ),
        ],
        folded=True,
    )
    blocks: list[Block] = [Text(verdict), table, chart, each]
    found = predictions[predictions["hallucinated"]]
    worst = found.sort_values("denoised_confidence", ascending=False, kind="stable").head(SHOWN)
    if len(worst):
        blocks.append(_hallucinations(worst, test_clean, test_noisy, test_denoised))
    return Section("downstream", "What a classifier reads", blocks, verdict)


def _hallucinations(
    worst: pd.DataFrame,
    clean: Images | ImageSet,
    noisy: Images | ImageSet,
    denoised: Images | ImageSet,
) -> Gallery:
    places = worst.index.to_numpy()
    stages = {"clean": clean, "noisy": noisy, "denoised": denoised}
    shown = {name: ImageSet.of(each).take(places).as_array() for name, each in stages.items()}
    rows = worst.to_dict("records")
    titles = [f"#{row['index']}, label {row['label']}" for row in rows]
    read = [
        f"read as {row['denoised_prediction']} ({row['denoised_confidence']:.0%} sure)"
        for row in rows
    ]
    return Gallery("Worst hallucinations", pictures(shown, titles, {"denoised": read}))


def _verdict(summary: Mapping[str, Any]) -> str:
    noisy, denoised, direct = (
        summary[f"accuracy_{view}"] for view in ("noisy", "denoised", "direct")
    )
    helped = "helps" if denoised > noisy else "does not help"
    text = (
        f"Denoising {helped} a classifier that was trained on clean images: {share(denoised)} "
        f"correct, {share(noisy)} without it."
    )
    if direct > denoised:
        sure = summary["accuracy_direct_ci_low"] > summary["accuracy_denoised_ci_high"]
        how = "loses" if sure else "loses, within the intervals,"
        return f"{text} It {how} to a classifier trained on noisy images: {share(direct)}."
    return f"{text} A classifier trained on noisy images reaches {share(direct)}."
