"""What a notebook needs is imported from the package itself, and costs nothing until then."""

import subprocess
import sys

import pytest

import denoising_pipeline

HEAVY = {"kedro", "kedro_datasets", "mlflow", "tensorflow", "keras", "matplotlib"}

SLOW = {
    "scipy.fft",
    "scipy.ndimage",
    "scipy.special",
    "scipy.stats",
    "PIL",
    "onnxruntime",
    "denoising_pipeline.degradations",
}
"""What takes longer to import than all that `Denoiser` needs until one is loaded."""


def imported_by(code: str, among: set[str] = HEAVY) -> set[str]:
    """Return which of some modules a new process has imported after some code."""
    told = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return among & set(done.stdout.split())


@pytest.mark.parametrize("name", denoising_pipeline.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(denoising_pipeline, name) is not None
    assert name in dir(denoising_pipeline)


def test_the_package_alone_imports_nothing_heavy() -> None:
    assert imported_by("import denoising_pipeline") == set()
    assert imported_by("from denoising_pipeline import __version__") == set()


def test_all_public_names_import_neither_kedro_nor_mlflow_nor_keras() -> None:
    """Keras is imported when a network is built."""
    assert imported_by("from denoising_pipeline import *; Denoiser, train, psnr") == set()


def test_a_denoiser_is_imported_without_what_is_slow_to_import() -> None:
    assert imported_by("from denoising_pipeline import Denoiser", HEAVY | SLOW) == set()


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Denoisr'"):
        _ = denoising_pipeline.Denoisr  # type: ignore[attr-defined]
    assert not hasattr(denoising_pipeline, "tensorflow")
