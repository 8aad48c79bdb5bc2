"""Variables of MLflow that somebody has set for other work: which are followed, and which not."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from denoising_pipeline.hooks.store import STORE

NOT_FOLLOWED = {
    "MLFLOW_RUN_ID": "every run here is one of its own",
    "MLFLOW_EXPERIMENT_NAME": "mlflow.yml names the experiment",
    "MLFLOW_EXPERIMENT_ID": "mlflow.yml names the experiment",
    "MLFLOW_ACTIVE_MODEL_ID": "metrics belong to the run, and its model is logged with it",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "a run ends when all of it is written",
}
"""Why a variable is not followed: it would mix runs, or lose a part of one."""

logger = logging.getLogger(__name__)


@contextmanager
def own_tracking() -> Iterator[None]:
    """Set MLflow up inside, by mlflow.yml and `MLFLOW_TRACKING_URI` alone.

    What is not followed is unset for this process, and so is what MLflow sets itself: the next
    session would take it for the user's.
    """
    for name, reason in NOT_FOLLOWED.items():
        if os.environ.pop(name, None):
            logger.warning("%s is set, and not followed: %s.", name, reason)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    given = os.environ.get(STORE)
    if given:
        logger.info("Runs are tracked in the store that %s names.", STORE)
    try:
        yield
    finally:
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
        if not given:
            os.environ.pop(STORE, None)
