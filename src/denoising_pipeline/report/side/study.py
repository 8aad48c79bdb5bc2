"""What a study found."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from denoising_pipeline import figures
from denoising_pipeline.report.blocks import Block, Code, Drawing, Section, Text
from denoising_pipeline.report.side._shared import drawn
from denoising_pipeline.report.tables import Table, intervals, numbers, words

SHOWN = 10
"""Trials that stand in the table."""

FACTS = ("trial", "state", "psnr", "psnr_ci_low", "psnr_ci_high")


def study(
    study_trials: pd.DataFrame,
    study_importance: pd.DataFrame,
    study_summary: dict[str, Any],
    study_recipe: str,
) -> Section:
    """Return the section of a study.

    Args:
        study_trials: A row per trial.
        study_importance: A row per group of trials and parameter.
        study_summary: Single numbers of `training.study.results.summarize`.
        study_recipe: The best trial as a parameters file.
    """
    trials, summary = study_trials, study_summary
    verdict = _verdict(trials, summary)
    blocks: list[Block] = [Text(f"{verdict} Trials are scored on validation images.")]
    blocks += [Text(text) for text in _advice(summary)]
    done = trials[trials["state"] == "complete"].sort_values("psnr", ascending=False)
    if len(done):
        keys = [key for key in map(str, trials) if key.startswith("training.")]
        tried = [key for key in keys if len(trials[key].dropna().unique()) > 1]
        blocks.append(_table(done.head(SHOWN).reset_index(drop=True), tried, summary))
        blocks.append(
            Drawing("Quality over the size of the code", drawn(figures.study_quality(trials)))
        )
        blocks.append(
            Drawing("Which parameters decide", drawn(figures.study_importance(study_importance)))
        )
        blocks.append(Text("The best trial as a recipe:"))
        blocks.append(Code(study_recipe.strip()))
    return Section("study", "Hyperparameters", blocks, verdict)


def _verdict(trials: pd.DataFrame, summary: Mapping[str, Any]) -> str:
    if "best_psnr" not in summary:
        return f"None of {len(trials)} trials has finished."
    done = trials.loc[trials["state"] == "complete", "psnr"]
    return (
        f"The best of {len(done)} finished trials, number {summary['best_trial']}, reaches "
        f"{summary['best_psnr']:.2f} dB ({summary['best_psnr_ci_low']:.2f} to "
        f"{summary['best_psnr_ci_high']:.2f}); their median is {done.median():.2f} dB, the worst "
        f"{done.min():.2f} dB."
    )


def _advice(summary: Mapping[str, Any]) -> list[str]:
    """Return what is said of the article's two pieces of advice, as far as there are pairs."""
    found = []
    sizes = [summary.get(f"{which}_latent_dim") for which in ("smallest", "largest")]
    for key, what in (
        ("bce_over_mse", "Binary cross-entropy in place of MSE"),
        ("smaller_code", f"A code of {sizes[0]} values in place of {sizes[1]}"),
    ):
        if key not in summary:
            continue
        low, high = summary[f"{key}_ci_low"], summary[f"{key}_ci_high"]
        how = (
            "makes no certain difference"
            if low <= 0 <= high
            else ("is better" if low > 0 else "is worse")
        )
        pairs = summary[f"{key}_pairs"]
        found.append(
            f"{what} {how}: {summary[key]:+.2f} dB ({low:+.2f} to {high:+.2f}) over {pairs} "
            f"pair{'s' if pairs > 1 else ''} of trials that differ in nothing else."
        )
    return found


def _table(best: pd.DataFrame, tried: Sequence[str], summary: Mapping[str, Any]) -> Table:
    return Table(
        "The best trials",
        [
            numbers("trial", best["trial"], "d"),
            numbers("PSNR [dB]", best["psnr"], ".2f"),
            intervals(f"{summary['confidence']:.0%} interval", best, "psnr", ".2f"),
            *(words(key.removeprefix("training."), best[key].map(_written)) for key in tried),
        ],
        chosen=str(int(best["trial"].iloc[0])),
    )


def _written(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return str(value)
