"""Sections of what came of the run: the scores in one line, and the images."""

from denoising_pipeline.report.blocks import (
    Column,
    Figures,
    Gallery,
    Scale,
    Section,
    Table,
    Text,
    words,
)
from denoising_pipeline.report.pictures import pictures, shown_side
from denoising_pipeline.report.results import Results

SCORES = {
    "PSNR [dB]": ("psnr", ".2f"),
    "SSIM": ("ssim", ".4f"),
    "MSE": ("mse", ".5f"),
    "MAE": ("mae", ".5f"),
    "PSNR, pooled [dB]": ("psnr_pooled", ".2f"),
}
"""Key and format by heading."""


def headline(results: Results) -> Section:
    """Mean scores with their intervals, what was gained, and how far the limit is."""
    summary = results.summary
    low, high = summary["psnr_ci_low"], summary["psnr_ci_high"]
    remark = (
        f"{summary['confidence']:.0%} interval {low:.2f} to {high:.2f}, "
        f"over {summary['n_images']:,} test images"
    )
    items = [
        ("PSNR", f"{summary['psnr']:.2f} dB", remark),
        ("Gain", f"{summary['psnr_gain']:+.2f} dB", f"noisy: {summary['noisy_psnr']:.2f} dB"),
        ("SSIM", f"{summary['ssim']:.3f}", f"noisy: {summary['noisy_ssim']:.3f}"),
    ]
    points = [("noisy", summary["noisy_psnr"]), ("denoised", summary["psnr"])]
    if {"limit_psnr", "limit_distance"} <= summary.keys():
        limit, distance = summary["limit_psnr"], summary["limit_distance"]
        items.append(("To the limit", f"{distance:.2f} dB", f"limit: {limit:.2f} dB"))
        points.append(("limit", limit))
    scale = Scale("Mean PSNR [dB]", points, chosen="denoised")
    return Section("result", "Result", [Figures(items), scale, _score_table(results)])


def _score_table(results: Results) -> Table:
    """Return all scores before and after, with the interval of the second."""
    summary = results.summary

    def means(title: str, prefix: str) -> Column:
        values = [summary[prefix + key] for key, _ in SCORES.values()]
        forms = [form for _, form in SCORES.values()]
        return Column(title, values, [f"{v:{form}}" for v, form in zip(values, forms, strict=True)])

    def interval(key: str, form: str) -> str:
        if f"{key}_ci_low" not in summary:
            return ""
        return f"{summary[f'{key}_ci_low']:{form}} to {summary[f'{key}_ci_high']:{form}}"

    return Table(
        "Means over test images; pooled: of the mean MSE",
        [
            words("score", SCORES),
            means("noisy", "noisy_"),
            means("denoised", ""),
            words(f"{summary['confidence']:.0%} interval", [interval(*s) for s in SCORES.values()]),
        ],
    )


def picture(results: Results) -> Section:
    """The first test images, clean, noisy and denoised."""
    shown = results.image_metrics.reset_index(drop=True).head(results.examples)
    text = f"The first {len(shown)} test images with noise ({results.noise}), and denoised."
    return Section(
        "picture",
        "The picture",
        [Text(text + _cut(results)), Gallery("", pictures(results, shown))],
    )


def extremes(results: Results) -> Section:
    """The images that were denoised worst and best."""
    ranked = results.image_metrics.reset_index(drop=True).sort_values("psnr", kind="stable")
    count = results.extremes
    galleries = [
        Gallery("Lowest PSNR", pictures(results, ranked.head(count))),
        Gallery("Highest PSNR", pictures(results, ranked[::-1].head(count))),
    ]
    text = "The test images with the lowest and the highest PSNR after denoising."
    return Section("extremes", "Worst and best", [Text(text + _cut(results)), *galleries])


def _cut(results: Results) -> str:
    """Return what to know of pictures that show a part of their image only."""
    height, width = results.clean.shape[1:3]
    side = shown_side(results)
    if max(height, width) <= side:
        return ""
    shown = f"{min(width, side)} by {min(height, side)}"
    return f" Shown is the middle, {shown} of {width} by {height} pixels; scores are of the whole."
