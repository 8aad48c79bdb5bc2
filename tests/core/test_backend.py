"""Keras comes in by one door: on first use, after its backend, and without noise."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from denoising_pipeline.core.backend import (
    NOT_FOLLOWED,
    _native_stderr_held_back,
    batches_to_fit,
)

NOT_MEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""Under coverage the import of the real libraries takes twice as long."""

STAND_IN = """
class Config:
    def __getattr__(self, name):
        return lambda *given: "jax"
config = Config()
"""
"""What is asked of Keras when it is loaded, and nothing else."""

LOAD = "from denoising_pipeline.core.backend import load_keras; keras = load_keras();"


def python(
    code: str, folder: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run code in a process of its own, with the packages of a folder before all others."""
    first = f"import sys; sys.path.insert(0, {str(folder)!r}); " if folder else ""
    unset = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    command = [sys.executable, "-c", first + code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=unset | environment
    )


def package(folder: Path, name: str, code: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(code)


@pytest.mark.slow  # the same beside what a user has set: the last test of this file
def test_keras_is_loaded_without_a_word() -> None:
    """The real libraries, in a process of their own."""
    code = f"{LOAD} print(keras.backend.backend(), keras is load_keras())"
    done = python(code, None, **NOT_MEASURED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensorflow True\n", "")


def test_tensorflow_is_imported_before_keras(tmp_path: Path) -> None:
    """The other order warns of a circular import once MLflow has put its hooks in."""
    for name in ("tensorflow", "keras"):
        package(tmp_path, name, f"print('{name}')\n{STAND_IN}")
    assert python(LOAD, tmp_path).stdout.split() == ["tensorflow", "keras"]


def test_another_backend_does_not_bring_tensorflow(tmp_path: Path) -> None:
    """`KERAS_BACKEND` is obeyed: with stand-ins for both libraries, only one is imported."""
    package(tmp_path, "tensorflow", "raise SystemExit('tensorflow was imported')")
    package(tmp_path, "keras", f"import os; chosen = os.environ['KERAS_BACKEND']\n{STAND_IN}")
    done = python(f"{LOAD} print(keras.chosen)", tmp_path, KERAS_BACKEND="jax")
    assert (done.returncode, done.stdout, done.stderr) == (0, "jax\n", "")


@pytest.mark.parametrize("backend", ["nonsense", "openvino"])
def test_a_backend_that_is_not_there_is_named_with_its_variable(backend: str) -> None:
    done = python(LOAD, KERAS_BACKEND=backend)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ValueError: KERAS_BACKEND is {backend!r}, and Keras cannot use it")


def test_an_empty_choice_of_the_backend_is_none(tmp_path: Path) -> None:
    for name in ("tensorflow", "keras"):
        package(tmp_path, name, f"print('{name}')\n{STAND_IN}")
    assert python(LOAD, tmp_path, KERAS_BACKEND="").stdout.split() == ["tensorflow", "keras"]


def test_variables_that_change_what_tensorflow_computes_are_not_followed(tmp_path: Path) -> None:
    """They are unset before it is imported, and it is said."""
    package(tmp_path, "keras", STAND_IN)
    left = f"import os; print([name for name in {NOT_FOLLOWED} if name in os.environ])"
    package(tmp_path, "tensorflow", left)
    variables = dict.fromkeys(NOT_FOLLOWED, "1")
    done = python(f"import logging; logging.basicConfig(); {LOAD}", tmp_path, **variables)
    assert done.stdout.strip() == "[]"
    for name in NOT_FOLLOWED:
        assert f"{name} is set, and not followed" in done.stderr


@pytest.mark.parametrize("targets", [np.zeros((5, 4, 6, 1), np.float32), np.arange(5)])
def test_batches_are_fitted_as_they_are_and_without_a_thread_that_tunes(
    targets: npt.NDArray[Any],
) -> None:
    """Images and labels; the last batch is smaller."""
    images = np.arange(120, dtype=np.float32).reshape(5, 4, 6, 1)
    given = [(images[part], targets[part]) for part in (slice(2), slice(2, 4), slice(4, 5))]
    dataset = batches_to_fit(iter(given))
    assert dataset.options().autotune.enabled is False
    for batch, expected in zip(dataset.as_numpy_iterator(), given, strict=True):
        for part, side in zip(batch, expected, strict=True):
            assert part.dtype == side.dtype
            np.testing.assert_array_equal(part, side)


def test_nothing_to_fit_is_nothing() -> None:
    assert not list(batches_to_fit(iter(())))


@pytest.mark.slow
def test_another_backend_gets_the_batches_themselves(tmp_path: Path) -> None:
    package(tmp_path, "keras", STAND_IN)
    code = "from denoising_pipeline.core.backend import batches_to_fit; b = iter(()); "
    done = python(f"{code} print(batches_to_fit(b) is b)", tmp_path, KERAS_BACKEND="jax")
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_what_a_failing_import_says_is_not_lost(tmp_path: Path) -> None:
    package(tmp_path, "tensorflow", "import os; os.write(2, b'no AVX'); raise ImportError('libtf')")
    done = python(LOAD, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("no AVX")
    assert "ImportError: libtf" in done.stderr


def test_native_output_is_held_back_and_comes_again_after(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with _native_stderr_held_back():
        os.write(2, b"chatter")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_native_output_is_shown_when_something_is_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(KeyboardInterrupt), _native_stderr_held_back():
        os.write(2, b"reason")
        raise KeyboardInterrupt
    os.write(2, b" after")
    assert capfd.readouterr().err == "reason after"


def test_threads_that_ask_at_once_get_one_import(tmp_path: Path) -> None:
    """Each library takes its time to import, and would notice a second thread in it."""
    slow = "import time; print('{0}', flush=True); time.sleep(0.3); whole = True\n" + STAND_IN
    for name in ("tensorflow", "keras"):
        package(tmp_path, name, slow.format(name))
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from denoising_pipeline.core.backend import load_keras\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    found = list(pool.map(lambda _: load_keras().whole, range(8)))\n"
        "print(found == [True] * 8)"
    )
    done = python(code, tmp_path)
    assert (done.stdout.split(), done.stderr) == (["tensorflow", "keras", "True"], "")


def test_native_output_of_threads_goes_where_it_went_before(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Two that hold it back at once would each keep the other's file for the real one."""

    def hold_back(_: int) -> None:
        with _native_stderr_held_back():
            os.write(2, b"chatter")
            time.sleep(0.01)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold_back, range(12)))
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_keras_is_loaded_once_without_a_word_and_as_no_user_has_set_it(tmp_path: Path) -> None:
    """His keras.json and variables are for his own work; the backend is ours to choose, too."""
    settings = {
        "floatx": "float16",
        "epsilon": 0.1,
        "image_data_format": "channels_first",
        "backend": "numpy",
    }
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    code = (
        f"{LOAD} c = keras.config; assert keras is load_keras();"
        "layer = keras.layers.Conv2D(2, 3, padding='same');"
        "print(c.floatx(), c.epsilon(), c.image_data_format(), c.backend(), c.dtype_policy().name,"
        "c.max_epochs(), c.max_steps_per_epoch(), layer.dtype, layer.data_format)"
    )
    his = {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"}
    done = python(code, None, KERAS_HOME=str(tmp_path), **his, **NOT_MEASURED)
    expected = "float32 1e-07 channels_last tensorflow float32 None None float32 channels_last"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().replace("<DTypePolicy ", "") == expected
