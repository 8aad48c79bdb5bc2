"""Versions of the registered model: each trained and scored denoiser, the best of them by alias."""

import json
import logging
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from denoising_pipeline.config import Parameters
from denoising_pipeline.datasets.mlflow_runs import tracked_run
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.champion import Decision, decide, decide_first
from denoising_pipeline.evaluation.runs import TrackedRun
from denoising_pipeline.evaluation.scoring import SCORE_FORMATS
from denoising_pipeline.hooks.descriptions import describe_denoiser, measured
from denoising_pipeline.hooks.store import store_lock

logger = logging.getLogger(__name__)

CHAMPION = "champion"
"""Alias of the best version so far."""

CHALLENGER = "challenger"
"""Alias of the newest version that is not known to be better than the champion."""

RUN_TAGS = ("kedro_command", "git.commit", "source.digest")
"""Tags of the run that its version gets, too."""


def register(
    name: str, model_id: str, run_id: str, denoiser: Denoiser, parameters: Parameters
) -> None:
    """Register the denoiser of a run that scored it, as champion or as challenger.

    What goes wrong is a warning: the run has its results, and its model can be registered by hand.

    Args:
        name: Name of the registered model.
        model_id: The logged model.
        run_id: The run that logged it, with its scores.
        denoiser: The denoiser.
        parameters: Of the run; `seed`, `evaluation.confidence` and `comparison.resamples` are read.
    """
    try:
        client = MlflowClient()
        run = tracked_run(client, client.get_run(run_id))
        with store_lock():
            text = description(denoiser, run)
            version = _registered(client, name, model_id, run_id)
            if version is None:
                champion = _champion(client, name)
                decision = _decision(client, run, champion, parameters)
                tags = _tags(run, denoiser, decision, champion, parameters.evaluation.confidence)
                version = _create(client, name, model_id, run_id, text, tags)
            alias = version.tags["decision"]
            client.set_registered_model_alias(name, alias, version.version)
            _link(client, model_id, version)
            if alias == CHAMPION:
                _present(client, name, version.version, text)
    except Exception as error:
        logger.warning("The denoiser is not registered as '%s': %s", name, error)
    else:
        uri = f"models:/{name}@{alias}"
        reason = version.tags["decision.reason"]
        logger.info("Registered as %s, version %s: %s", uri, version.version, reason)


def _registered(client: MlflowClient, name: str, model_id: str, run_id: str) -> ModelVersion | None:
    """Return the version of a logged model that was registered before its process was killed."""
    found = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    return next((version for version in found if version.source == _source(model_id)), None)


def _link(client: MlflowClient, model_id: str, version: ModelVersion) -> None:
    """Name the version on the page of the logged model, which only servers do by themselves."""
    known = json.loads(client.get_logged_model(model_id).tags.get(MLFLOW_MODEL_VERSIONS, "[]"))
    found = {"name": version.name, "version": version.version}
    if found not in known:
        tag = json.dumps([*known, found])
        client.set_logged_model_tags(model_id, {MLFLOW_MODEL_VERSIONS: tag})


def _source(model_id: str) -> str:
    return f"models:/{model_id}"


def _champion(client: MlflowClient, name: str) -> ModelVersion | None:
    try:
        return client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:  # which of the two depends on whether there is a model
        missing = (INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST)
        if error.error_code not in {ErrorCode.Name(code) for code in missing}:
            raise
        return None


def _decision(
    client: MlflowClient, run: TrackedRun, champion: ModelVersion | None, parameters: Parameters
) -> Decision:
    how: dict[str, Any] = {
        "seed": parameters.seed,
        "confidence": parameters.evaluation.confidence,
        "resamples": parameters.comparison.resamples,
    }
    if champion is None:
        return decide_first(run, **how)
    try:
        other = tracked_run(client, client.get_run(champion.run_id or ""))
    except MlflowException:
        return Decision(False, "cannot be compared with the champion: its run is gone")
    return decide(run, other, **how)


def _tags(
    run: TrackedRun,
    denoiser: Denoiser,
    decision: Decision,
    champion: ModelVersion | None,
    confidence: float,
) -> dict[str, str]:
    """Return the decision with its figures, and what the version is."""
    card = denoiser.card
    tags = {
        "decision": CHAMPION if decision.champion else CHALLENGER,
        "decision.reason": decision.reason,
        "architecture": denoiser.architecture.name,
        "source": card.images.source,
        "degradation": card.noise.describe(),
    }
    score = next(score for score in SCORE_FORMATS if score.key in run.metrics)
    tags[score.key] = f"{run.metrics[score.key]:.{score.digits + 2}f}"
    if champion:
        tags["decision.champion"] = str(champion.version)
    if found := decision.difference:
        tags |= {
            f"decision.{score.key}_difference": f"{found.mean:.4g}",
            f"decision.{score.key}_difference_low": f"{found.low:.4g}",
            f"decision.{score.key}_difference_high": f"{found.high:.4g}",
            "decision.confidence": f"{confidence:g}",
            "decision.p_value": f"{found.p_value:.4g}",
            "decision.images": str(found.n),
        }
    return tags | {key: run.tags[key] for key in RUN_TAGS if key in run.tags}


def description(denoiser: Denoiser, run: TrackedRun) -> str:
    """Return what a denoiser is and what its run measured."""
    score = measured(run.metrics, int(run.tags["n_images"])) if "n_images" in run.tags else ""
    return describe_denoiser(denoiser, score, run.run_id)


def _present(client: MlflowClient, name: str, version: str, text: str) -> None:
    """Describe the registered model by its champion, unless somebody has written something else."""
    start = "The champion is version "
    known = client.get_registered_model(name).description
    if not known or known.startswith(start):
        about = f"{start}{version}, the best denoiser so far by more than chance."
        client.update_registered_model(name, f"{about}\n\n{text}")


def _create(
    client: MlflowClient,
    name: str,
    model_id: str,
    run_id: str,
    description: str,
    tags: dict[str, str],
) -> ModelVersion:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
    return client.create_model_version(
        name,
        _source(model_id),
        run_id,
        tags=tags,
        description=description,
        await_creation_for=0,
        model_id=model_id,
    )
