"""Sections of what came of the run: the scores in one line, and the images."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from denoising_pipeline.evaluation.scoring import RISK, SCORE_FORMATS, ScoreFormat
from denoising_pipeline.images.checks import larger_than, of_one_stack
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.shown import SAMPLES
from denoising_pipeline.report.blocks import Alert, Block, Figures, Gallery, Scale, Section, Text
from denoising_pipeline.report.others import in_short
from denoising_pipeline.report.pictures import HEARD, HEARD_SECONDS, pictures, shown_side
from denoising_pipeline.report.results import Results
from denoising_pipeline.report.tables import UNKNOWN, Column, Table, between, words
from denoising_pipeline.report.without_clean import headline_without_clean, worse_than_filters

DO_NOT_USE = (
    "Do not use this denoiser; train it for more epochs (training.epochs) or by other options of "
    "training."
)


def losses(summary: Mapping[str, Any]) -> list[str]:
    """Return what a denoiser loses to, in sentences: nothing, a baseline, what it started from.

    Args:
        summary: As `summarize` makes it, or `summary_without_clean`.
    """
    told = (worse_than_noisy(summary), worse_than_baseline(summary), worse_than_start(summary))
    return [sentence for sentence in told if sentence]


def worse_than_noisy(summary: Mapping[str, Any]) -> str | None:
    """Return what to say and do of a denoiser that does harm; None if it does not.

    Args:
        summary: `worse_than_noisy`, and `psnr` and `noisy_psnr` or the risks, are read.
    """
    if not summary["worse_than_noisy"]:
        return None
    if "risk" in summary:
        return (
            f"Worse than doing nothing: the risk is {RISK.text(summary['risk'])} denoised, "
            f"{RISK.text(summary['noisy_risk'])} noisy. {DO_NOT_USE}"
        )
    return (
        f"Worse than doing nothing: {summary['psnr']:.2f} dB denoised, "
        f"{summary['noisy_psnr']:.2f} dB noisy. {DO_NOT_USE}"
    )


def worse_than_baseline(summary: Mapping[str, Any]) -> str | None:
    """Return by which scores the baseline beats a denoiser; None if by none.

    Args:
        summary: `baseline`, and of each score that it has too the mean of both and the gain over
            it with its bounds, are read, if they are known.
    """
    if "risk" in summary:
        return worse_than_filters(summary)
    lost = []
    for score in SCORE_FORMATS:
        if summary.get(score.over_baseline, 0) >= 0:
            continue
        own, other = (score.text(summary[f"{of}{score.key}"]) for of in ("", "baseline_"))
        gains = (summary[f"{score.over_baseline}{end}"] for end in ("", "_ci_high", "_ci_low"))
        by, low, high = (score.text(-gain) for gain in gains)
        lost.append(f"{score.label} {own}, the baseline {other}, worse by {by} ({low} to {high})")
    if not lost:
        return None
    return (
        f"It loses to the baseline, {summary['baseline']}, which is no network: "
        f"{'; '.join(lost)}. In brackets: {summary['confidence']:.0%} intervals."
    )


def worse_than_start(summary: Mapping[str, Any]) -> str | None:
    """Return by how much training made a denoiser worse; None if not by more than chance.

    Args:
        summary: `start`, and the gain over it in PSNR or in risk with its bounds, are read, if they
            are known.
    """
    known = (("start_gain", "{:.2f}".format, " dB"), ("start_risk_gain", RISK.text, ""))
    for key, text, unit in known:
        if summary.get(f"{key}_ci_high", 0) < 0:
            by, low, high = (text(-summary[f"{key}{end}"]) for end in ("", "_ci_high", "_ci_low"))
            return (
                f"Training made it worse: {Path(summary['start']).name}, from which it was trained "
                f"on, is better by {by}{unit} ({low} to {high}). Use that one, or train for longer "
                "or on more images."
            )
    return None


def headline(results: Results) -> Section:
    """Mean scores with their intervals, what was gained, and how far the limit is."""
    if not results.has_clean:
        return headline_without_clean(results, _warnings(results))
    summary = results.summary
    low, high = summary["psnr_ci_low"], summary["psnr_ci_high"]
    remark = (
        f"{summary['confidence']:.0%} interval {low:.2f} to {high:.2f}, "
        f"over {summary['n_images']:,} test images"
    )
    items = [
        ("PSNR", f"{summary['psnr']:.2f} dB", remark),
        (
            "Gain",
            f"{summary['psnr_gain']:+.2f} dB",
            f"{_bounds(summary, 'psnr_gain', '+.2f')}noisy: {summary['noisy_psnr']:.2f} dB",
        ),
    ]
    if "ssim" in summary:
        remark = f"{_bounds(summary, 'ssim', '.3f')}noisy: {summary['noisy_ssim']:.3f}; "
        remark += "structural similarity, 1 for equal images"
        items.append(("SSIM", f"{summary['ssim']:.3f}", remark))
    if "si_sdr" in summary:
        remark = f"{_bounds(summary, 'si_sdr', '.2f')}noisy: {summary['noisy_si_sdr']:.2f} dB; "
        remark += "speech to all else, at any loudness"
        items.append(("SI-SDR", f"{summary['si_sdr']:.2f} dB", remark))
    points = [("noisy", summary["noisy_psnr"]), ("denoised", summary["psnr"])]
    if "start_gain" in summary:
        start = Path(summary["start"]).name
        low, high = (f"{summary[f'start_gain_ci_{end}']:+.2f}" for end in ("low", "high"))
        remark = f"{low} to {high}; {start}, from which it was trained on: "
        remark += f"{summary['start_psnr']:.2f} dB"
        items.append((f"Over {start}", f"{summary['start_gain']:+.2f} dB", remark))
        points.append((start, summary["start_psnr"]))
    if "baseline_gain" in summary:
        name = summary["baseline"]
        low, high = (f"{summary[f'baseline_gain_ci_{end}']:+.2f}" for end in ("low", "high"))
        remark = f"{low} to {high}; the baseline, its options chosen on validation images: "
        remark += f"{summary['baseline_psnr']:.2f} dB"
        items.append((f"Over {name}", f"{summary['baseline_gain']:+.2f} dB", remark))
        points.append((name, summary["baseline_psnr"]))
    if {"limit_psnr", "limit_distance"} <= summary.keys():
        limit, distance = summary["limit_psnr"], summary["limit_distance"]
        remark = f"limit: {limit:.2f} dB, the best that is thought possible on these images"
        items.append(("To the limit", f"{distance:.2f} dB", remark))
        points.append(("limit", limit))
    scale = Scale("Mean PSNR [dB]", points, chosen="denoised")
    blocks: list[Block] = [Figures(items), scale, *in_short(results), _score_table(results)]
    return Section("result", "Result", [*map(Alert, _warnings(results)), *blocks])


def _warnings(results: Results) -> list[str]:
    """Return what speaks against the denoiser, and what its scores do not tell."""
    about = (of_one_stack(results.source_manifest), judged_by_middles(results))
    return [*losses(results.summary), *filter(None, about)]


def _bounds(summary: Mapping[str, Any], key: str, form: str) -> str:
    """Return the interval of a number, to be followed by more; nothing where it has none."""
    if f"{key}_ci_low" not in summary:
        return ""
    return f"{between(summary[f'{key}_ci_low'], summary[f'{key}_ci_high'], form)}; "


def _score_table(results: Results) -> Table:
    """Return all scores before and after, with intervals of the second and of what it gained."""
    summary = results.summary
    scores = [score for score in SCORE_FORMATS if score.key in summary]
    beside = "baseline" in summary

    def means(title: str, prefix: str) -> Column:
        values = [summary.get(prefix + score.key, math.nan) for score in scores]
        texts = [
            UNKNOWN if math.isnan(value) else score.text(value)
            for score, value in zip(scores, values, strict=True)
        ]
        return Column(title, values, texts)

    def interval(score: ScoreFormat) -> str:
        return _bounds(summary, score.key, f".{score.digits}f").removesuffix("; ")

    def gained(score: ScoreFormat) -> str:
        key = score.over_baseline
        if key not in summary:
            return ""
        signed = f"+.{score.digits}f"
        return f"{summary[key]:{signed}} ({_bounds(summary, key, signed).removesuffix('; ')})"

    return Table(
        "Means over test images; pooled: PSNR of the mean MSE, in which bad images weigh more",
        [
            words("score", [score.label for score in scores]),
            means("noisy", "noisy_"),
            *([means("baseline", "baseline_")] if beside else []),
            means("denoised", ""),
            words(f"{summary['confidence']:.0%} interval", map(interval, scores)),
            *([words("better than the baseline by", map(gained, scores))] if beside else []),
        ],
    )


def picture(results: Results) -> Section:
    """The first test images, clean, noisy and denoised."""
    shown = results.image_metrics.reset_index(drop=True).head(results.examples)
    noise = results.card.noise.describe()
    text = f"The first {len(shown)} test images, noisy ({noise}) and denoised."
    return Section(
        "picture",
        "The picture",
        [Text(text + _cut(results)), Gallery("", pictures(results, shown, heard=HEARD))],
    )


def extremes(results: Results) -> Section | None:
    """The images that were denoised worst and best, as far as that can be known."""
    if not results.has_clean:
        return None
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
    side, images = shown_side(results), ImageSet.of(results.noisy)
    if rate := results.source_manifest.get("rate"):
        return (
            f" Shown are spectrograms, the highest frequency on top, of the middle "
            f"{SAMPLES / rate:g} seconds; heard are {HEARD_SECONDS} seconds; scores "
            "are of the whole."
        )
    if int(images.shapes[:, :2].max()) <= side:
        return ""
    if images.uniform is None:
        shown = f"Shown are the middles, at most {side} by {side} pixels"
    else:
        height, width, _ = images.uniform
        size = f"{min(width, side)} by {min(height, side)}"
        shown = f"Shown is the middle, {size} of {width} by {height} pixels"
    scored = "what was judged" if judged_by_middles(results) else "the whole"
    return f" {shown}; scores are of {scored}."


def judged_by_middles(results: Results) -> str | None:
    """Return of how many test images nothing but the middle was judged; None: all are whole."""
    side, images = results.facts.parameters.get("preprocessing.test_side"), results.noisy
    if side is None or not isinstance(images, ImageSet):
        return None
    larger = larger_than(results.source_manifest, results.image_metrics["name"], side)
    cut = int(((images.shapes[:, :2].max(1) == side) & larger).sum())
    if not cut:
        return None
    return (
        f"Of {cut} of {len(images)} test images, which are larger, the middle alone was judged, at "
        f"most {side} by {side} pixels (preprocessing.test_side): all scores are of these."
    )
