"""Processes of a process end with it, even if it is killed."""

import subprocess
import sys
import time

import psutil
import pytest
from limits import PATIENCE

PARENT = """
import multiprocessing, sys, time
from denoising_pipeline.core.processes import end_children_with_this

end_children_with_this()
context = multiprocessing.get_context("fork")
manager = context.Manager()
worker = context.Process(target=time.sleep, args=(9999,))
worker.start()
print(manager._process.pid, worker.pid, flush=True)
time.sleep(9999)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells processes that it is gone")
def test_fault_p06_processes_of_one_that_is_killed_end_too() -> None:
    """As the manager and the workers of ParallelRunner, which would wait for work for ever."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        children = [psutil.Process(int(each)) for each in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.kill()
    deadline = time.monotonic() + PATIENCE
    while any(map(_lives, children)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
