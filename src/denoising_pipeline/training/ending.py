"""How a training ends before its last epoch: by the clock, or by the person who waits for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.core.workers import Workers
from denoising_pipeline.training.resume import Rows

logger = logging.getLogger(__name__)


def time_limit(rows: Rows, minutes: float, workers: Workers) -> Any:
    """Return the callback that ends a training when another epoch would take it past its time.

    Epochs of a training that was interrupted and goes on count, too.

    Args:
        rows: The history, a row with `seconds` for each epoch that is over.
        minutes: What the epochs may take, in all, by the leader's clock.
        workers: Those who train together, and end together.
    """

    def on_epoch_end(epoch: int, logs: Any) -> None:
        seconds = [row["seconds"] for row in rows]
        late = sum(seconds) + seconds[-1] > 60 * minutes
        if workers.of_leader("end" if late else "go ").strip() == "end":
            callback.model.stop_training = True

    callback = load_keras().callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
    return callback


@contextmanager
def kept_if_interrupted(keep: bool, rows: Rows, stopping: Any) -> Iterator[None]:
    """Let Ctrl-C end a training with the best weights so far, once there are any.

    Args:
        keep: Whether it shall; else, and in the first epoch, it ends the run.
        rows: The history, a row for each epoch that is over.
        stopping: The `keras.callbacks.EarlyStopping` that has the best weights.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not (keep and rows):
            raise
        stopping.on_train_end()
        logger.warning(
            "Interrupted: the denoiser is the best of %d epochs. It is scored now; once more ends "
            "the run.",
            len(rows),
        )
