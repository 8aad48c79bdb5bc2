"""The one door to Keras: it is imported on first use, quietly, and after its backend."""

import importlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from denoising_pipeline.core.workers import Workers

BATCHES_AHEAD = 16
"""Batches that TensorFlow has ready while it computes."""

NOT_FOLLOWED = (
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_FUNCTION_JIT_COMPILE_DEFAULT",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "TF_XLA_FLAGS",
)
"""Variables that make TensorFlow compute by other kernels, or less exactly."""

logger = logging.getLogger(__name__)

_LOCK = threading.RLock()
"""Held while Keras is imported, and while what it writes to stderr is held back."""

_configured = threading.Event()


def load_keras() -> ModuleType:
    """Import Keras when it is first needed and return the module.

    `KERAS_BACKEND` chooses the backend; TensorFlow is the default. TensorFlow is imported before
    Keras, because the other order gives a circular-import warning under MLflow's import hooks. One
    thread imports at a time. What the user's `keras.json` or variables say of number formats,
    epochs and kernels is put back to the defaults: it would change results. One of several workers
    meets the others here.

    Returns:
        The `keras` module.

    Raises:
        ValueError: Keras cannot use the backend, or this is one of several workers and does not
            meet the others.
    """
    if _configured.is_set():
        return sys.modules["keras"]
    with _LOCK:
        backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
        os.environ["KERAS_BACKEND"] = backend
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        for name in NOT_FOLLOWED:
            if os.environ.pop(name, None):
                logger.warning("%s is set, and not followed: it would change results.", name)
        if backend == "tensorflow" and "tensorflow" not in sys.modules:
            with _native_stderr_held_back():
                importlib.import_module("tensorflow")
        try:
            if backend == "openvino":  # It would tell its makers that it was imported, too.
                raise ImportError("no network can be trained by it")
            keras = importlib.import_module("keras")
        except (ImportError, ValueError) as error:
            raise ValueError(
                f"KERAS_BACKEND is {backend!r}, and Keras cannot use it here ({error}). Unset it, "
                "or set it to jax and install that (the extra `jax`)."
            ) from error
        Workers.here().join(backend)
        _put_defaults_back(keras.config)
        _configured.set()
        return keras


def _put_defaults_back(config: Any) -> None:
    config.set_floatx("float32")
    config.set_dtype_policy("float32")
    config.set_image_data_format("channels_last")
    config.set_epsilon(1e-7)
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


@contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Build what is inside in a certain precision.

    Args:
        precision: `"float32"`; `"mixed_bfloat16"`: weights stay float32, layers compute in
            bfloat16, which is about twice as fast where the processor has instructions for it; or
            `"auto"`: the second where it has, else the first.
    """
    config = load_keras().config
    previous = config.dtype_policy()
    config.set_dtype_policy(resolve_precision(precision))
    try:
        yield
    finally:
        config.set_dtype_policy(previous)


def batches_to_fit(batches: Iterator[tuple[Any, ...]]) -> Any:
    """Return batches as `fit` takes them, so that it ends when its last epoch does.

    Of a plain iterator Keras makes a dataset that TensorFlow tunes, in a thread that sleeps for up
    to a minute at a time; `fit` may wait for that at its end.

    Args:
        batches: Tuples of NumPy arrays, of one shape but for the first axis.

    Returns:
        A dataset that is not tuned, where the backend is TensorFlow; else the iterator.
    """
    if load_keras().config.backend() != "tensorflow":
        with _native_stderr_held_back():
            importlib.import_module("tensorflow")  # Keras's `fit` does it anyway, and not quietly.
        return batches
    first = next(batches, None)
    if first is None:
        return iter(())
    data = importlib.import_module("tensorflow").data
    dataset = data.Dataset.from_generator(
        lambda: chain([first], batches),
        output_signature=tuple(_spec(part) for part in first),
    )
    untuned = data.Options()
    untuned.autotune.enabled = False
    return dataset.prefetch(BATCHES_AHEAD).with_options(untuned)


def _spec(batch: Any) -> Any:
    shape = (None, *batch.shape[1:])
    return importlib.import_module("tensorflow").TensorSpec(shape, batch.dtype)


def resolve_precision(precision: str) -> str:
    """Return the precision that `"auto"` stands for on this machine; others are themselves."""
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if has_bfloat16() else "float32"


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16; where Linux on x86 does not tell, it does not."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


@contextmanager
def _native_stderr_held_back() -> Iterator[None]:
    """Hold back what native code writes to stderr; show it if an exception is raised.

    While TensorFlow is imported it reports its build options, and no setting of its own stops it.
    """
    with _LOCK, tempfile.TemporaryFile() as held_back:
        sys.stderr.flush()
        saved = os.dup(2)
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(saved, held_back.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
