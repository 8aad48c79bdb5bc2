"""The one door to Keras: it is imported on first use, quietly, and after its backend."""

import importlib
import os
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
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        importlib.import_module("tensorflow")
    return importlib.import_module("keras")
