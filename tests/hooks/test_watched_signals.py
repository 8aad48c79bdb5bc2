"""A signal ends what it reaches, wherever Python is just then."""

import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from limits import PATIENCE

from denoising_pipeline.hooks.signals import SOON, Signals, mind_interrupts, minds_signals


class Thing:
    """Somebody waits for it to go."""


def _in_a_callback(number: int) -> None:
    """Have a signal where Python lets nothing be raised."""
    thing = Thing()
    gone = weakref.ref(thing, lambda _: os.kill(os.getpid(), number))
    del thing
    assert gone() is None


def _beside_a_library(number: int) -> None:
    """Have a signal where whatever is raised is caught, as Keras does in places."""
    with suppress(BaseException):
        os.kill(os.getpid(), number)
        time.sleep(PATIENCE)


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Watched, as by a run whose nodes are in this thread; not even Ctrl-C was ignored before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watched = Signals(lambda: None)
    watched.watch(elsewhere=False)
    yield watched
    watched.release()
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)]
)
@pytest.mark.parametrize("swallows", [_in_a_callback, _beside_a_library])
def test_fault_p05_a_signal_that_came_to_nothing_comes_again(
    number: signal.Signals, raised: type[BaseException], swallows: Callable[[int], None]
) -> None:
    @minds_signals
    def run() -> None:
        swallows(number)
        time.sleep(PATIENCE)

    with pytest.raises(raised) as caught:
        run()
    assert getattr(caught.value, "code", None) == (128 + number if raised is SystemExit else None)


@pytest.mark.usefixtures("signals")
def test_fault_p05_a_signal_that_ended_what_it_was_for_comes_once() -> None:
    @minds_signals
    def run() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with suppress(KeyboardInterrupt):
        run()
    time.sleep(3 * SOON)


@pytest.mark.usefixtures("signals")
def test_fault_p05_a_signal_that_ended_one_run_is_none_for_the_next() -> None:
    """Whoever keeps what was raised, such as a notebook, may let it go there."""

    @minds_signals
    def first() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        first()
    kept = [caught.value]
    del caught

    @minds_signals
    def second() -> None:
        kept.clear()
        gc.collect()
        time.sleep(3 * SOON)

    second()


def test_what_else_is_ignored_is_said_as_ever(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    said = []
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: said.append(ignored.exc_value))
    request.getfixturevalue("signals")

    def failing(_: object) -> None:
        raise ValueError

    thing = Thing()
    gone = weakref.ref(thing, failing)
    del thing
    assert gone() is None
    assert [type(error) for error in said] == [ValueError]


def test_fault_p05_ctrl_c_ten_times_interrupts_no_end_of_a_process() -> None:
    """Neither before a run is watched, nor what Python does at exit."""
    program = """
import atexit, os, signal, time
from denoising_pipeline.hooks.signals import mind_interrupts

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it was ignored before
mind_interrupts()

def press():
    for _ in range(5):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

@atexit.register
def end():
    press()
    print("whole")

try:
    press()
    print("not interrupted")
except KeyboardInterrupt:
    press()
    print("once")
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.stdout.split(), done.stderr, done.returncode) == (["once", "whole"], "", 0)


def test_ctrl_c_that_was_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    mind_interrupts()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGINT, before)
