"""The result of a run that had no clean images: what is known, and what is not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from denoising_pipeline.evaluation.scoring import RISK
from denoising_pipeline.evaluation.without_clean import beside
from denoising_pipeline.images.shown import image_titles
from denoising_pipeline.report.blocks import Alert, Block, Figures, Section, Text
from denoising_pipeline.report.others import in_short
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import Column, Table, between, numbers, words

FULL_SCALE = 255

ENDS = ("", "_ci_low", "_ci_high")

NOT_KNOWN = (
    "There are no clean images, so that nothing here measures how near the denoised ones come to "
    "them: no PSNR, no SSIM. What is known is the risk, the mean squared difference from noisy "
    "values that the denoiser did not see. If their noise has a mean of 0 and is independent of "
    "what it saw, the risk is the mean squared error plus the variance of the noise, the same for "
    "every denoiser: the lower the better, and differences of risks are those of errors. It is "
    "measured on what training makes of the images, in the middle 1,024 by 1,024 pixels of larger "
    "ones."
)

PREDICTED = (
    "It is what the command denoise predicts. Nothing measured it: it was calibrated on "
    "photographs with Gaussian noise, where the interval holds nine of ten. Of images that are no "
    "photographs, or whose mean over many shots would be brighter or darker, it says nothing."
)

NOT_PREDICTED = (
    "No PSNR is predicted for the new denoiser: that is learnt on clean images to which noise is "
    "added, and there are none."
)

MANY = 10
"""Images that a table shows without being asked."""


def headline_without_clean(results: Results, warnings: Sequence[str]) -> Section:
    """The risk with its interval, beside that of others, and whether noise was taken away.

    Args:
        results: What the run found.
        warnings: What speaks against the denoiser.
    """
    summary = results.summary
    items = [
        (
            "Risk",
            RISK.text(summary["risk"]),
            f"{_interval(results, 'risk')}; {summary['n_images']:,} test images",
        ),
        (
            "Below doing nothing",
            RISK.text(summary["risk_gain"]),
            f"risk of the noisy images: {RISK.text(summary['noisy_risk'])}",
        ),
    ]
    if "start_risk_gain" in summary:
        start = Path(summary["start"]).name
        remark = f"{_interval(results, 'start_risk_gain')}; {start}, from which it was trained on: "
        remark += RISK.text(summary["start_risk"])
        items.append((f"Below {start}", RISK.text(summary["start_risk_gain"]), remark))
    alerts = [Alert(text) for text in (*warnings, *results.card.caveats)]
    assumption = [Text(results.card.assumption)] if results.card.assumption else []
    return Section(
        "result",
        "Result",
        [
            *alerts,
            Text(NOT_KNOWN),
            *assumption,
            Figures(items),
            *in_short(results),
            _means(results),
            *_predicted(results),
            _every_image(results),
            _residual(results),
        ],
    )


def worse_than_filters(summary: Mapping[str, Any]) -> str | None:
    """Return which filters have a lower risk than the denoiser; None if none.

    Args:
        summary: What `summary_without_clean` returns.
    """
    lost = []
    for key, name in beside(summary).items():
        if key == "start" or summary[f"{key}_risk_gain"] >= 0:
            continue
        by, low, high = (RISK.text(-summary[f"{key}_risk_gain{e}"]) for e in ("", *ENDS[:0:-1]))
        lost.append(f"{name} {RISK.text(summary[f'{key}_risk'])}, lower by {by} ({low} to {high})")
    if not lost:
        return None
    return (
        f"Its risk of {RISK.text(summary['risk'])} is not as low as that of filters, which are no "
        f"networks: {'; '.join(lost)}. In brackets: {summary['confidence']:.0%} intervals."
    )


def _means(results: Results) -> Table:
    """Return the mean risk of the denoiser and of all that stands beside it."""
    summary, names = results.summary, beside(results.summary)
    keys = ["risk", *(f"{key}_risk" for key in names), "noisy_risk"]
    return Table(
        "Mean risk over test images; the options of filters were chosen by it on validation images",
        [
            words("denoiser", ["denoised", *names.values(), "noisy"]),
            numbers("risk", [summary[key] for key in keys], f".{RISK.digits}f"),
            words(f"{summary['confidence']:.0%} interval", [_ends(results, key) for key in keys]),
            numbers(
                "above the denoised",
                [summary[key] - summary["risk"] for key in keys],
                f"+.{RISK.digits}f",
            ),
            words(
                "its interval",
                ["", *(_ends(results, f"{key}_risk_gain") for key in names), ""],
            ),
        ],
        chosen="denoised",
    )


def _predicted(results: Results) -> list[Block]:
    """Return the predicted PSNR of the new denoiser and of its start, or why there is none."""
    summary, metrics = results.summary, results.image_metrics
    named = {"predicted": "the new denoiser"}
    if "start" in summary:
        named["start_predicted"] = Path(summary["start"]).name
    told = []
    for key, name in named.items():
        if key not in metrics:
            never = f"None for {name}, which never learnt to predict one."
            told.append(NOT_PREDICTED if key == "predicted" else never)
            continue
        if key in summary:
            low, high = (f"{summary[f'{key}_{end}']:.2f}" for end in ("low", "high"))
            told.append(
                f"{name}: predicted PSNR {summary[key]:.2f} dB ({low} to {high}), the mean of "
                f"{summary[f'n_{key}']} images. {PREDICTED}"
            )
        if reasons := summary.get(key.replace("predicted", "not_predicted")):
            told.append(f"No PSNR is predicted for {name} of images that have {reasons}.")
    return [Text(" ".join(told))]


def _every_image(results: Results) -> Table:
    """Return the risks of every image, and the PSNR that is predicted of it."""
    metrics = results.image_metrics
    columns = [words("image", image_titles(metrics, numbered=True))]
    names = {"": "denoised", "noisy_": "noisy"}
    names |= {f"{key}_": name for key, name in beside(results.summary).items()}
    columns += [
        numbers(name, metrics[f"{key}risk"], f".{RISK.digits}f") for key, name in names.items()
    ]
    for key, name in (("predicted", "denoised"), ("start_predicted", names.get("start_", ""))):
        if key in metrics:
            columns.append(numbers(f"PSNR [dB], {name}", metrics[key], ".2f"))
            ends = zip(metrics[f"{key}_low"], metrics[f"{key}_high"], strict=True)
            texts = [between(low, high, ".2f") for low, high in ends]
            columns.append(Column("its interval", metrics[f"{key}_low"].tolist(), texts))
    predicted = ", and the predicted PSNR" if "start_predicted" in metrics else ""
    return Table(f"Risk of every test image{predicted}", columns, folded=len(metrics) > MANY)


def _residual(results: Results) -> Table:
    """Return what was taken away, beside what it would be if it were all the noise and no more."""
    rows = (
        ("residual_mean", "mean [1/255]", "0: brightness is kept", FULL_SCALE),
        ("residual_level", "standard deviation [1/255]", "that of the noise", FULL_SCALE),
        (
            "residual_correlation",
            "correlation of neighbours",
            "0, if the noise is white: more is structure that was taken along",
            1,
        ),
    )
    summary = results.summary
    values = [[summary[f"{key}{end}"] * by for key, *_, by in rows] for end in ENDS]
    intervals = [f"{low:.3f} to {high:.3f}" for low, high in zip(*values[1:], strict=True)]
    return Table(
        "What was taken away: noisy less denoised, means over test images",
        [
            words("measure", [row[1] for row in rows]),
            words("value", [f"{value:.3f}" for value in values[0]]),
            words(f"{summary['confidence']:.0%} interval", intervals),
            words("should be", [row[2] for row in rows]),
        ],
    )


def _interval(results: Results, key: str) -> str:
    return f"{results.summary['confidence']:.0%} interval {_ends(results, key)}"


def _ends(results: Results, key: str) -> str:
    return " to ".join(RISK.text(results.summary[f"{key}{end}"]) for end in ENDS[1:])
