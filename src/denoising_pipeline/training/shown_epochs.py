"""What is seen of a training while it goes on: a line per epoch, no longer than a terminal."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from denoising_pipeline.core.backend import load_keras

WIDTH = 79
"""Characters of a line."""

EVERY = 0.5
"""Seconds from one look to the next within an epoch."""

_AGAIN = "\r\033[K"
"""What begins the line of a terminal anew."""


class _Shown:
    """Prints what Keras tells it."""

    def __init__(self, epochs: int, steps: int, *, terminal: bool) -> None:
        self._epochs, self._steps, self._terminal = epochs, steps, terminal
        self._epoch, self._began, self._looked = 0, 0.0, 0.0

    def begin(self, epoch: int, logs: Any) -> None:
        self._epoch = epoch + 1
        self._began = self._looked = time.monotonic()

    def step(self, index: int, logs: Mapping[str, float]) -> None:
        now, done = time.monotonic(), index + 1
        if now - self._looked >= EVERY:
            self._looked, left = now, (now - self._began) * (self._steps - done) / done
            self._write([f"step {done} of {self._steps}"], logs, f"{left:.0f} s left")

    def end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self._write([], logs, f"{time.monotonic() - self._began:.0f} s", "\n")

    def _write(
        self, step: list[str], logs: Mapping[str, float], seconds: str, after: str = ""
    ) -> None:
        place = f"epoch {self._epoch:>{len(str(self._epochs))}} of {self._epochs}"
        numbers = _numbers(logs)
        # A number that is cut would be another one: what has no room is left out whole.
        while len(line := "  ".join([place, *step, *numbers, seconds])) > WIDTH and numbers:
            numbers.pop()
        sys.stdout.write(f"{_AGAIN if self._terminal else ''}{line}{after}")
        sys.stdout.flush()


def shown_epochs(epochs: int, steps: int) -> Any:
    """Return the callback that prints a line per epoch, and on a terminal how far an epoch is.

    Args:
        epochs: Of the training.
        steps: Of an epoch.
    """
    terminal = sys.stdout.isatty()
    shown = _Shown(epochs, steps, terminal=terminal)
    # Without a terminal nobody looks at steps, for which Keras would wait.
    steps_too = {"on_train_batch_end": shown.step} if terminal else {}
    return load_keras().callbacks.LambdaCallback(
        on_epoch_begin=shown.begin, on_epoch_end=shown.end, **steps_too
    )


def _numbers(logs: Mapping[str, float]) -> list[str]:
    """Return each score, that of validation images beside it; decibels have two decimals."""
    texts = {
        key: f"{value:.2f}" if "psnr" in key else f"{value:.4g}" for key, value in logs.items()
    }
    beside = {f"val_{key}": key for key in texts}
    return [
        f"{key} {text} val {texts[f'val_{key}']}" if f"val_{key}" in texts else f"{key} {text}"
        for key, text in texts.items()
        if key not in beside
    ]
