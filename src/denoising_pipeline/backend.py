"""The one door to Keras: it is imported on first use, quietly, and after its backend."""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


def load_keras() -> ModuleType:
    """Import Keras when it is first needed and return the module.

    `KERAS_BACKEND` chooses the backend; TensorFlow is the default. TensorFlow is imported before
    Keras, because the other order gives a circular-import warning under MLflow's import hooks.

    Returns:
        The `keras` module.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ["KERAS_BACKEND"] == "tensorflow" and "tensorflow" not in sys.modules:
        with _native_stderr_held_back():
            importlib.import_module("tensorflow")
    return importlib.import_module("keras")


@contextmanager
def _native_stderr_held_back() -> Iterator[None]:
    """Hold back what native code writes to stderr; show it if an exception is raised.

    While TensorFlow is imported it reports its build options, and no setting of its own stops it.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
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
