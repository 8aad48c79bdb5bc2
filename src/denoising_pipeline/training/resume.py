"""Going on after an interruption, to the same bits: the state of training after each epoch."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from denoising_pipeline import __version__
from denoising_pipeline.core.backend import load_keras, resolve_precision
from denoising_pipeline.core.workers import ALONE, Workers
from denoising_pipeline.images.arrays import Images, array_digest
from denoising_pipeline.training.checkpoints import Checkpoints, State
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.options import TrainingParameters

logger = logging.getLogger(__name__)

Rows = list[dict[str, float]]


def training_identity(
    examples: Examples,
    validation: tuple[Images, Images],
    options: TrainingParameters,
    seed: int,
    start: Sequence[npt.NDArray[np.float32]] = (),
    workers: Workers = ALONE,
) -> str:
    """Return a text that is equal for two trainings if, and only if, they end with equal weights.

    How many workers there are does not change them. The leader alone reads all images for it.

    Args:
        examples: What is learnt from.
        validation: (noisy, clean) validation images.
        options: How.
        seed: Root seed.
        start: The weights that it starts from, if they are not drawn.
        workers: Those who train together.

    Returns:
        32 hexadecimal digits: of the images, the parameters, the versions and the precision.

    Raises:
        ValueError: A worker has other parameters than the leader, or other images, as far as their
            number and size and the validation images tell.
    """
    keras = load_keras()
    facts = {
        "training": options.model_dump(mode="json", exclude={"resume"}, serialize_as_any=True),
        "seed": seed,
        "precision": resolve_precision(options.precision),
        "versions": [__version__, keras.__version__, keras.config.backend()],
        "validation": [array_digest(images) for images in validation],
    }
    if start:
        facts["start"] = [array_digest(weights) for weights in start]
    if workers.world > 1:
        workers.check_agreed(_digest({**facts, "sizes": [len(examples), *examples.image_shape]}))
    own = {**facts, "examples": examples.facts} if workers.leads else {}
    return workers.of_leader(_digest(own))


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()


class ResumableTraining:
    """What a Keras model's `fit` needs to go on where an earlier process was interrupted."""

    def __init__(
        self,
        model: Any,
        stopping: Any,
        rows: Rows,
        options: TrainingParameters,
        checkpoints: Checkpoints,
        identity: str,
        workers: Workers = ALONE,
    ) -> None:
        """Put the last checkpoint's weights and history in place, if there is one.

        If the training shall not resume, checkpoints of an earlier attempt are removed: started
        once more, it would go on with what was discarded.

        Args:
            model: The compiled `keras.Model`.
            stopping: Its `keras.callbacks.EarlyStopping`.
            rows: The history, still empty; rows of earlier epochs are put in.
            options: `epochs` and `resume` are read.
            checkpoints: Where states are kept.
            identity: Which training it is, from `training_identity`.
            workers: Those who train together; the leader alone writes.

        Raises:
            ValueError: A worker finds another checkpoint than the leader.
        """
        self._model, self._stopping, self._rows = model, stopping, rows
        self._epochs = options.epochs
        self._checkpoints, self._identity = checkpoints, identity
        self._stopping_state: dict[str, Any] = {}
        self._workers = workers
        if not options.resume and workers.leads:
            checkpoints.clear(identity)
        state = checkpoints.latest(identity) if options.resume else None
        if state is not None:
            self._restore(state)
            logger.info("Resuming after epoch %d of %d", len(rows), self._epochs)
        workers.check_agreed(f"{len(rows):06d}")

    def callback(self) -> Any:
        """Return the callback that keeps the state of each epoch, to be put last."""
        return load_keras().callbacks.LambdaCallback(
            on_train_begin=lambda logs: vars(self._stopping).update(self._stopping_state),
            on_epoch_end=self._keep,
        )

    def _keep(self, epoch: int, logs: Mapping[str, float]) -> None:
        done = epoch + 1
        unfinished = done < self._epochs and not self._model.stop_training
        if unfinished and self._workers.leads:
            self._checkpoints.save(self._identity, done, self._state())

    @property
    def _variables(self) -> list[Any]:
        return [*self._model.variables, *self._model.optimizer.variables]

    def _state(self) -> State:
        stopping = {name: getattr(self._stopping, name) for name in ("best", "best_epoch", "wait")}
        progress = {"rows": self._rows, "stopping": stopping}
        arrays = {f"variable_{i}": np.asarray(v) for i, v in enumerate(self._variables)}
        kept = self._stopping.best_weights or []
        arrays |= {f"best_{i}": weights for i, weights in enumerate(kept)}
        return {**arrays, "progress": np.array(json.dumps(progress))}

    def _restore(self, state: State) -> None:
        for i, variable in enumerate(self._variables):
            variable.assign(state[f"variable_{i}"])
        progress = json.loads(str(state["progress"]))
        self._rows.extend(progress["rows"])
        kept = [state[f"best_{i}"] for i in range(len(state)) if f"best_{i}" in state]
        self._stopping_state = {**progress["stopping"], "best_weights": kept or None}
