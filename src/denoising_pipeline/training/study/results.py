"""What a study found: a table of its trials, what mattered, the best as a recipe."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from denoising_pipeline.evaluation.metrics import mean_interval
from denoising_pipeline.evaluation.paired import paired_difference
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.study.space import COMPONENTS, Space
from denoising_pipeline.training.study.trials import ABANDONED, REASON, SCORES, load_optuna

if TYPE_CHECKING:
    import optuna

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
FACTS = ("trial", "state", "psnr", "psnr_ci_low", "psnr_ci_high", "epochs", "seconds", "reason")
"""Columns of the table of trials that are no parameters."""

LOSS, LATENT = "training.loss", "training.model.latent_dim"
MODEL = "training.model.name"


def trial_tables(
    study: "optuna.Study", space: Space, confidence: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials of a study and the scores of each image.

    Args:
        study: The study.
        space: Its space: a column for each parameter, empty in trials that do not have it.
        confidence: Of the intervals over validation images.

    Returns:
        A row per trial with the columns of `FACTS` and its parameters; a row per finished trial
        and image: `trial`, `image`, `psnr`.
    """
    rows, scores = [], []
    for trial in study.get_trials(deepcopy=False):
        if ABANDONED in trial.user_attrs or trial.state.name not in STATES:
            continue
        values = np.array(trial.user_attrs.get(SCORES, []))
        interval = mean_interval(values, confidence) if len(values) else (math.nan,) * 3
        took = trial.duration.total_seconds() if trial.duration else math.nan
        told = trial.user_attrs.get(REASON, "")
        epochs = max(trial.intermediate_values, default=0)
        state = STATES[trial.state.name]
        facts = (trial.number, state, *interval, epochs, took, told)
        rows.append(dict(zip(FACTS, facts, strict=True)) | trial.params)
        numbers = {"trial": trial.number, "image": range(len(values)), "psnr": values}
        scores.append(pd.DataFrame(numbers))
    table = pd.DataFrame(rows, columns=[*FACTS, *space.parameters])
    return table, pd.concat(scores, ignore_index=True)


def importances(study: "optuna.Study", seed: int) -> pd.DataFrame:
    """Return how much of the differences in quality each parameter explains, by fANOVA.

    F. Hutter, H. Hoos, K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
    Importance" (2014). Trials that have the same parameters are looked at together: options of one
    architecture say nothing about another.

    Args:
        study: The study.
        seed: Root seed of the forest.

    Returns:
        A row per group and parameter, the most important first: `group` (what its trials have in
        common, such as the architecture), `parameter`, `importance` (of a group they sum to 1) and
        `n_trials`. None of a group of fewer than four finished trials.
    """
    optuna = load_optuna()
    done = [t for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
    groups: dict[tuple[str, ...], list[Any]] = {}
    for trial in done:
        alike = (str(trial.params.get(MODEL, "")), *sorted(trial.params))
        groups.setdefault(alike, []).append(trial)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed % 2**31)
    rows = []
    for (name, *_), trials in groups.items():
        values = {trial.value for trial in trials}
        if len(trials) < 4 or len(values) == 1:  # noqa: PLR2004
            continue
        part = optuna.create_study(direction="maximize")
        part.add_trials(trials)
        found = optuna.importance.get_param_importances(part, evaluator=evaluator)
        tried = {key for key in found if len({str(trial.params[key]) for trial in trials}) > 1}
        rows += [(name, key, value, len(trials)) for key, value in found.items() if key in tried]
    return pd.DataFrame(rows, columns=["group", "parameter", "importance", "n_trials"])


def summarize(
    table: pd.DataFrame, scores: pd.DataFrame, confidence: float, seed: int
) -> dict[str, Any]:
    """Put into single numbers what a study found.

    Args:
        table: The first table of `trial_tables`.
        scores: The second one.
        confidence: Of the intervals over validation images.
        seed: Root seed of the bootstrap.

    Returns:
        How many trials became what; of the best one number, PSNR and interval. If there are trials
        that differ in nothing but the loss, `bce_over_mse`, the mean over them of PSNR by
        binary cross-entropy less that by MSE, its interval, and their number `bce_over_mse_pairs`.
        Likewise `smaller_code` of trials that differ in nothing but latent_dim: PSNR with the
        smallest less that with the largest.
    """
    done = table[table["state"] == "complete"]
    found: dict[str, Any] = {f"n_{s}": int((table["state"] == s).sum()) for s in STATES.values()}
    found |= {"confidence": confidence}
    if done.empty:
        return found
    best = done.sort_values("psnr").iloc[-1]
    found |= {"best_trial": int(best["trial"]), "best_psnr": float(best["psnr"])}
    found |= {f"best_psnr_ci_{end}": float(best[f"psnr_ci_{end}"]) for end in ("low", "high")}
    images = scores.pivot_table("psnr", "image", "trial")
    found["n_images"] = len(images)
    losses = list(twins(done, LOSS, ("binary_crossentropy", "mse")))
    found |= _difference("bce_over_mse", losses, images, confidence, seed)
    ends = (done[LATENT].min(), done[LATENT].max()) if LATENT in done else (0, 0)
    if ends[0] < ends[1]:
        found |= {"smallest_latent_dim": int(ends[0]), "largest_latent_dim": int(ends[1])}
        codes = list(twins(done, LATENT, ends))
        found |= _difference("smaller_code", codes, images, confidence, seed)
    return found


def twins(done: pd.DataFrame, key: str, values: tuple[Any, Any]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of trials that differ in nothing but one parameter.

    Args:
        done: Finished trials.
        key: The parameter.
        values: That of the first and of the second of a pair.
    """
    if key not in done:
        return
    others = [name for name in done.columns if name not in {*FACTS, key}]
    for _, alike in done.groupby(others, dropna=False) if others else [((), done)]:
        first, second = (alike.loc[alike[key] == value, "trial"] for value in values)
        if len(first) and len(second):
            yield int(first.iloc[0]), int(second.iloc[0])


def _difference(
    name: str,
    pairs: Sequence[tuple[int, int]],
    images: pd.DataFrame,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Return the mean difference over pairs of trials, with an interval over images."""
    if not pairs:
        return {f"{name}_pairs": 0}
    first, second = (
        images[[pair[side] for pair in pairs]].to_numpy().mean(axis=1) for side in (0, 1)
    )
    result = paired_difference(first, second, seed=seed, confidence=confidence)
    ends = {f"{name}_ci_low": result.low, f"{name}_ci_high": result.high}
    return {name: result.mean, **ends, f"{name}_pairs": len(pairs)}


def best_recipe(study: "optuna.Study", space: Space, table: pd.DataFrame) -> str:
    """Return a parameters file with what the best trial has other than the recipe that ran.

    Raises:
        ValueError: No trial has finished.
    """
    done = table[table["state"] == "complete"]
    if done.empty:
        raise ValueError("No trial of the study has finished, so none is the best.")
    best = done.sort_values("psnr").iloc[-1]
    number = int(best["trial"])
    trial = next(t for t in study.get_trials(deepcopy=False) if t.number == number)
    options = space.options(space.draw(lambda key, values: _chosen(trial.params[key], values)))
    text = yaml.safe_dump({"training": differing(space.training, options)}, sort_keys=False)
    return (
        f"# Trial {number} of the study {study.study_name!r}: {best['psnr']:.2f} dB on "
        f"{len(trial.user_attrs[SCORES]):,} validation images, the best of {len(done)} trials.\n"
        f"{text}"
    )


def _chosen(stored: Any, values: Any) -> Any:
    from denoising_pipeline.training.study.space import label

    if isinstance(values, list):
        return values[[label(value) for value in values].index(stored)]
    return stored


def differing(base: TrainingParameters, options: TrainingParameters) -> dict[str, Any]:
    """Return the parameters of a training that differ from those of another, as a layer over it."""
    return _over(base.model_dump(mode="json"), options.model_dump(mode="json"), "training")


def _over(below: Mapping[str, Any], above: Mapping[str, Any], part: str) -> dict[str, Any]:
    if part in COMPONENTS and below["name"] != above["name"]:
        return dict(above)
    found: dict[str, Any] = {"name": above["name"]} if part in COMPONENTS and below != above else {}
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below[key], dict):
            if inner := _over(below[key], value, f"{part}.{key}"):
                found[key] = inner
        elif value != below[key]:
            found[key] = value
    return found
