"""What a training leaves of each epoch, and how others follow it."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.training.resume import Rows

EpochLogger = Callable[[int, Mapping[str, float]], None]
"""Takes an epoch, from 1, and its metrics, as soon as the epoch is over."""


class TrainingDivergedError(RuntimeError):
    """The loss is no longer a finite number."""


def log_row(log_epoch: EpochLogger, row: Mapping[str, float]) -> None:
    """Give a row of the history to who follows the epochs."""
    log_epoch(int(row["epoch"]), {key: value for key, value in row.items() if key != "epoch"})


def epoch_callback(rows: Rows, section: str) -> Any:
    """Return the callback that collects the history and stops at a lost cause.

    Args:
        rows: Gets a row for each epoch: `epoch`, from 1, its metrics and `seconds`.
        section: Of the parameters, that an error names.

    Raises:
        TrainingDivergedError: From within the training: a metric is NaN or infinite.
    """
    started = time.perf_counter()

    def on_epoch_end(epoch: int, logs: Mapping[str, float]) -> None:
        nonlocal started
        if not all(map(math.isfinite, logs.values())):
            raise TrainingDivergedError(
                f"The loss is not a finite number after epoch {epoch + 1} ({dict(logs)}). "
                f"Lower {section}.learning_rate, or look at the images."
            )
        metrics = {key: float(value) for key, value in logs.items()}
        metrics["seconds"] = time.perf_counter() - started
        started = time.perf_counter()
        rows.append({"epoch": epoch + 1, **metrics})

    return load_keras().callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
