"""A signal ends what it reaches, wherever Python is just then."""

import os
import signal
import sys
import time
import weakref
from collections.abc import Iterator

import pytest
from limits import PATIENCE

from denoising_pipeline.hooks.signals import Signals


class Thing:
    """Somebody waits for it to go."""


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Watched, as by a run whose nodes are in this thread; not even Ctrl-C was ignored before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watched = Signals(lambda: None)
    watched.watch(elsewhere=False)
    yield watched
    watched.release()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)]
)
def test_fault_p05_a_signal_in_a_callback_that_may_not_raise_is_not_lost(
    signals: Signals, number: signal.Signals, raised: type[BaseException]
) -> None:
    def signalled(_: object) -> None:
        os.kill(os.getpid(), number)

    thing = Thing()
    gone = weakref.ref(thing, signalled)
    with pytest.raises(raised) as caught:
        del thing
        time.sleep(PATIENCE)
    assert gone() is None
    assert getattr(caught.value, "code", None) == (128 + number if raised is SystemExit else None)


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
