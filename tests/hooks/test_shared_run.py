"""What the variables of an orchestrator say."""

import pytest

from denoising_pipeline.hooks.shared_run import (
    OPEN,
    TAG,
    VARIABLE,
    goes_on,
    shared_run,
    without_process,
)

NAME = "2026-11-27T20.15.00.000Z"


def test_a_run_is_its_own_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(OPEN, "1")
    assert (shared_run(), goes_on()) == (None, False)
    monkeypatch.setenv(VARIABLE, NAME)
    assert (shared_run(), goes_on()) == (NAME, True)
    monkeypatch.setenv(VARIABLE, "yesterday")
    with pytest.raises(ValueError, match="is written like"):
        shared_run()


def test_a_shared_run_is_no_process_of_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds its process gone would end it."""
    monkeypatch.setenv(VARIABLE, NAME)
    tags = {"process.id": "1", "source": "mnist"}
    assert without_process(tags) == {"source": "mnist", TAG: NAME}
