"""The result of a run that had no clean images: what is known, and what is not."""

from collections.abc import Iterable
from pathlib import Path

from denoising_pipeline.evaluation.scoring import RISK
from denoising_pipeline.report.blocks import Alert, Block, Figures, Section, Text
from denoising_pipeline.report.others import in_short
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import Table, words

FULL_SCALE = 255

ENDS = ("", "_ci_low", "_ci_high")

NOT_KNOWN = (
    "There are no clean images, so that nothing here says how near the denoised ones come to them: "
    "no PSNR, no SSIM. What is known is the risk, the mean squared difference from noisy values "
    "that the denoiser did not see. If their noise has a mean of 0 and is independent of what it "
    "saw, the risk is the mean squared error plus the variance of the noise, the same for every "
    "denoiser: the lower the better, and differences of risks are those of errors."
)


def headline_without_clean(results: Results, warnings: Iterable[str]) -> Section:
    """The risk with its interval, and whether what was taken away looks like noise.

    Args:
        results: What the run found.
        warnings: Such as that the denoiser does harm.
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
    blocks: list[Block] = [*map(Alert, warnings)]
    return Section(
        "result",
        "Result",
        [*blocks, Text(NOT_KNOWN), Figures(items), *in_short(results), _residual(results)],
    )


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
    summary = results.summary
    low, high = (RISK.text(summary[f"{key}{end}"]) for end in ENDS[1:])
    return f"{summary['confidence']:.0%} interval {low} to {high}"
