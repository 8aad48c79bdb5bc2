"""What the system is short of is one sentence, whatever a library says."""

import errno
import os

import pytest

from denoising_pipeline.core.shortage import shortage


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("libx.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)),
    ],
)
def test_fault_p12_little_memory_and_few_threads_are_known_by_any_error(error: Exception) -> None:
    outer = ValueError("a node failed")
    outer.__cause__ = error
    for each in (error, outer):
        assert shortage(each).startswith("There is too little memory for this")


def test_fault_p12_few_handles_are_told_apart() -> None:
    assert "ulimit -n" in shortage(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))


def test_what_is_no_shortage_is_not_called_one() -> None:
    for error in (OSError(errno.ENOSPC, "No space left on device"), RuntimeError("no"), None):
        assert not shortage(error)
