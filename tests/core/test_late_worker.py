"""Workers that wait for each other: processes that exchange arrays."""

import importlib.util
import socket
import subprocess
import sys

import pytest
from limits import PATIENCE
from project_folder import environment

from denoising_pipeline.core.workers import ADDRESSES, COUNT, NUMBER

EXCHANGE = """
import sys, time
import numpy as np
from denoising_pipeline.core import workers
from denoising_pipeline.core.backend import load_keras

workers.SILENCE, workers.LOOK = 4, 1
here, keras = workers.Workers.here(), load_keras()
from jax.experimental.multihost_utils import process_allgather
with here.training(keras):
    own = np.full(8_000_000, here.rank + 1, np.float32)
    process_allgather(own[:1])
    time.sleep(2 + 12 * here.rank)
    print(process_allgather(own).mean(dtype=np.float64))
"""
"""Twice; before the second time, one is late."""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra `jax`")
def test_a_worker_that_is_late_is_not_given_up() -> None:
    """As one that writes a checkpoint; one that is cut off: tests/integration/test_workers.py."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    given = {"KERAS_BACKEND": "jax", "JAX_COORDINATOR_BIND_ADDRESS": address}
    given |= {ADDRESSES: address, COUNT: "2"}
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", EXCHANGE],
            env=environment(**given, **{NUMBER: str(rank)}),
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert [output.split()[-1] for output in outputs] == ["1.5", "1.5"]
